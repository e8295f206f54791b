"""What every root needs: a database that runs, migrated where this is the one to do it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from app.settings import Settings
from app.store.engine import losses, open_engine
from app.store.migrate import upgrade
from app.store.postgres import database

Root = Callable[[Settings], AbstractAsyncContextManager[tuple[URL, AsyncEngine]]]


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[tuple[URL, AsyncEngine]]:
    """A running database as it is, and a pool of connections to it.

    Raises Unreachable when it goes away meanwhile: the same command takes its work up again.
    """
    async with database(settings) as url:
        engine = open_engine(url)
        try:
            with losses():
                yield url, engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[tuple[URL, AsyncEngine]]:
    """A running database with this release's tables, and a pool of connections to it."""
    async with connected(settings) as (url, engine):
        await upgrade(url)
        yield url, engine
