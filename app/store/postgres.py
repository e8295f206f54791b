"""The database the program uses: the server that the settings name, or the embedded one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import psycopg
import structlog
from sqlalchemy.engine import URL

from app.errors import DatabaseTrouble
from app.store.embedded import Server
from app.store.engine import conninfo, sqlalchemy_url
from app.store.programs import OLDEST
from app.store.unbroken import unbroken

_log = structlog.get_logger(__name__)


class Where(Protocol):
    """What is asked of the settings."""

    @property
    def database_url(self) -> str: ...
    @property
    def data_dir(self) -> Path: ...


@asynccontextmanager
async def database(settings: Where) -> AsyncIterator[URL]:
    """The URL of a database that answers, for as long as the block lasts.

    Raises Misconfigured when the setting is no Postgres URL, DatabaseTrouble when there is no
    usable server.
    """
    if not settings.database_url:
        async with embedded(settings.data_dir) as url:
            yield url
        return
    url = sqlalchemy_url(settings.database_url)
    await asyncio.to_thread(_check, url)
    yield url


@asynccontextmanager
async def embedded(data_dir: Path, folders: Sequence[Path] | None = None) -> AsyncIterator[URL]:
    """The embedded server of `data_dir`, started if need be and kept up while anybody uses it.

    `folders`: where to look for Postgres' programs, instead of the known places.
    """
    server = Server(data_dir, folders)
    try:
        await unbroken(asyncio.to_thread(server.enter))
        watch = asyncio.create_task(_watch(server))
        try:
            yield server.url
        finally:
            watch.cancel()
            await asyncio.wait([watch])
    finally:
        await unbroken(asyncio.to_thread(server.leave))


async def _watch(server: Server) -> None:
    """Start the server again when it dies."""
    while True:
        await asyncio.sleep(0.5)
        try:
            if not server.runs():
                _log.warning("the database server died; starting it again")
                await unbroken(asyncio.to_thread(server.ensure))
            server.trim_log()
        except (DatabaseTrouble, OSError) as error:
            _log.error("the database server can't be kept up", error=str(error))
            await asyncio.sleep(2)


def _check(url: URL) -> None:
    try:
        with psycopg.connect(conninfo(url), connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        raise DatabaseTrouble(f"the database does not answer: {error}".strip()) from None
    if version < OLDEST * 10_000:
        raise DatabaseTrouble(
            f"the database server is Postgres {version // 10_000}; {OLDEST} or newer is needed"
        )
