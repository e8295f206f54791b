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

TRIES = 3  # in a row that lead nowhere; a harvest takes hours, in which a connection may be reset
READ = "read"  # all papers are stored, their days not yet derived
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
    done, result = began.done, Backfilled()
    if began.position != READ:
        place = _Place.read(began.position)
        harvest = _Harvest(fetcher, first, until, subjects, job, place, done, result)
        async with noted(fetcher, Source.OAI):
            await harvest.run()
        done = harvest.done
    await derive(fetcher.engine, fetcher.report)
    async with fetcher.engine.begin() as conn:
        await progress.keep(conn, job, Progress(END, done), fetcher.clock())
    log.info("backfill done", papers=done, new=result.papers.new, requests=result.requests)
    return result


@dataclass
class _Harvest:
    fetcher: Fetcher
    first: date
    until: date
    subjects: Subjects
    job: str
    place: _Place
    done: int
    result: Backfilled
    tries: int = 0
    begin: float = field(init=False)  # which part of it all was done before

    async def run(self) -> None:
        """Read all pages from a place on."""
        self.begin = self._part()
        while not await self._read_on():
            log.warning("asking again", day=str(self.place.day))

    async def _read_on(self) -> bool:
        """Whether all was read. Raises what went wrong once too often, or is not to be repeated."""
        try:
            async for page in self._pages():
                await self._store(page)
        except RateLimited:
            raise
        except SourceUnavailable as error:
            self.tries += 1
            if self.tries >= TRIES:
                raise
            if isinstance(error, TokenExpired):
                self.place = replace(self.place, token="")
            return False
        return True

    def _pages(self) -> AsyncIterator[Page]:
        return oai.pages(
            self.fetcher.polite,
            self.fetcher.settings.arxiv_oai_url,
            from_day=self.place.day,
            until_day=self.until,
            set_spec=self.subjects.oai_set(),
            token=self.place.token or None,
        )

    async def _store(self, page: Page) -> None:
        """One transaction: a page's papers, and where the next page is."""
        papers = [r.paper for r in page.records if not r.deleted and self._wants(r.paper)]
        day = max([self.place.day, *(record.datestamp for record in page.records)])
        after = _Place(day, page.token or "")
        rendered, now = await render_all(papers), self.fetcher.clock()
        async with self.fetcher.engine.begin() as conn:
            stored = await intake.store_papers(conn, papers, rendered, detailed_at=now)
            position = str(after) if page.token else READ
            done = Progress(position, self.done + len(papers))
            await progress.keep(conn, self.job, done, now)
        if self.place.token or day > self.place.day:  # not the same page once more
            self.tries = 0
        self.place, self.done = after, done.done
        self.result.papers += stored
        self.result.requests += 1
        self._report(page)

    def _wants(self, paper: Paper) -> bool:
        return any(subject in self.subjects for subject in paper.subjects)

    def _report(self, page: Page) -> None:
        """Papers and requests, of as many as it will be if it goes on like this."""
        if page.unread:
            log.warning("records make no sense", count=len(page.unread), records=page.unread[:5])
        part = self._part()
        requests = self.result.requests
        left = requests * (1 - part) / (part - self.begin) if part > self.begin else None
        papers = page.complete_size or (0 if left is None else round(self.done / part))
        self.fetcher.report("papers", self.done, papers)
        self.fetcher.report("requests", requests, 0 if left is None else requests + round(left))

    def _part(self) -> float:
        """How much is done, by days: arXiv stopped telling how many papers a list has."""
        return (self.place.day - self.first) / (self.until - self.first + timedelta(days=1))
