from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.errors import Misconfigured, Unreachable
from app.store.engine import conninfo, losses, open_engine, sqlalchemy_url


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h:6543/d", "postgresql+psycopg://u@h:6543/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+asyncpg://u@h/d?ssl=require", "postgresql+psycopg://u@h/d?sslmode=require"),
        ("postgresql:///d?host=/run/pg", "postgresql+psycopg:///d?host=%2Frun%2Fpg"),
        ("postgres://u@h/d?sslmode=verify-full", "postgresql+psycopg://u@h/d?sslmode=verify-full"),
    ],
)
def test_every_way_of_writing_it_means_the_same_driver(written: str, expected: str) -> None:
    assert str(sqlalchemy_url(written)) == expected


@pytest.mark.parametrize(
    "written",
    [
        "mysql://u:hunter2@h/d",
        "sqlite:///hunter2",
        "hunter2",
        "",
        "postgresql://u:hunter2@h:port/d",
        "postgresql://u:hunter2@h/d?colour=hunter2",
    ],
)
def test_what_can_not_be_used_is_told_without_the_password(written: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        sqlalchemy_url(written)
    assert "hunter2" not in str(caught.value)


def test_libpq_gets_every_part_of_the_address() -> None:
    url = sqlalchemy_url("postgresql://u:p%40ss@h:6543/d?sslmode=require&host=/a&host=/b")
    assert conninfo_to_dict(conninfo(url)) == {
        "user": "u",
        "password": "p@ss",
        "host": "/a,/b",
        "port": "6543",
        "dbname": "d",
        "sslmode": "require",
    }


async def test_a_connection_is_set_up_for_short_questions(database_url: str) -> None:
    engine = open_engine(database_url + "&options=-c%20work_mem%3D5MB", pool_size=1)
    names = ("timezone", "jit", "statement_timeout", "application_name", "work_mem")
    async with engine.connect() as connection:
        found = [await connection.scalar(text(f"SHOW {name}")) for name in names]
    await engine.dispose()
    assert found == ["UTC", "off", "30s", "freshprint", "5MB"]


async def test_a_connection_that_the_server_dropped_is_replaced(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> :me"),
            {"me": await connection.scalar(text("SELECT pg_backend_pid()"))},
        )
    for _ in range(10):
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_lost_connection_is_no_mistake_of_ours_and_a_wrong_query_is(
    engine: AsyncEngine,
) -> None:
    with pytest.raises(Unreachable, match=r"^the database failed: [^\n]+$"), losses():
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with pytest.raises(DBAPIError), losses():
        async with engine.connect() as conn:
            await conn.execute(text("SELECT 1 / 0"))
