"""Reading days for pages: which have an announcement, how whole they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.calendar import State
from app.domain.selection import Selection
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.store import tables
from app.store.papers import Counts, sides


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The announced days before and after one; None where there is none."""

    previous: date | None
    next: date | None


@dataclass(frozen=True, slots=True)
class DayState:
    """What was looked for and seen of one category's day. Times in UTC."""

    subject: str
    state: State
    checked_by: Source | None
    seen: int
    known: int | None
    seen_at: datetime | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LatestDay:
    """A category's latest announced day, and what it has."""

    day: date
    counts: Counts


# One look into the primary key for each category, not a scan of all their days.
_LATEST = text("""
    SELECT max(latest.day)
    FROM unnest(CAST(:subjects AS text[])) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT day FROM announcement AS a WHERE a.subject = wanted.subject
        ORDER BY day DESC LIMIT 1
    ) AS latest
""")

_AROUND = text("""
    SELECT max(before.day), min(after.day)
    FROM unnest(CAST(:subjects AS text[])) AS wanted (subject)
    LEFT JOIN LATERAL (
        SELECT day FROM announcement AS a WHERE a.subject = wanted.subject AND a.day < :day
        ORDER BY day DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN LATERAL (
        SELECT day FROM announcement AS a WHERE a.subject = wanted.subject AND a.day > :day
        ORDER BY day LIMIT 1
    ) AS after ON true
""")

# One look into the index a day: a fiftieth of the time that counting the month's papers takes.
_ANNOUNCED = text("""
    SELECT day::date
    FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS day
    WHERE EXISTS (
        SELECT FROM announcement AS a
        WHERE a.day = day.day::date AND a.subject = ANY(CAST(:subjects AS text[]))
    )
""")

# The inner grouping hashes, where count(DISTINCT …) would sort.
_COUNTS_IN_MONTH = text("""
    SELECT day, count(*) AS papers
    FROM (
        SELECT day, paper_id FROM announcement
        WHERE subject = ANY(CAST(:wanted AS text[]) || CAST(:unwanted AS text[]))
            AND day BETWEEN :first AND :last
        GROUP BY day, paper_id
        HAVING bool_and(subject <> ALL(CAST(:unwanted AS text[])))
    ) AS listed
    GROUP BY day
""")

_LATEST_COUNTS = text("""
    SELECT wanted.subject, latest.day, a.kind, count(*) AS papers
    FROM unnest(CAST(:subjects AS text[])) AS wanted (subject)
    CROSS JOIN LATERAL (
        SELECT day FROM announcement AS a WHERE a.subject = wanted.subject
        ORDER BY day DESC LIMIT 1
    ) AS latest
    JOIN announcement AS a ON a.subject = wanted.subject AND a.day = latest.day
    GROUP BY wanted.subject, latest.day, a.kind
""")


async def latest(conn: AsyncConnection, subjects: Subjects) -> date | None:
    """The latest day on which any of the categories has an announcement."""
    day: date | None = await conn.scalar(_LATEST, {"subjects": list(subjects.names)})
    return day


async def around(conn: AsyncConnection, subjects: Subjects, day: date) -> Neighbours:
    """The announced days before and after `day`, which may itself have none."""
    found = await conn.execute(_AROUND, {"subjects": list(subjects.names), "day": day})
    return Neighbours(*found.one())


async def in_month(conn: AsyncConnection, subjects: Subjects, month: date) -> set[date]:
    """The days of the month of `month` on which any of the categories has an announcement."""
    found = await conn.execute(_ANNOUNCED, {"subjects": list(subjects.names), **_span(month)})
    return {row.day for row in found}


async def counts_in_month(
    conn: AsyncConnection, selection: Selection, month: date
) -> dict[date, int]:
    """The number of papers of each day of the month of `month` that has any."""
    found = await conn.execute(_COUNTS_IN_MONTH, {**_span(month), **sides(selection)})
    return {row.day: row.papers for row in found}


async def states(
    conn: AsyncConnection, subjects: Subjects, days: Collection[date]
) -> dict[date, list[DayState]]:
    """The states of the categories on each of `days`; what was never looked for is left out."""
    d = tables.day.c
    found = await conn.execute(
        select(d.day, d.checked_by, d.subject, d.state, d.seen, d.known, d.seen_at, d.checked_at)
        .where(d.day.in_(days), d.subject.in_(subjects.names))
        .order_by(d.subject)
    )
    result: dict[date, list[DayState]] = {day: [] for day in days}
    for day, by, subject, state, *rest in found:
        result[day].append(DayState(subject, State(state), by and Source(by), *rest))
    return result


async def latest_counts(conn: AsyncConnection, names: Sequence[str]) -> dict[str, LatestDay]:
    """Each category's latest announced day and its counts; those without one are left out."""
    found = await conn.execute(_LATEST_COUNTS, {"subjects": list(names)})
    kinds: dict[str, dict[int, int]] = {}
    days: dict[str, date] = {}
    for row in found:
        days[row.subject] = row.day
        kinds.setdefault(row.subject, {})[row.kind] = row.papers
    return {name: LatestDay(day, Counts.of(kinds[name])) for name, day in days.items()}


async def first(conn: AsyncConnection) -> date | None:
    """The earliest day that has an announcement; None before the first."""
    day: date | None = await conn.scalar(select(func.min(tables.announcement.c.day)))
    return day


def _span(month: date) -> dict[str, date]:
    first = month.replace(day=1)
    return {"first": first, "last": (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)}
