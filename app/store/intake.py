"""Writing what the sources tell: papers with their versions, and the days' listings.

Everything here is idempotent: storing the same again changes no row. The caller holds the
transaction, so that a batch is stored whole or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import (
    ColumnElement,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.arxiv_id import ArxivId
from app.domain.merge import Change, Merged, merge
from app.domain.paper import Announcement, Author, Kind, Paper, Version
from app.domain.subjects import Subjects
from app.store import tables
from app.store.rows import Rendered, written_author

_COLUMNS = [c.name for c in tables.paper.columns]

_FIRST = (Kind.NEW, Kind.CROSS)
_OVERRULED = text("""
    DELETE FROM announcement AS a
    USING unnest(CAST(:ids AS text[]), CAST(:subjects AS text[]), CAST(:days AS date[]))
        AS seen (paper_id, subject, day)
    WHERE a.paper_id = seen.paper_id AND a.derived AND a.kind IN (0, 1) AND a.day <> seen.day
        AND a.subject = coalesce(seen.subject, a.subject)
""")


@dataclass(frozen=True, slots=True)
class Stored:
    """How many papers of a batch were new, revised, or already so."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


async def store_papers(
    conn: AsyncConnection,
    papers: Sequence[Paper],
    rendered: Mapping[ArxivId, Rendered],
    *,
    detailed_at: datetime | None,
) -> Stored:
    """Merge a batch into what is stored; `detailed_at` when the source tells all of a paper."""
    papers = list({paper.id: paper for paper in papers}.values())
    known = await _known(conn, [paper.id for paper in papers])
    merged = [(merge(_paper(known.get(str(p.id))), p), known.get(str(p.id)), p) for p in papers]
    rows = [
        _row(result, row, rendered[fetched.id], fetched, detailed_at)
        for result, row, fetched in merged
        if result.change is not Change.UNCHANGED or (detailed_at and not (row or {})["detailed_at"])
    ]
    versions = [
        (str(result.paper.id), v.n, v.submitted_at, v.title, v.abstract)
        for result, _, _ in merged
        for v in result.paper.versions
    ]
    await _upsert(conn, tables.paper, rows)
    await _upsert(conn, tables.version, versions)
    changes = [result.change for result, _, _ in merged]
    return Stored(*(changes.count(c) for c in (Change.NEW, Change.REVISED, Change.UNCHANGED)))


async def lock(conn: AsyncConnection) -> None:
    """Write papers and listings one batch at a time, until the transaction ends: two fetchers that
    both read, merge and write must not lose each other's fields, of papers not yet stored either.
    """
    await conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('freshprint intake'))"))


async def announce(conn: AsyncConnection, lines: Iterable[Announcement]) -> None:
    """Add lines to their days' listings. One already there takes the kind now told, but one that
    was seen in a listing takes nothing from what is only derived. A paper seen as new loses the
    lines that derived it for other days, one seen as cross-list those of that category."""
    lines = list(lines)
    await lock(conn)
    await conn.execute(_OVERRULED, _first_seen(lines))
    rows = [(a.subject, a.day, str(a.paper_id), int(a.kind), a.position, a.derived) for a in lines]
    await _upsert(conn, tables.announcement, rows)


def _first_seen(lines: Iterable[Announcement]) -> dict[str, list[Any]]:
    """For whom a listing now tells when it was new: everywhere (None), or in one category."""
    seen = [a for a in lines if a.kind in _FIRST and not a.derived]
    return {
        "ids": [str(a.paper_id) for a in seen],
        "subjects": [None if a.kind is Kind.NEW else a.subject for a in seen],
        "days": [a.day for a in seen],
    }


async def drop_derived(
    conn: AsyncConnection, subject: str, days: Iterable[date], kinds: Iterable[Kind]
) -> None:
    """Take derived lines out of a category's listings, of which all such lines are told now."""
    a = tables.announcement
    await conn.execute(
        a.delete().where(
            a.c.subject == subject,
            a.c.day.in_(list(days)),
            a.c.kind.in_([int(k) for k in kinds]),
            a.c.derived,
        )
    )


async def drop_contradicted(conn: AsyncConnection, days: Iterable[date]) -> None:
    """Take out derived lines of categories that the paper was seen to be cross-listed into on a
    later day: OAI-PMH tells a paper's categories of now, not those it had."""
    a, later = tables.announcement, tables.announcement.alias("later")
    joined_later = (
        select(later.c.paper_id)
        .where(
            later.c.paper_id == a.c.paper_id,
            later.c.subject == a.c.subject,
            later.c.day > a.c.day,
            later.c.kind == int(Kind.CROSS),
            ~later.c.derived,
        )
        .exists()
    )
    await conn.execute(a.delete().where(a.c.day.in_(list(days)), a.c.derived, joined_later))


async def stored_ids(conn: AsyncConnection, ids: Iterable[ArxivId]) -> set[ArxivId]:
    """Those of `ids` that are stored."""
    wanted = [str(paper_id) for paper_id in ids]
    found = await conn.execute(select(tables.paper.c.id).where(_is_any(tables.paper.c.id, wanted)))
    return {ArxivId.parse(row.id) for row in found}


