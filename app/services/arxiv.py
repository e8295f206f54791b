"""The fetcher, put together: one polite client for this process, paced through Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.services.ingest import Fetcher, Report, unreported
from app.settings import Settings
from app.sources.polite import Polite, hosts_of, make_http
from app.store.pace import ArxivPace


@asynccontextmanager
async def fetcher(
    engine: AsyncEngine, settings: Settings, clock: Clock, report: Report = unreported
) -> AsyncIterator[Fetcher]:
    """A Fetcher whose client is closed at the end."""
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
        yield Fetcher(engine, polite, settings, clock, report)
