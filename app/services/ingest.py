"""Ingest of today: feeds → listings and papers, OAI-PMH → what the feeds leave out, and a verdict.

Gather, decide, store: requests first, then batches of one transaction each. Killed at any point,
it is run again and ends the same; what makes the next run ask less is kept last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from app.domain.calendar import State, listing_day, previous_listing_day
from app.domain.paper import Announcement, Kind
from app.domain.reconcile import Record, is_stale, told_lines, verdicts
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.errors import BrokenAnswer, SourceUnavailable
from app.services import batches
from app.services.arxiv import Fetcher
from app.services.gather import Gathered, gather
from app.services.harvest import harvest
from app.services.heal import announced_days, heal, open_days
from app.services.noted import noted
from app.sources.feeds import LAST_VERSION
from app.store import intake, looks, sources
from app.store.intake import Stored

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an ingest found: the feeds' day, papers stored, the feeds' lines by kind, category
    states, and the past days that are not whole yet."""

    day: date
    papers: Stored
    lines: dict[Kind, int]
    states: dict[State, int]
    open: tuple[date, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether every category is whole, or was not announced."""
        return bool(self.states) and all(state.settled for state in self.states)


async def ingest(fetcher: Fetcher, subjects: Subjects) -> Outcome:
    """Fetch the day that arXiv's feeds hold now for these categories, and check it.

    Raises SourceUnavailable when arXiv gives no usable answer; what was stored until then stays.
    """
    async with noted(fetcher, Source.FEEDS):
        gathered = await gather(fetcher, subjects)
    since = await _since(fetcher, subjects, gathered.day)
    records, silence = await _harvest(fetcher, subjects, since)
    await _refuse_stale(fetcher, subjects, gathered, records, silence)
    papers = await _store_feed(fetcher, subjects, gathered)
    if silence is not None:
        raise silence
    papers += await _store_details(fetcher, records)
    await _store_left_out(fetcher, subjects, gathered.day, records)
    states = await _settle(fetcher, subjects, gathered, records)
    past = await open_days(fetcher, subjects, listing_day(fetcher.clock()))
    left = await heal(fetcher, subjects, past, records)
    outcome = Outcome(gathered.day, papers, _by_kind(_lines(gathered)), states, tuple(left))
    log.info(
        "day read",
        day=str(outcome.day),
        new=papers.new,
        revised=papers.revised,
        lines={kind.label: n for kind, n in outcome.lines.items()},
        states={state.value: n for state, n in states.items()},
    )
    return outcome


async def _since(fetcher: Fetcher, subjects: Subjects, day: date) -> date:
    """The datestamp to harvest from: the last day that was harvested, the listing day before, or
    the first day that is still open.

    A day's datestamp is complete only when the day is over, so the last one is read once more.
    """
    past = await open_days(fetcher, subjects, day)
    async with fetcher.engine.connect() as conn:
        last = await sources.harvested_until(conn, subjects)
    return min(last or day, previous_listing_day(day), *past)


async def _harvest(
    fetcher: Fetcher, subjects: Subjects, since: date
) -> tuple[list[Record], SourceUnavailable | None]:
    """What OAI-PMH tells, or why it doesn't: what the feeds brought is shown all the same."""
    try:
        async with noted(fetcher, Source.OAI):
            return await harvest(fetcher, subjects, since), None
    except SourceUnavailable as silence:
        return [], silence


async def _refuse_stale(
    fetcher: Fetcher,
    subjects: Subjects,
    gathered: Gathered,
    records: Sequence[Record],
    silence: SourceUnavailable | None,
) -> None:
    """Yesterday's papers under today's date are told by what was announced before, here or by
    OAI-PMH's datestamps. With neither to compare with, nothing says which day a feed is of."""
    if gathered.changed and silence is not None:
        async with fetcher.engine.connect() as conn:
            before = await looks.days_with_papers(
                conn, subjects, previous_listing_day(gathered.day), until=gathered.day
            )
        if not before:
            raise silence
    held = gathered.result.papers.keys()
    if is_stale(gathered.day, held, gathered.new, gathered.announced_before, records):
        raise BrokenAnswer(f"the feed dated {gathered.day} holds what was announced before")


async def _store_feed(fetcher: Fetcher, subjects: Subjects, gathered: Gathered) -> Stored:
    """The papers, then in one transaction the lines that the feeds add to the day's listings."""
    if not gathered.changed:
        return Stored()
    stored = await batches.store(fetcher, list(gathered.result.papers.values()), step="papers")
    lines = _lines(gathered)
    seen = dict.fromkeys(subjects.names, 0) | Counter(line.subject for line in lines)
    async with fetcher.engine.begin() as conn:
        await intake.announce(conn, lines)
        await looks.mark_seen(conn, gathered.day, seen, fetcher.clock())
    return stored


def _lines(gathered: Gathered) -> list[Announcement]:
    return list(gathered.result.announcements(gathered.day))


def _by_kind(lines: Sequence[Announcement]) -> dict[Kind, int]:
    counts = Counter(line.kind for line in lines)
    return {kind: counts[kind] for kind in Kind if counts[kind]}


async def _store_details(fetcher: Fetcher, records: Sequence[Record]) -> Stored:
    """What OAI-PMH tells of the papers we have: the rest of arXiv's changes is not ours."""
    papers = [record.paper for record in records if not record.deleted]
    async with fetcher.engine.connect() as conn:
        ours = await intake.stored_ids(conn, [paper.id for paper in papers])
    papers = [paper for paper in papers if paper.id in ours]
    return await batches.store(fetcher, papers, step="details", detailed_at=fetcher.clock())


async def _settle(
    fetcher: Fetcher, subjects: Subjects, gathered: Gathered, records: Sequence[Record]
) -> dict[State, int]:
    """Judge the day, and keep what makes the next look ask less.

    A feed that is read when its day is over may have been cut short, and by then OAI-PMH has moved
    papers that changed again on to the next day: list pages judge such a day (see `heal`).
    """
    now = fetcher.clock()
    in_time = gathered.day >= listing_day(now)
    async with fetcher.engine.begin() as conn:
        listed = await intake.listed_ids(conn, subjects, gathered.day)
        judged = verdicts(gathered.day, subjects, listed, records, now, unread=gathered.unread)
        if in_time:
            await looks.mark_checked(conn, gathered.day, judged, Source.OAI, now)
        states = await looks.states(conn, subjects, gathered.day)
        await sources.keep_harvested(conn, subjects, gathered.day, now)
        if gathered.validated and not gathered.unread:
            await sources.keep_validated(conn, gathered.validated, now)
    return Counter(states)


async def _store_left_out(
    fetcher: Fetcher, subjects: Subjects, day: date, records: Sequence[Record]
) -> None:
    """Replacements of so high a version that no feed has them: their papers, and their lines on
    this day, and on earlier ones that are here, when OAI-PMH shows them late."""
    high = [r for r in records if not r.deleted and (r.paper.version or 0) > LAST_VERSION]
    announced = await announced_days(fetcher, subjects, day, records)
    async with fetcher.engine.connect() as conn:
        here = await looks.days_with_papers(conn, subjects, announced[0]) if announced else set()
    replaced = (Kind.REPLACE, Kind.REPLACE_CROSS)
    told = told_lines(high, subjects, announced)
    lines = [line for line in told if line.day in here | {day} and line.kind in replaced]
    wanted = {line.paper_id for line in lines}
    papers = [record.paper for record in high if record.paper.id in wanted]
    await batches.store(fetcher, papers, step="details", detailed_at=fetcher.clock())
    async with fetcher.engine.begin() as conn:
        await intake.announce(conn, lines)
