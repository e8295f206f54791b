"""Reading papers for pages: a day's listing, papers by id, what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.paper import Kind, Version
from app.domain.selection import Selection
from app.domain.subjects import Subjects
from app.store import tables

_T = TypeVar("_T")

# A paper once, with the best kind that any wanted category gives it, unless an unwanted one lists
# it too. Read from the index by day and category, and cut to one page before papers are touched.
_LISTING = """
    SELECT paper_id, min(kind) AS kind, min(position) AS position
    FROM announcement
    WHERE day = :day
        AND subject = ANY(CAST(:wanted AS text[]) || CAST(:unwanted AS text[]))
    GROUP BY paper_id
    HAVING bool_and(subject <> ALL(CAST(:unwanted AS text[])))
"""
_COUNTS = text(f"SELECT kind, count(*) AS papers FROM ({_LISTING}) AS listing GROUP BY kind")  # noqa: S608


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """One paper as pages show it. `title_html` and `abstract_html` were made safe at ingest."""

    id: str
    title: str
    author_names: tuple[str, ...]
    abstract: str
    subjects: tuple[str, ...]
    title_html: str
    abstract_html: str
    comment: str | None
    journal_ref: str | None
    doi: str | None
    licence: str | None
    submitted_at: datetime | None
    updated_at: datetime | None
    version: int | None
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """A paper in a listing, with the best kind that the listing's categories give it."""

    kind: Kind
    paper: StoredPaper


@dataclass(frozen=True, slots=True)
class Counts:
    """How many papers a listing has, in the three parts that arXiv's own pages have."""

    new: int = 0
    cross: int = 0
    replaced: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.new + self.cross + self.replaced

    @classmethod
    def of(cls, by_kind: Mapping[int, int]) -> Counts:
        """From a number for each kind; a kind left out has none."""
        replaced = by_kind.get(Kind.REPLACE, 0) + by_kind.get(Kind.REPLACE_CROSS, 0)
        return cls(by_kind.get(Kind.NEW, 0), by_kind.get(Kind.CROSS, 0), replaced)


@dataclass(frozen=True, slots=True)
class Announced:
    """That a paper was announced on a day in a category, and as what."""

    day: date
    subject: str
    kind: Kind


_FIELDS = tuple(StoredPaper.__dataclass_fields__)
_COLUMNS = tuple(tables.paper.c[name] for name in _FIELDS)
_LISTED = text(
    f"SELECT page.kind, {', '.join(f'paper.{name}' for name in _FIELDS)}"  # noqa: S608
    f" FROM ({_LISTING} ORDER BY kind, position, paper_id LIMIT :limit OFFSET :offset) AS page"
    " JOIN paper ON paper.id = page.paper_id ORDER BY page.kind, page.position, page.paper_id"
)


async def listed(
    conn: AsyncConnection, selection: Selection, day: date, *, limit: int | None, offset: int = 0
) -> list[ListedPaper]:
    """One page of a day's listing: by kind, then in arXiv's order; all of it without a limit."""
    found = await conn.execute(
        _LISTED, {"day": day, "limit": limit, "offset": offset, **sides(selection)}
    )
    return [ListedPaper(Kind(row["kind"]), _paper(row)) for row in found.mappings()]


async def counts(conn: AsyncConnection, selection: Selection, day: date) -> Counts:
    """How many papers of each kind a day's listing has."""
    found = await conn.execute(_COUNTS, {"day": day, **sides(selection)})
    return Counts.of({row.kind: row.papers for row in found})


async def by_ids(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, StoredPaper]:
    """The stored ones of `ids` (without versions), by id."""
    found = await conn.execute(select(*_COLUMNS).where(tables.paper.c.id.in_(ids)))
    return {row["id"]: _paper(row) for row in found.mappings()}


async def announcements_of(
    conn: AsyncConnection, ids: Sequence[str]
) -> dict[str, tuple[Announced, ...]]:
    """Where and when papers were announced: latest day first, within a day by kind."""
    a = tables.announcement.c
    found = await conn.execute(
        select(a.paper_id, a.day, a.subject, a.kind)
        .where(a.paper_id.in_(ids))
        .order_by(a.day.desc(), a.kind, a.subject)
    )
    return _grouped((r.paper_id, Announced(r.day, r.subject, Kind(r.kind))) for r in found)


async def versions_of(conn: AsyncConnection, ids: Sequence[str]) -> dict[str, tuple[Version, ...]]:
    """The known versions of papers, first to last, superseded ones with their words if known."""
    v = tables.version.c
    found = await conn.execute(
        select(v.paper_id, v.n, v.submitted_at, v.title, v.abstract)
        .where(v.paper_id.in_(ids))
        .order_by(v.paper_id, v.n)
    )
    return _grouped((paper_id, Version(*version)) for paper_id, *version in found)


async def new_on(conn: AsyncConnection, subjects: Subjects, day: date) -> list[tuple[str, int]]:
    """The papers announced as new on a day in any of these categories, with their versions."""
    a, p = tables.announcement.c, tables.paper.c
    found = await conn.execute(
        select(p.id, func.coalesce(p.version, 1))
        .join_from(tables.paper, tables.announcement, a.paper_id == p.id)
        .where(a.day == day, a.subject.in_(subjects.names), a.kind == Kind.NEW.value)
        .distinct()
    )
    return [(paper_id, version) for paper_id, version in found]


async def count(conn: AsyncConnection) -> int:
    """How many papers are stored. Reads them all: for the first day, when they are few."""
    return int(await conn.scalar(text("SELECT count(*) FROM paper")) or 0)


def sides(selection: Selection) -> dict[str, list[str]]:
    """A selection as parameters of a statement."""
    return {"wanted": list(selection.wanted), "unwanted": list(selection.unwanted)}


def _paper(row: RowMapping) -> StoredPaper:
    values: Mapping[str, Any] = {name: row[name] for name in _FIELDS}
    return StoredPaper(
        **{
            **values,
            "author_names": tuple(values["author_names"]),
            "subjects": tuple(values["subjects"]),
        }
    )


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, tuple[_T, ...]]:
    groups: dict[str, list[_T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
