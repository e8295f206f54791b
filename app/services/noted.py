"""Noting how each source has been answering, where it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.domain.source import Source
from app.errors import SourceUnavailable
from app.services.arxiv import Fetcher
from app.store import sources


@asynccontextmanager
async def noted(fetcher: Fetcher, source: Source) -> AsyncIterator[None]:
    """The block asks a source: its success or its silence is written down, and raised on."""
    try:
        yield
    except SourceUnavailable as error:
        async with fetcher.engine.begin() as conn:
            await sources.failed(conn, source, fetcher.clock(), str(error))
        raise
    async with fetcher.engine.begin() as conn:
        await sources.succeeded(conn, source, fetcher.clock())
