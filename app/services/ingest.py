"""Ingest of today: feeds → listings and papers, OAI-PMH → what the feeds leave out, and a verdict.

Gather, decide, store: requests first, then batches of one transaction each. Killed at any point,
it is run again and ends the same; what makes requests conditional is kept last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.domain.announce import Listings, Seen, groups_to_ask, halves, listings, settle
from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State
from app.domain.paper import Announcement, Kind, Paper
from app.domain.reconcile import Record, Verdict, verdicts
from app.domain.subjects import Subjects
from app.errors import BrokenAnswer
from app.services.render import render_all
from app.settings import Settings
from app.sources import feeds, oai
from app.sources.feeds import Feed
from app.sources.polite import Polite, Validators
from app.store import intake, looks
from app.store.intake import Stored

log = structlog.get_logger(__name__)

BATCH = 500  # papers a transaction: short locks, and little to do again after a kill
FEW = 3  # up to so many categories, one feed each needs no second round

Report = Callable[[str, int, int], None]


def unreported(step: str, done: int, total: int) -> None:
    """For who shows no progress."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What a fetch works with. `report(step, done, total)` hears of progress; total 0: unknown."""

    engine: AsyncEngine
    polite: Polite
    settings: Settings
    clock: Clock
    report: Report = unreported


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an ingest found: the feeds' day, papers stored, listing lines and category states."""

    day: date
    changed: bool  # False: the feed is as it was when it was last read whole
    papers: Stored
    lines: dict[Kind, int]
    states: dict[State, int]

    @property
    def settled(self) -> bool:
        """Whether every category is whole, or was not announced."""
        return bool(self.states) and all(state.settled for state in self.states)


async def ingest(fetcher: Fetcher, subjects: Subjects) -> Outcome:
    """Fetch the day that arXiv's feeds hold now for these categories, and check it.

    Raises SourceUnavailable when arXiv gives no usable answer; what was stored until then stays.
    """
    gathered = await _gather(fetcher, subjects)
    if gathered is None:
        day = await _day_last_read(fetcher, subjects)
        papers, lines = Stored(), {}
    else:
        day = gathered.day
        papers = await _store_papers(fetcher, list(gathered.result.papers.values()))
        lines = await _store_listings(fetcher, subjects, gathered)
    details, judged = await _check(fetcher, subjects, day)
    if gathered is not None:
        await _keep_validators(fetcher, gathered)
    outcome = Outcome(
        day,
        gathered is not None,
        papers + details,
        lines,
        Counter(verdict.state for verdict in judged.values()),
    )
    log.info(
        "day read",
        day=str(day),
        new=papers.new,
        revised=papers.revised + details.revised,
        lines={kind.label: n for kind, n in lines.items()},
        states={state.value: n for state, n in outcome.states.items()},
    )
    return outcome


@dataclass(frozen=True, slots=True)
class _Gathered:
    day: date
    result: Listings
    unread: tuple[str, ...]
    validators: dict[str, Validators]


async def _gather(fetcher: Fetcher, subjects: Subjects) -> _Gathered | None:
    """Read the feeds, in two rounds (see domain.announce); None when nothing changed."""
    reader = _Reader(fetcher)
    if len(subjects) <= FEW:
        return reader.gathered(
            listings([await reader.seen(Subjects.of([name])) for name in subjects])
        )
    first = await reader.first(subjects)
    if first is None:
        return None
    result = listings(first, await reader.announced_before(first))
    groups = groups_to_ask(result)
    fetcher.report("feeds", reader.asked, reader.asked + len(groups))
    answers = [seen for group in groups for seen in await reader.whole(group)]
    return reader.gathered(settle(result, answers))


