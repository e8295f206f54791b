"""How far a long job is: kept in the transaction that stores what it did, so never ahead of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import tables


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job goes on (a line, a day, a resumption token: the job's own words), and how many
    papers are done."""

    position: str
    done: int


async def of(conn: AsyncConnection, job: str) -> Progress | None:
    """How far a job is; None when it never began."""
    p = tables.progress
    row = (await conn.execute(select(p.c.position, p.c.done).where(p.c.job == job))).one_or_none()
    return Progress(*row) if row else None


async def keep(conn: AsyncConnection, job: str, progress: Progress, at: datetime) -> None:
    """Note how far a job is."""
    values = {"position": progress.position, "done": progress.done, "updated_at": at}
    await conn.execute(
        insert(tables.progress)
        .values(job=job, **values)
        .on_conflict_do_update(index_elements=[tables.progress.c.job], set_=values)
    )


async def forget(conn: AsyncConnection, job: str) -> None:
    """Let a job begin anew."""
    await conn.execute(tables.progress.delete().where(tables.progress.c.job == job))
