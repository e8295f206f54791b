"""Reading how the program itself is doing: for the status page, metrics and doctor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.paper import Kind
from app.store import tables
from app.store.pace import ARXIV

ALIVE = timedelta(seconds=60)  # a worker's heart beats every five
_MANY = 50_000  # rows from which on an estimate will do, and counting takes too long


@dataclass(frozen=True, slots=True)
class Newest:
    """The latest announced day, and the newest paper whose time of submission is known."""

    day: date | None
    paper_id: str | None
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Workers:
    """How many workers are alive, and when any of them last gave a sign of it, in UTC."""

    alive: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Count:
    """A number of rows; of a large table it is Postgres' own estimate."""

    n: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """How many papers and lines of listings are stored."""

    papers: Count
    announcements: Count


# Ids are given out in order of submission, and have an index; times don't.
_NEWEST = text("""
    SELECT (SELECT max(day) FROM announcement) AS day, newest.id, newest.submitted_at
    FROM (VALUES (1)) AS one
    LEFT JOIN LATERAL (
        SELECT id, submitted_at FROM paper WHERE submitted_at IS NOT NULL
        ORDER BY ordinal DESC LIMIT 1
    ) AS newest ON true
""")

_ESTIMATED = text("""
    SELECT relname, reltuples::bigint AS rows FROM pg_class
    WHERE oid IN ('paper'::regclass, 'announcement'::regclass)
""")

_WORKERS = text("""
    SELECT count(*) FILTER (WHERE last_heartbeat > clock_timestamp() - :alive) AS alive,
        max(last_heartbeat) AS seen_at
    FROM procrastinate_workers
""")

_JOBS = text("SELECT status::text AS status, count(*) AS n FROM procrastinate_jobs GROUP BY 1")


async def new_papers(conn: AsyncConnection, days: Collection[date]) -> dict[tuple[date, str], int]:
    """How many papers are new on each of `days` in each category; none where there are none.

    A paper is new in one category only, so that these add up. Cross-lists would have to be made
    distinct first, which takes five times as long.
    """
    a = tables.announcement.c
    found = await conn.execute(
        select(a.day, a.subject, func.count().label("papers"))
        .where(a.day.in_(days), a.kind == Kind.NEW)
        .group_by(a.day, a.subject)
    )
    return {(row.day, row.subject): row.papers for row in found}


async def newest(conn: AsyncConnection) -> Newest:
    """What came last."""
    return Newest(*(await conn.execute(_NEWEST)).one())


async def requests(conn: AsyncConnection) -> int:
    """How many requests to arXiv this database knows of, over all processes and all its time."""
    p = tables.pace.c
    return int(await conn.scalar(select(func.sum(p.requests)).where(p.key == ARXIV)) or 0)


async def stored(conn: AsyncConnection) -> Stored:
    """How much there is."""
    rows = {row.relname: row.rows for row in await conn.execute(_ESTIMATED)}
    return Stored(
        await _count(conn, tables.paper, rows), await _count(conn, tables.announcement, rows)
    )


async def _count(conn: AsyncConnection, table: Table, estimated: Mapping[str, int]) -> Count:
    if estimated[table.name] >= _MANY:
        return Count(estimated[table.name], False)
    return Count(await conn.scalar(select(func.count()).select_from(table)) or 0, True)


async def workers(conn: AsyncConnection) -> Workers:
    """Whether anybody works, by the database's clock."""
    return Workers(*(await conn.execute(_WORKERS, {"alive": ALIVE})).one())


async def jobs(conn: AsyncConnection) -> dict[str, int]:
    """How many jobs there are, by their status; those done are not kept."""
    return {row.status: row.n for row in await conn.execute(_JOBS)}


async def database_time(conn: AsyncConnection) -> datetime:
    """What the database server's clock says."""
    time: datetime = (await conn.execute(select(func.clock_timestamp()))).scalar_one()
    return time
