"""Papers of old by OAI-PMH: all whose last change is dated in some days, and their derived days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog

from app.domain.paper import Paper
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.errors import BadInput, RateLimited, SourceUnavailable, TokenExpired
from app.services.arxiv import Fetcher
from app.services.history import derive
from app.services.noted import noted
from app.services.render import render_all
from app.sources import oai
from app.sources.oai import Page
from app.store import intake, progress
from app.store.intake import Stored
from app.store.progress import Progress

log = structlog.get_logger(__name__)

TRIES = 3  # in a row without a page; a harvest takes hours, in which a connection may be reset
END = "end"


@dataclass
class Backfilled:
    """What a backfill did this time; `done`: there was nothing left to do."""

    papers: Stored = field(default_factory=Stored)
    requests: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to ask on: the last datestamp seen, and the token for what follows, while it lasts.
    arXiv lists by datestamp, so that nothing lies behind when the list is begun again there."""

    day: date
    token: str = ""

    @classmethod
    def read(cls, position: str) -> _Place:
        day, _, token = position.partition(" ")
        return cls(date.fromisoformat(day), token)

    def __str__(self) -> str:
        return f"{self.day} {self.token}".strip()


async def backfill(fetcher: Fetcher, first: date, until: date, subjects: Subjects) -> Backfilled:
    """Store every paper of these categories whose datestamp lies in these days, both included, and
    derive the days they were announced on.

    Killed at any instant, or given up since arXiv doesn't answer (SourceUnavailable), it is taken
    up at the page where it was.
    """
    if first > until:
        raise BadInput(f"{first} comes after {until}")
    job = f"backfill {first} {until} {subjects}"
    async with fetcher.engine.connect() as conn:
        began = await progress.of(conn, job) or Progress(str(_Place(first)), 0)
    if began.position == END:
        return Backfilled(done=True)
    harvest = _Harvest(fetcher, first, until, subjects, job, began.done)
    async with noted(fetcher, Source.OAI):
        await harvest.run(_Place.read(began.position))
    await derive(fetcher.engine, fetcher.report)
    async with fetcher.engine.begin() as conn:
        await progress.keep(conn, job, Progress(END, harvest.done), fetcher.clock())
    result = harvest.result
    log.info("backfill done", papers=harvest.done, new=result.papers.new, requests=result.requests)
    return result


@dataclass
class _Harvest:
    fetcher: Fetcher
    first: date
    until: date
    subjects: Subjects
    job: str
    done: int
    result: Backfilled = field(default_factory=Backfilled)
    begin: float = 0.0  # which part of it all was done before

    async def run(self, place: _Place) -> None:
        """Read all pages from a place on."""
        tries, self.begin = 0, self._part(place)
        while True:
            try:
                async for page in self._pages(place):
                    place, tries = await self._store(place, page), 0
            except RateLimited:
                raise
            except SourceUnavailable as error:
                tries += 1
                if tries >= TRIES:
                    raise
                log.warning("asking again", place=str(place.day), reason=str(error))
                if isinstance(error, TokenExpired):
                    place = replace(place, token="")
            else:
                return

    def _pages(self, place: _Place) -> AsyncIterator[Page]:
        return oai.pages(
            self.fetcher.polite,
            self.fetcher.settings.arxiv_oai_url,
            from_day=place.day,
            until_day=self.until,
            set_spec=self.subjects.oai_set(),
            token=place.token or None,
        )

    async def _store(self, place: _Place, page: Page) -> _Place:
        """One transaction: a page's papers, and where the next page is."""
        papers = [r.paper for r in page.records if not r.deleted and self._wants(r.paper)]
        days = [record.datestamp for record in page.records]
        after = _Place(max([place.day, *days]), page.token or "")
        rendered, now = await render_all(papers), self.fetcher.clock()
        self.done += len(papers)
        self.result.requests += 1
        async with self.fetcher.engine.begin() as conn:
            self.result.papers += await intake.store_papers(conn, papers, rendered, detailed_at=now)
            await progress.keep(conn, self.job, Progress(str(after), self.done), now)
        self._report(after, page)
        return after

    def _wants(self, paper: Paper) -> bool:
        return any(subject in self.subjects for subject in paper.subjects)

    def _report(self, place: _Place, page: Page) -> None:
        """Papers and requests, of as many as it will be if it goes on like this."""
        if page.unread:
            log.warning("records make no sense", count=len(page.unread), records=page.unread[:5])
        part = self._part(place)
        requests = self.result.requests
        left = requests * (1 - part) / (part - self.begin) if part > self.begin else None
        papers = page.complete_size or (0 if left is None else round(self.done / part))
        self.fetcher.report("papers", self.done, papers)
        self.fetcher.report("requests", requests, 0 if left is None else requests + round(left))

    def _part(self, place: _Place) -> float:
        """How much is done, by days: arXiv stopped telling how many papers a list has."""
        return (place.day - self.first) / (self.until - self.first + timedelta(days=1))
