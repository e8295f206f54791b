"""What a command left behind: all that is stored, but for when it was looked at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.store import tables

Ended = dict[str, list[str]]

# Of times at which something was looked at or written only whether there is one is compared. Not
# at all: `pace`, which counts requests, of which a killed run makes more, and `source`, which is
# nothing but such times; that no source is failing is asked instead.
_LOOKED = {
    tables.paper.c.detailed_at,
    *(tables.day.c.seen_at, tables.day.c.listed_at, tables.day.c.checked_at),
    *(tables.validator.c.seen_at, tables.progress.c.updated_at),
}
_COMPARED = (
    *(tables.paper, tables.version, tables.announcement, tables.day),
    *(tables.validator, tables.progress),
)

_FAILING = text("SELECT name, failure FROM source WHERE failing_since IS NOT NULL")
_JOBS = text(
    "SELECT id, task_name, status FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
)


async def ended(engine: AsyncEngine) -> Ended:
    """Rows as text: of the tables, of jobs that nobody finished, of sources that are failing."""
    async with engine.connect() as conn:
        rows: dict[str, Any] = {
            table.name: (await conn.execute(_compared(table))).all() for table in _COMPARED
        }
        rows["job left"] = await jobs_left(conn)
        rows["failing"] = (await conn.execute(_FAILING)).all()
    return {name: [str(tuple(row)) for row in found] for name, found in rows.items()}


async def jobs_left(conn: AsyncConnection) -> list[Row[Any]]:
    """Jobs that wait, or that somebody has begun."""
    return list((await conn.execute(_JOBS)).all())


def _compared(table: Table) -> Select[Any]:
    columns = (c.is_not(None).label(c.name) if c in _LOOKED else c for c in table.columns)
    return select(*columns).order_by(*table.primary_key)
