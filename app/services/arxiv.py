"""The fetcher: what every fetch works with, put together once for a process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.settings import Settings
from app.sources.hosts import hosts_of
from app.sources.polite import Pace, Polite, make_http
from app.store.pace import CRAWL, ArxivPace

Report = Callable[[str, int, int], None]


def unreported(step: str, done: int, total: int) -> None:
    """For who shows no progress."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """What a fetch works with. `report(step, done, total)` hears of progress; total 0: unknown.

    `crawl` is the slower pace of reading arXiv's pages in the background, taken beside each
    request's own turn.
    """

    engine: AsyncEngine
    polite: Polite
    crawl: Pace
    settings: Settings
    clock: Clock
    report: Report = unreported


@asynccontextmanager
async def fetcher(
    engine: AsyncEngine, settings: Settings, clock: Clock, report: Report = unreported
) -> AsyncIterator[Fetcher]:
    """A Fetcher whose client is closed at the end; its requests are paced through Postgres."""
    async with make_http() as http:
        polite = Polite(
            http,
            ArxivPace(engine, settings.arxiv_spacing),
            user_agent=settings.user_agent,
            hosts=hosts_of(
                settings.arxiv_feeds_url,
                settings.arxiv_oai_url,
                settings.arxiv_api_url,
                settings.arxiv_url,
            ),
        )
        crawl = ArxivPace(engine, settings.arxiv_crawl_spacing, key=CRAWL)
        yield Fetcher(engine, polite, crawl, settings, clock, report)
