"""What was looked for at arXiv, when, and how it went: day states, sources' health, validators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.calendar import State
from app.domain.reconcile import Verdict
from app.domain.subjects import Subjects
from app.store import tables


@dataclass(frozen=True, slots=True)
class Health:
    """How a source has been doing. All times in UTC; `failure` in words."""

    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    retry_at: datetime | None = None


async def states(conn: AsyncConnection, subjects: Subjects, day: date) -> list[State]:
    """The states that categories have on a day; those never looked for have none."""
    d = tables.day
    found = await conn.execute(
        select(d.c.state).where(d.c.day == day, d.c.subject.in_(subjects.names))
    )
    return [State(row.state) for row in found]


async def mark_seen(
    conn: AsyncConnection, day: date, seen: Mapping[str, int], at: datetime
) -> None:
    """The feed was read: so many papers per category. A settled day with no more stays settled."""
    d = tables.day
    statement = insert(d).values(
        [
            {
                "day": day,
                "subject": s,
                "state": State.PARTIAL.value if n else State.EXPECTED.value,
                "seen": n,
                "seen_at": at,
            }
            for s, n in sorted(seen.items())
        ]
    )
    new = statement.excluded
    same = (d.c.seen >= new.seen) & d.c.state.in_([State.WHOLE.value, State.NONE.value])
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[d.c.subject, d.c.day],
            set_={
                "state": case((same, d.c.state), else_=new.state),
                "seen": func.greatest(d.c.seen, new.seen),
                "seen_at": new.seen_at,
            },
        )
    )


async def mark_checked(
    conn: AsyncConnection, day: date, judged: Mapping[str, Verdict], at: datetime
) -> None:
    """A second source was asked: what follows for each category."""
    d = tables.day
    for subject, verdict in sorted(judged.items()):
        await conn.execute(
            d.update()
            .where(d.c.day == day, d.c.subject == subject)
            .values(state=verdict.state.value, known=verdict.known, checked_at=at)
        )


async def last_day_seen(conn: AsyncConnection, subjects: Subjects) -> date | None:
    """The latest day whose feed was read for any of these categories."""
    d = tables.day
    found = await conn.execute(select(func.max(d.c.day)).where(d.c.subject.in_(subjects.names)))
    day: date | None = found.scalar_one()
    return day


async def health(conn: AsyncConnection, name: str) -> Health:
    """How a source is doing; all None when it was never asked."""
    s = tables.source
    row = (
        await conn.execute(
            select(s.c.succeeded_at, s.c.failing_since, s.c.failure, s.c.retry_at).where(
                s.c.name == name
            )
        )
    ).one_or_none()
    return Health(*row) if row else Health()


async def succeeded(
    conn: AsyncConnection, name: str, at: datetime, retry_at: datetime | None
) -> None:
    """A source answered; `retry_at` when the day is not whole yet."""
    await _note(conn, name, succeeded_at=at, failing_since=None, failure=None, retry_at=retry_at)


async def failed(
    conn: AsyncConnection, name: str, since: datetime, failure: str, retry_at: datetime
) -> None:
    """A source gave no answer; `since` is when that began."""
    await _note(conn, name, failing_since=since, failure=failure[:500], retry_at=retry_at)


async def _note(conn: AsyncConnection, name: str, **values: datetime | str | None) -> None:
    await conn.execute(
        insert(tables.source)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=[tables.source.c.name], set_=values)
    )


async def validators(
    conn: AsyncConnection, urls: Iterable[str]
) -> dict[str, tuple[str | None, str | None]]:
    """(ETag, Last-Modified) of each URL when it was last read whole."""
    v = tables.validator
    found = await conn.execute(
        select(v.c.url, v.c.etag, v.c.last_modified).where(v.c.url.in_(list(urls)))
    )
    return {row.url: (row.etag, row.last_modified) for row in found}


async def keep_validators(
    conn: AsyncConnection, kept: Mapping[str, tuple[str | None, str | None]], at: datetime
) -> None:
    """Remember validators, once what they stand for is stored: never before."""
    for url, (etag, last_modified) in kept.items():
        values = {"etag": etag, "last_modified": last_modified, "seen_at": at}
        await conn.execute(
            insert(tables.validator)
            .values(url=url, **values)
            .on_conflict_do_update(index_elements=[tables.validator.c.url], set_=values)
        )
