"""Derived announcements: what is known of a month's papers, and which lines follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State
from app.domain.paper import Announcement, Kind
from app.store import bulk
from app.store.rows import Rows, lines_written

_PER_MONTH = 100_000  # ArxivId.ordinal counts so many ids a month

_LOCK = text("""
    SELECT pg_advisory_xact_lock_shared(hashtext('freshprint intake')),
        pg_advisory_xact_lock(hashtext('freshprint month'), :month)
""")
_MONTHS = text("""
    SELECT DISTINCT p.ordinal / :per_month AS month FROM paper AS p
    WHERE p.subjects <> '{}' AND NOT EXISTS (
        SELECT FROM announcement AS a WHERE a.paper_id = p.id AND a.kind = 0
    )
    ORDER BY month
""")
# LATERAL: of a join the planner would make a look at all announcements, for each month.
_PAPERS = text("""
    SELECT p.id, p.submitted_at, p.subjects, new.seen, new.derived
    FROM paper AS p, LATERAL (
        SELECT min(a.day) FILTER (WHERE NOT a.derived) AS seen,
            min(a.day) FILTER (WHERE a.derived) AS derived
        FROM announcement AS a WHERE a.paper_id = p.id AND a.kind = 0
    ) AS new
    WHERE p.ordinal BETWEEN :first AND :last
""")
_LINES = text("""
    SELECT day, subject, paper_id, kind, position, derived FROM announcement
    WHERE paper_id = ANY(CAST(:ids AS text[]))
""")
_SETTLED = text("""
    SELECT subject, day FROM day WHERE state = ANY(CAST(:states AS text[]))
""")
_DROP = text("""
    DELETE FROM announcement AS a
    USING unnest(CAST(:subjects AS text[]), CAST(:days AS date[]), CAST(:ids AS text[]))
        AS gone (subject, day, paper_id)
    WHERE a.subject = gone.subject AND a.day = gone.day AND a.paper_id = gone.paper_id
        AND a.derived
""")


class Known(NamedTuple):
    """A paper, and the day of the listing it was seen in as new, or of the derived line it has."""

    id: ArxivId
    submitted_at: datetime | None
    subjects: Sequence[str]
    seen: date | None
    derived: date | None


async def months_to_tell(conn: AsyncConnection) -> list[int]:
    """The months (YYYYMM) of papers that no listing has as new, in order. Reads all papers."""
    await conn.execute(text("SET LOCAL statement_timeout = '10min'"))
    # After a harvest the planner must know how much there is, or each month reads it all. Of these
    # columns alone it takes half the time.
    await conn.execute(text("ANALYZE paper (id, ordinal), announcement (paper_id)"))
    return [row.month for row in await conn.execute(_MONTHS, {"per_month": _PER_MONTH})]


async def lock(conn: AsyncConnection, month: int) -> None:
    """Write a month's lines while nobody writes papers or listings (`intake.lock`), nor this
    month's; other months may be written meanwhile. Until the transaction ends."""
    await conn.execute(_LOCK, {"month": month})


async def papers_of(conn: AsyncConnection, month: int) -> list[Known]:
    """The papers whose ids were given out in a month."""
    found = await conn.execute(_PAPERS, _span(month))
    return [Known(ArxivId.parse(paper_id), *others) for paper_id, *others in found.all()]


async def lines_of(conn: AsyncConnection, papers: Iterable[Known]) -> list[Announcement]:
    """All lines of papers, on whatever day."""
    ids = {str(paper.id): paper.id for paper in papers}
    return [
        Announcement(day, subject, ids[paper_id], Kind(kind), position, derived)
        for day, subject, paper_id, kind, position, derived in await conn.execute(
            _LINES, {"ids": list(ids)}
        )
    ]


async def settled(conn: AsyncConnection) -> set[tuple[str, date]]:
    """The categories and days whose listings are known to be whole, or not to be."""
    states = [state.value for state in State if state.settled]
    return {(row.subject, row.day) for row in await conn.execute(_SETTLED, {"states": states})}


async def drop(conn: AsyncConnection, lines: Iterable[Announcement]) -> None:
    """Take derived lines out."""
    lines = list(lines)
    await conn.execute(
        _DROP,
        {
            "subjects": [line.subject for line in lines],
            "days": [line.day for line in lines],
            "ids": [str(line.paper_id) for line in lines],
        },
    )


async def add(conn: AsyncConnection, lines: Iterable[Announcement]) -> None:
    """Add lines that are not there yet."""
    await bulk.add(conn, Rows(announcement=lines_written(lines)))


def _span(month: int) -> dict[str, int]:
    return {"first": month * _PER_MONTH, "last": (month + 1) * _PER_MONTH - 1}
