"""Reading arXiv's feeds of one day, in two rounds, into each category's listing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

import structlog

from app.domain.announce import Listings, Seen, groups_to_ask, halves, listings, settle
from app.domain.arxiv_id import ArxivId
from app.domain.paper import Kind
from app.domain.subjects import Subjects
from app.errors import BrokenAnswer
from app.services.arxiv import Fetcher
from app.sources import feeds
from app.sources.feeds import Feed
from app.sources.polite import Validators
from app.store import intake, sources
from app.store.sources import Validated

log = structlog.get_logger(__name__)

FEW = 3  # up to so many categories, one feed each needs no second round


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the feeds of a day held. `changed` is False when they are as they were last kept: then
    only the day is known. `unread` names what could not be understood or placed."""

    day: date
    changed: bool = True
    result: Listings = field(default_factory=Listings)
    announced_before: frozenset[ArxivId] = frozenset()
    unread: tuple[str, ...] = ()
    validated: Validated | None = None

    @property
    def new(self) -> frozenset[ArxivId]:
        """The papers that some category lists as new."""
        kinds = self.result.kinds.items()
        return frozenset(paper_id for paper_id, k in kinds if Kind.NEW in k.values())


async def gather(fetcher: Fetcher, subjects: Subjects) -> Gathered:
    """Read the feeds of these categories (see domain.announce for how few requests do)."""
    reader = _Reader(fetcher)
    if len(subjects) <= FEW:
        return await reader.alone(subjects)
    url = feeds.feed_url(fetcher.settings.arxiv_feeds_url, subjects)
    async with fetcher.engine.connect() as conn:
        known = await sources.validated(conn, url)
    feed = await reader.ask(subjects, known)
    if feed is None:
        assert known is not None
        return Gathered(known.day, changed=False)
    validated = None if feed.is_cut else reader.validated
    first = await reader.uncut(subjects, feed)
    before = await reader.announced_before(first)
    result = listings(first, before)
    groups = groups_to_ask(result)
    fetcher.report("feeds", reader.asked, reader.asked + len(groups))
    answers = [seen for group in groups for seen in await reader.whole(group)]
    return replace(reader.gathered(settle(result, answers), before), validated=validated)


class _Reader:
    """Reads feeds of one day, and notices when arXiv turns to the next in the middle."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._base = fetcher.settings.arxiv_feeds_url
        self._day: date | None = None
        self._unread: set[str] = set()
        self.validated: Validated | None = None  # of the feed asked last
        self.asked = 0

    async def alone(self, subjects: Subjects) -> Gathered:
        """Each category's own feed."""
        feeds = [s for name in subjects for s in await self.whole(Subjects.of([name]))]
        return self.gathered(listings(feeds), await self.announced_before(feeds))

    async def whole(self, subjects: Subjects) -> list[Seen]:
        """Feeds that together hold all of `subjects`, none of them cut."""
        feed = await self.ask(subjects, None)
        if feed is None:
            raise BrokenAnswer("not modified, though nothing was said of an earlier answer")
        return await self.uncut(subjects, feed)

    async def uncut(self, subjects: Subjects, feed: Feed) -> list[Seen]:
        """A feed, or those of its parts where arXiv cut it."""
        if feed.is_cut and len(subjects) == 1:
            self._unread.add(f"{subjects}: cut at {len(feed.items)} items")
        if not feed.is_cut or len(subjects) == 1:
            return [Seen(subjects, feed.items)]
        return [seen for half in halves(subjects) for seen in await self.whole(half)]

    async def announced_before(self, seen: Iterable[Seen]) -> frozenset[ArxivId]:
        """The papers of these feeds that were announced on an earlier day already."""
        assert self._day is not None
        ids = {item.paper.id for one in seen for item in one.items}
        async with self._fetcher.engine.connect() as conn:
            return await intake.announced_before(conn, ids, self._day)

    def gathered(self, result: Listings, before: frozenset[ArxivId]) -> Gathered:
        """All that was read."""
        assert self._day is not None
        unread = (*sorted(self._unread), *sorted(map(str, result.unplaced)))
        if unread:
            log.warning("items of the feed make no sense", count=len(unread), items=unread[:5])
        return Gathered(self._day, result=result, announced_before=before, unread=unread)

    async def ask(self, subjects: Subjects, known: Validated | None) -> Feed | None:
        """One feed; None when it is still the one that `known` stands for."""
        before = Validators(known.etag, known.last_modified) if known else None
        answer = await feeds.fetch(self._fetcher.polite, self._base, subjects, before)
        self.asked += 1
        self._fetcher.report("feeds", self.asked, 0)
        if answer is None:
            return None
        feed, after = answer
        self._notice_day(feed.day)
        self._unread.update(feed.unread)
        url = feeds.feed_url(self._base, subjects)
        self.validated = Validated(url, after.etag, after.last_modified, feed.day)
        return feed

    def _notice_day(self, day: date) -> None:
        if self._day is not None and day != self._day:
            raise BrokenAnswer(f"the feed turned from {self._day} to {day} while it was read")
        self._day = day
