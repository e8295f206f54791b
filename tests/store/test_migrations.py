"""Up, down, up again, and equal to app/store/tables.py; on the newest Postgres and the oldest."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from app.errors import DatabaseTrouble
from app.store import migrate
from app.store.engine import open_engine
from app.store.migrate import head_and_current, run, upgrade
from app.store.postgres import embedded
from app.store.tables import metadata

_OLD = Path("/usr/lib/postgresql/15/bin")
_with_old = pytest.mark.skipif(not _OLD.exists(), reason="no Postgres 15 on this system")
_TYPES_AND_FUNCTIONS = text("""
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
""")
# What Alembic's own comparison doesn't look at, as Postgres spells it.
_DETAILS = text("""
    SELECT conrelid::regclass::text AS place, conname AS name, pg_get_constraintdef(oid) AS what
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT tablename, indexname, regexp_replace(indexdef, ' ON \\w+\\.', ' ON ')
    FROM pg_indexes WHERE schemaname = current_schema()
""")


@pytest.fixture(scope="module", params=["newest", pytest.param("oldest", marks=_with_old)])
async def server(request: pytest.FixtureRequest, server_url: URL) -> AsyncIterator[URL]:
    if request.param == "newest":
        yield server_url
        return
    with tempfile.TemporaryDirectory() as folder:
        async with embedded(Path(folder), [_OLD]) as url:
            yield url


@pytest.fixture
async def fresh(server: URL) -> AsyncIterator[URL]:
    """An empty database of its own."""
    admin = open_engine(server, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text("DROP DATABASE IF EXISTS fresh WITH (FORCE)"))
        await connection.execute(text("CREATE DATABASE fresh"))
        yield server.set(database="fresh")
        await connection.execute(text("DROP DATABASE fresh WITH (FORCE)"))
    await admin.dispose()


async def _current(url: URL) -> tuple[str, str | None]:
    engine = open_engine(url, pool_size=1)
    try:
        return await head_and_current(engine)
    finally:
        await engine.dispose()


async def test_it_goes_up_from_nothing_and_up_again(fresh: URL) -> None:
    head, before = await _current(fresh)
    assert before is None
    await upgrade(fresh)
    assert await _current(fresh) == (head, head)
    await upgrade(fresh)
    assert await _current(fresh) == (head, head)


async def test_the_tables_are_those_that_the_program_knows(fresh: URL) -> None:
    await upgrade(fresh)
    engine = create_engine(fresh, poolclass=NullPool)
    with engine.begin() as connection:
        assert _differences(connection) == []
        migrated = _details(connection)
        connection.execute(text("CREATE SCHEMA other; SET search_path TO other"))
        metadata.create_all(connection)
        assert _details(connection) == migrated


def _differences(connection: Connection) -> list[object]:
    def ours(name: str | None, kind: str, _: object) -> bool:
        return not (kind == "table" and (name or "").startswith("procrastinate_"))

    options = {"include_name": ours, "compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _details(connection: Connection) -> set[tuple[str, ...]]:
    found = {tuple(row) for row in connection.execute(_DETAILS)}
    theirs = ("procrastinate_", "alembic_version")
    return {row for row in found if not row[0].startswith(theirs)}


async def test_going_down_leaves_nothing_and_up_works_again(fresh: URL) -> None:
    await upgrade(fresh)
    await asyncio.to_thread(run, fresh, lambda config: command.downgrade(config, "base"))
    with create_engine(fresh, poolclass=NullPool).connect() as connection:
        left = set(connection.scalars(_TYPES_AND_FUNCTIONS))
    assert left == {"alembic_version", "_alembic_version"}
    await upgrade(fresh)
    head, current = await _current(fresh)
    assert current == head


async def test_each_step_goes_down_by_itself(fresh: URL) -> None:
    await upgrade(fresh)
    for below in ("0003", "0002", "0001", None):
        await asyncio.to_thread(run, fresh, lambda config: command.downgrade(config, "-1"))
        assert (await _current(fresh))[1] == below


async def test_many_at_once_migrate_once(fresh: URL) -> None:
    await asyncio.gather(*(upgrade(fresh) for _ in range(4)))
    head, current = await _current(fresh)
    assert current == head


async def test_a_locked_table_is_not_waited_for_long(
    fresh: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade(fresh)
    monkeypatch.setattr(migrate, "_PAUSE", 0.01)
    blocker = create_engine(fresh, poolclass=NullPool)
    with blocker.begin() as connection:
        connection.execute(text("LOCK TABLE paper"))
        before = time.monotonic()
        with pytest.raises(DatabaseTrouble, match="locked by somebody else"):
            await asyncio.to_thread(
                run, fresh, lambda c: command.downgrade(c, "base"), lock_timeout="50ms"
            )
        assert 0.25 <= time.monotonic() - before < 10
    assert (await _current(fresh))[1] == (await _current(fresh))[0]  # nothing half done


async def test_a_lock_given_up_in_time_is_no_trouble(fresh: URL) -> None:
    await upgrade(fresh)
    blocker = create_engine(fresh, poolclass=NullPool)
    with blocker.begin() as connection:
        connection.execute(text("LOCK TABLE paper"))
        down = asyncio.create_task(
            asyncio.to_thread(
                run, fresh, lambda c: command.downgrade(c, "base"), lock_timeout="50ms"
            )
        )
        await asyncio.sleep(0.3)
        assert not down.done()
    await down
    assert (await _current(fresh))[1] is None


async def test_a_database_of_a_newer_release_is_left_alone(fresh: URL) -> None:
    await upgrade(fresh)
    with create_engine(fresh, poolclass=NullPool).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTrouble, match=r"newer Freshprint .*9999"):
        await upgrade(fresh)
    assert (await _current(fresh))[1] == "9999"