class _Reader:
    """Reads feeds of one day, and notices when arXiv turns to the next in the middle."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._base = fetcher.settings.arxiv_feeds_url
        self._day: date | None = None
        self._unread: set[str] = set()
        self._validators: dict[str, Validators] = {}
        self.asked = 0

    async def first(self, subjects: Subjects) -> list[Seen] | None:
        """The whole of `subjects`, or None when its feed has not changed since it was last kept."""
        url = feeds.feed_url(self._base, subjects)
        async with self._fetcher.engine.connect() as conn:
            known = (await looks.validators(conn, [url])).get(url)
        answer = await self._ask(subjects, Validators(*known) if known else None)
        if answer is None:
            return None
        feed, validators = answer
        if not feed.is_cut:
            self._validators[url] = validators
        return await self._uncut(subjects, feed)

    async def whole(self, subjects: Subjects) -> list[Seen]:
        """Feeds that together hold all of `subjects`, none of them cut."""
        return await self._uncut(subjects, await self._feed(subjects))

    async def seen(self, subjects: Subjects) -> Seen:
        """One category's feed."""
        return Seen(subjects, (await self._feed(subjects)).items)

    async def announced_before(self, feeds: Sequence[Seen]) -> frozenset[ArxivId]:
        """The papers of these feeds that were announced on an earlier day already."""
        assert self._day is not None
        ids = {item.paper.id for seen in feeds for item in seen.items}
        async with self._fetcher.engine.connect() as conn:
            return await intake.announced_before(conn, ids, self._day)

    def gathered(self, result: Listings) -> _Gathered:
        """All that was read."""
        assert self._day is not None
        for paper_id in result.unplaced:
            log.warning("a paper of the feed has no place in any listing", paper=str(paper_id))
        return _Gathered(self._day, result, tuple(sorted(self._unread)), self._validators)

    async def _uncut(self, subjects: Subjects, feed: Feed) -> list[Seen]:
        if not feed.is_cut or len(subjects) == 1:
            return [Seen(subjects, feed.items)]
        return [seen for half in halves(subjects) for seen in await self.whole(half)]

    async def _feed(self, subjects: Subjects) -> Feed:
        answer = await self._ask(subjects, None)
        if answer is None:
            raise BrokenAnswer("not modified, though nothing was said of an earlier answer")
        return answer[0]

    async def _ask(
        self, subjects: Subjects, validators: Validators | None
    ) -> tuple[Feed, Validators] | None:
        answer = await feeds.fetch(self._fetcher.polite, self._base, subjects, validators)
        self.asked += 1
        self._fetcher.report("feeds", self.asked, 0)
        if answer is not None:
            self._notice_day(answer[0].day)
            self._unread.update(answer[0].unread)
        return answer

    def _notice_day(self, day: date) -> None:
        if self._day is not None and day != self._day:
            raise BrokenAnswer(f"the feed turned from {self._day} to {day} while it was read")
        self._day = day


async def _day_last_read(fetcher: Fetcher, subjects: Subjects) -> date:
    async with fetcher.engine.connect() as conn:
        day = await looks.last_day_seen(conn, subjects)
    assert day is not None, "validators are kept only after a day was stored"
    return day


async def _store_papers(fetcher: Fetcher, papers: Sequence[Paper]) -> Stored:
    stored, done = Stored(), 0
    for batch in _batches(papers):
        stored += await _store_batch(fetcher, batch, detailed_at=None)
        done += len(batch)
        fetcher.report("papers", done, len(papers))
    return stored


async def _store_batch(
    fetcher: Fetcher, batch: Sequence[Paper], detailed_at: datetime | None
) -> Stored:
    rendered = await render_all(batch)
    async with fetcher.engine.begin() as conn:
        return await intake.store_papers(conn, batch, rendered, detailed_at=detailed_at)


async def _store_listings(
    fetcher: Fetcher, subjects: Subjects, gathered: _Gathered
) -> dict[Kind, int]:
    """One transaction: a reader sees a category's listing as the feed had it, or not yet."""
    lines = list(gathered.result.announcements(gathered.day))
    seen = dict.fromkeys(subjects.names, 0) | Counter(line.subject for line in lines)
    async with fetcher.engine.begin() as conn:
        await intake.announce(conn, lines)
        await looks.mark_seen(conn, gathered.day, seen, fetcher.clock())
    return _by_kind(lines)


def _by_kind(lines: Sequence[Announcement]) -> dict[Kind, int]:
    counts = Counter(line.kind for line in lines)
    return {kind: counts[kind] for kind in Kind if counts[kind]}


async def _check(
    fetcher: Fetcher, subjects: Subjects, day: date
) -> tuple[Stored, dict[str, Verdict]]:
    """Read OAI-PMH for the day: store what it tells of our papers, and judge the day by it."""
    stored, records = Stored(), list[Record]()
    pages = oai.pages(
        fetcher.polite,
        fetcher.settings.arxiv_oai_url,
        from_day=day,
        set_spec=subjects.oai_set(),
    )
    async for page in pages:
        records += page.records
        stored += await _store_details(fetcher, [r.paper for r in page.records if not r.deleted])
        fetcher.report("details", len(records), page.complete_size or 0)
    async with fetcher.engine.begin() as conn:
        listed = await intake.listed_ids(conn, subjects, day)
        judged = verdicts(day, subjects, listed, records, fetcher.clock())
        await looks.mark_checked(conn, day, judged, fetcher.clock())
    return stored, judged


async def _store_details(fetcher: Fetcher, papers: Sequence[Paper]) -> Stored:
    """Only papers that a listing brought: the rest of arXiv's changes that day is not ours."""
    async with fetcher.engine.connect() as conn:
        ours = await intake.stored_ids(conn, [paper.id for paper in papers])
    stored = Stored()
    for batch in _batches([paper for paper in papers if paper.id in ours]):
        stored += await _store_batch(fetcher, batch, detailed_at=fetcher.clock())
    return stored


async def _keep_validators(fetcher: Fetcher, gathered: _Gathered) -> None:
    async with fetcher.engine.begin() as conn:
        kept = {url: (v.etag, v.last_modified) for url, v in gathered.validators.items()}
        await looks.keep_validators(conn, kept, fetcher.clock())


def _batches(papers: Sequence[Paper]) -> Iterator[Sequence[Paper]]:
    return (papers[i : i + BATCH] for i in range(0, len(papers), BATCH))
