"""What was looked for of each category's day, and what came: writing table `day`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.calendar import State
from app.domain.reconcile import Verdict
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.store import tables


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
    conn: AsyncConnection, day: date, judged: Mapping[str, Verdict], by: Source, at: datetime
) -> None:
    """A second source was asked: what follows for each category."""
    if not judged:
        return
    d = tables.day
    statement = insert(d).values(
        [
            {"day": day, "subject": s, "state": v.state.value, "known": v.known,
             "checked_at": at, "checked_by": by.value}
            for s, v in sorted(judged.items())
        ]
    )  # fmt: skip
    told = ("state", "known", "checked_at", "checked_by")
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[d.c.subject, d.c.day],
            set_={name: statement.excluded[name] for name in told},
        )
    )


async def unsettled(
    conn: AsyncConnection, subjects: Subjects, days: Sequence[date]
) -> dict[date, frozenset[str]]:
    """For each of `days` the categories that have something left to look for, if any have."""
    d = tables.day
    settled = [state.value for state in State if state.settled]
    found = await conn.execute(
        select(d.c.day, d.c.subject).where(
            d.c.day.in_(days), d.c.subject.in_(subjects.names), d.c.state.in_(settled)
        )
    )
    done = {(row.day, row.subject) for row in found}
    left = {day: frozenset(s for s in subjects if (day, s) not in done) for day in days}
    return {day: names for day, names in left.items() if names}


async def unlisted(
    conn: AsyncConnection, subjects: Subjects, days: Sequence[date]
) -> dict[str, list[date]]:
    """For each category those of its unsettled `days` of which no list page was read yet."""
    d = tables.day
    done = d.c.listed_at.is_not(None) | d.c.state.in_([s.value for s in State if s.settled])
    found = await conn.execute(
        select(d.c.day, d.c.subject).where(d.c.day.in_(days), d.c.subject.in_(subjects.names), done)
    )
    over = {(row.day, row.subject) for row in found}
    left = {s: [day for day in days if (day, s) not in over] for s in subjects}
    return {s: missing for s, missing in left.items() if missing}


async def listed(
    conn: AsyncConnection, subjects: Subjects, days: Sequence[date]
) -> set[tuple[date, str]]:
    """The days and categories of which arXiv's list page was read."""
    d = tables.day
    found = await conn.execute(
        select(d.c.day, d.c.subject).where(
            d.c.day.in_(days), d.c.subject.in_(subjects.names), d.c.listed_at.is_not(None)
        )
    )
    return {(row.day, row.subject) for row in found}


async def days_with_papers(
    conn: AsyncConnection, subjects: Subjects, since: date, *, until: date = date.max
) -> set[date]:
    """The days from `since` to before `until` of which something was seen in a listing."""
    d = tables.day
    found = await conn.execute(
        select(d.c.day)
        .where(d.c.day >= since, d.c.day < until)
        .where(d.c.subject.in_(subjects.names), d.c.seen > 0)
        .distinct()
    )
    return {row.day for row in found}


async def mark_listed(
    conn: AsyncConnection, subject: str, seen: Mapping[date, int], at: datetime
) -> None:
    """arXiv's list page was read for a category: so many papers on each of its days."""
    d = tables.day
    statement = insert(d).values(
        [
            {"day": day, "subject": subject, "state": State.PARTIAL.value, "seen": n,
             "listed_at": at}
            for day, n in seen.items()
        ]
    )  # fmt: skip
    seen_now = func.greatest(d.c.seen, statement.excluded.seen)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[d.c.subject, d.c.day],
            set_={"listed_at": statement.excluded.listed_at, "seen": seen_now},
        )
    )


async def first_day(conn: AsyncConnection, subjects: Subjects) -> date | None:
    """The first day that was ever looked for in these categories."""
    d = tables.day
    found = await conn.execute(select(func.min(d.c.day)).where(d.c.subject.in_(subjects.names)))
    day: date | None = found.scalar_one()
    return day