async def announced_before(
    conn: AsyncConnection, ids: Iterable[ArxivId], day: date
) -> frozenset[ArxivId]:
    """Those of `ids` that were seen in a listing of an earlier day: a derived day may be wrong."""
    a = tables.announcement
    found = await conn.execute(
        select(a.c.paper_id)
        .where(_is_any(a.c.paper_id, [str(i) for i in ids]), a.c.day < day, ~a.c.derived)
        .distinct()
    )
    return frozenset(ArxivId.parse(row.paper_id) for row in found)


async def listed_ids(
    conn: AsyncConnection, subjects: Subjects, day: date
) -> dict[str, frozenset[ArxivId]]:
    """The papers of each category's listing of a day."""
    a = tables.announcement
    found = await conn.execute(
        select(a.c.subject, a.c.paper_id).where(
            a.c.day == day, _is_any(a.c.subject, subjects.names)
        )
    )
    listed: dict[str, set[ArxivId]] = defaultdict(set)
    for row in found:
        listed[row.subject].add(ArxivId.parse(row.paper_id))
    return {subject: frozenset(ids) for subject, ids in listed.items()}


def _is_any(values_of: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    """One array parameter, whatever the count: `IN` would make a new statement for each."""
    return values_of == func.any(bindparam(None, list(values), ARRAY(Text)))


async def _known(conn: AsyncConnection, ids: Iterable[ArxivId]) -> dict[str, dict[str, Any]]:
    """The stored rows; nobody else writes until the transaction ends."""
    await lock(conn)
    paper, version = tables.paper, tables.version
    found = await conn.execute(select(paper).where(_is_any(paper.c.id, [str(i) for i in ids])))
    rows: dict[str, dict[str, Any]] = {
        row["id"]: {**row, "versions": []} for row in found.mappings()
    }
    for v in await conn.execute(select(version).where(_is_any(version.c.paper_id, list(rows)))):
        rows[v.paper_id]["versions"].append(Version(v.n, v.submitted_at, v.title, v.abstract))
    return rows


def _paper(row: Mapping[str, Any] | None) -> Paper | None:
    if row is None:
        return None
    return Paper(
        id=ArxivId.parse(row["id"]),
        title=row["title"],
        authors=tuple(Author(a["name"], tuple(a.get("affiliations", ()))) for a in row["authors"]),
        abstract=row["abstract"],
        subjects=tuple(row["subjects"]),
        versions=tuple(sorted(row["versions"], key=lambda v: v.n)),
        complete=row["detailed_at"] is not None,
        **{
            name: row[name]
            for name in (
                "version",
                "comment",
                "journal_ref",
                "doi",
                "licence",
                "submitted_at",
                "updated_at",
                "withdrawn",
            )
        },
    )


def _row(
    merged: Merged,
    row: Mapping[str, Any] | None,
    rendered: Rendered,
    fetched: Paper,
    detailed_at: datetime | None,
) -> tuple[Any, ...]:
    """One row in the order of the columns. A part that the merge kept keeps its rendering too."""
    paper = merged.paper
    kept = row or {}
    values = {
        "id": str(paper.id),
        "ordinal": paper.id.ordinal,
        "authors": Jsonb([written_author(author) for author in paper.authors]),
        "author_names": list(rendered.author_names)
        if paper.authors == fetched.authors
        else kept["author_names"],
        "subjects": list(paper.subjects),
        "withdrawn": bool(paper.withdrawn),
        "title_html": rendered.title_html if paper.title == fetched.title else kept["title_html"],
        "abstract_html": rendered.abstract_html
        if paper.abstract == fetched.abstract
        else kept["abstract_html"],
        "detailed_at": detailed_at or kept.get("detailed_at"),
    }
    return tuple(values[name] if name in values else getattr(paper, name) for name in _COLUMNS)


async def _upsert(conn: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """COPY into a temporary table, then one INSERT: near COPY's own speed, and idempotent.

    Rows that are already so are left alone: a day read again writes nothing.
    """
    if not rows:
        return
    arriving = f"arriving_{table.name}"
    await conn.execute(
        text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {arriving}"
            f" (LIKE {table.name}) ON COMMIT DELETE ROWS"
        )
    )
    raw = (await conn.get_raw_connection()).driver_connection
    assert raw is not None
    columns = ", ".join(c.name for c in table.columns)
    into = f"COPY {arriving} ({columns}) FROM STDIN"
    async with raw.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            await copy.write_row(row)
    await conn.execute(_from(arriving, table))
    await conn.execute(text(f"TRUNCATE {arriving}"))


def _from(arriving: str, table: Table) -> Insert:
    names = [column.name for column in table.columns]
    there = named(arriving, *map(column, names))
    key = list(table.primary_key)
    arrived = select(*there.columns).order_by(*(there.c[k.name] for k in key))
    statement = insert(table).from_select(names, arrived)
    others = [c for c in table.columns if not c.primary_key]
    told = [statement.excluded[c.name] for c in others]
    differs = tuple_(*others).is_distinct_from(tuple_(*told))
    if table is tables.announcement:  # what was seen in a listing is never overruled by deriving
        differs &= table.c.derived | ~statement.excluded.derived
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={c.name: new for c, new in zip(others, told, strict=True)},
        where=differs,
    )
