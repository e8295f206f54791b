"""One embedded server for the session; each test finds the newest tables, and finds them empty."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from app.sources import polite
from app.store.engine import open_engine
from app.store.migrate import upgrade
from app.store.postgres import embedded
from tests.fetch import Fetching, fetching_with

_EMPTY = """
DO $$ BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    );
END $$
"""


@pytest.fixture(scope="session")
async def server_url() -> AsyncIterator[URL]:
    """The session's server: a database migrated to the newest tables."""
    with tempfile.TemporaryDirectory() as folder:
        async with embedded(Path(folder)) as url:
            await _prepare(url)
            yield url


async def _prepare(url: URL) -> None:
    careless = open_engine(url, pool_size=1)
    async with careless.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # No test pulls the plug on this server, and truncating is four times as fast.
        await connection.execute(text("ALTER SYSTEM SET fsync = off"))
        await connection.execute(text("SELECT pg_reload_conf()"))
    await careless.dispose()
    await upgrade(url)


@pytest.fixture(scope="session")
async def _pool(server_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(server_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(_pool: AsyncEngine) -> AsyncEngine:
    """Connections to the session's database, whose tables are empty now."""
    async with _pool.begin() as connection:
        await connection.execute(text(_EMPTY))
    return _pool


@pytest.fixture
def database_url(server_url: URL, engine: AsyncEngine) -> str:
    """The same database, for FRESHPRINT_DATABASE_URL of a subprocess."""
    return server_url.render_as_string(hide_password=False)


@pytest.fixture
def fetching(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Fetching:
    """Fetchers for local arXivs, on the session's database, that wait for nobody."""
    monkeypatch.setattr(polite, "HOLD", 0.0)
    return fetching_with(engine)
