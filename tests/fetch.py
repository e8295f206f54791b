"""A fetcher pointed at a local arXiv, and what was stored by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.paper import Kind
from app.domain.subjects import Subjects
from app.services import arxiv
from app.services.arxiv import Fetcher
from app.settings import Settings
from app.store import tables
from tests.local_arxiv.local import LocalArxiv
from tests.local_arxiv.names import feed_names

Fetching = Callable[[LocalArxiv], AbstractAsyncContextManager[Fetcher]]

ALL = Subjects.everything()


def fetching_with(engine: AsyncEngine) -> Fetching:
    """Makes fetchers for local arXivs: with their clock, at no spacing."""

    @asynccontextmanager
    async def fetching(local: LocalArxiv) -> AsyncIterator[Fetcher]:
        settings = Settings(
            arxiv_feeds_url=local.url,
            arxiv_oai_url=f"{local.url}/oai",
            arxiv_api_url=f"{local.url}/api/query",
            arxiv_url=local.url,
            arxiv_spacing=0,
            arxiv_crawl_spacing=0,
        )
        async with arxiv.fetcher(engine, settings, lambda: local.now) as fetcher:
            yield fetcher

    return fetching


async def listing(engine: AsyncEngine, subject: str, day: date) -> dict[str, str]:
    """A category's listing as stored: id → kind in arXiv's word."""
    a = tables.announcement
    async with engine.connect() as conn:
        found = await conn.execute(
            select(a.c.paper_id, a.c.kind).where(a.c.subject == subject, a.c.day == day)
        )
        return {row.paper_id: Kind(row.kind).label for row in found}


def told(local: LocalArxiv, subject: str, day: date) -> dict[str, str]:
    """The same as it was announced, replacements of high versions included."""
    _, categories = feed_names(subject)
    lines = local.site.world.listing(day, categories)
    return {line.paper.record.id: line.kind for line in lines}


async def everything(engine: AsyncEngine) -> dict[str, list[tuple[Any, ...]]]:
    """All that is stored of papers and days, but for when it was looked at: to compare ends."""
    looked = {"seen_at", "checked_at", "detailed_at"}
    wanted = (tables.paper, tables.version, tables.announcement, tables.day)
    result = {}
    async with engine.connect() as conn:
        for table in wanted:
            columns = [c for c in table.columns if c.name not in looked]
            found = await conn.execute(select(*columns).order_by(*table.primary_key))
            result[table.name] = [tuple(map(str, row)) for row in found]
    return result
