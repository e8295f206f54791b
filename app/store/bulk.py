"""Adding papers that are not stored yet, at COPY's own speed: straight into their tables.

Their rows are written as COPY's text by whoever has time for it (a pool of processes), so that
nothing is left to do here but to pass bytes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.paper import Announcement, Paper
from app.store import tables
from app.store.intake import Rendered, lock, written_author

_NAMES = {
    table.name: [column.name for column in table.columns]
    for table in (tables.paper, tables.version, tables.announcement)
}
_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Rows:
    """Papers with their versions and announcements, as COPY's text."""

    paper: bytes = b""
    version: bytes = b""
    announcement: bytes = b""


def written(
    papers: Iterable[tuple[Paper, Rendered]],
    lines: Iterable[Announcement],
    detailed_at: datetime,
) -> Rows:
    """The rows of papers, each told once, and of announcements of theirs. Papers that are not
    complete have no `detailed_at`."""
    paper_rows, version_rows = [], []
    for paper, rendered in papers:
        paper_rows.append(_paper(paper, rendered, detailed_at if paper.complete else None))
        paper_id = str(paper.id)
        version_rows += [
            _row((paper_id, v.n, v.submitted_at, v.title, v.abstract)) for v in paper.versions
        ]
    return Rows(_joined(paper_rows), _joined(version_rows), lines_written(lines))


def lines_written(lines: Iterable[Announcement]) -> bytes:
    """The rows of announcements alone."""
    return _joined(
        [
            f"{a.subject}\t{a.day}\t{a.paper_id}\t{a.kind:d}\t{a.position}\t{a.derived}"
            for a in lines
        ]
    )


async def unawaited(conn: AsyncConnection) -> None:
    """Let the transaction's end not wait for the disk, a fifth of the time: when the server falls,
    the last ones are lost together with the progress they noted."""
    await conn.execute(text("SET LOCAL synchronous_commit = off"))


async def stored(conn: AsyncConnection, ids: Iterable[str]) -> dict[str, bool]:
    """Which of these papers are stored, and whether all of them is known. Until the transaction
    ends nobody else stores one."""
    await lock(conn)
    found = await conn.execute(
        text("SELECT id, detailed_at FROM paper WHERE id = ANY(CAST(:ids AS text[]))"),
        {"ids": list(ids)},
    )
    return {row.id: row.detailed_at is not None for row in found}


async def add(conn: AsyncConnection, rows: Rows) -> None:
    """Add papers of which none is stored (see `stored`), or lines of which none is there."""
    raw = (await conn.get_raw_connection()).driver_connection
    assert raw is not None
    async with raw.cursor() as cursor:
        for table, names in _NAMES.items():
            written = getattr(rows, table)
            if written:
                async with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                    await copy.write(written)


def _paper(paper: Paper, rendered: Rendered, detailed_at: datetime | None) -> str:
    values = {
        "id": str(paper.id),
        "ordinal": paper.id.ordinal,
        "title": paper.title,
        "authors": _json([written_author(author) for author in paper.authors]),
        "author_names": _array(rendered.author_names),
        "abstract": paper.abstract,
        "subjects": _array(paper.subjects),
        "comment": paper.comment,
        "journal_ref": paper.journal_ref,
        "doi": paper.doi,
        "licence": paper.licence,
        "submitted_at": paper.submitted_at,
        "updated_at": paper.updated_at,
        "version": paper.version,
        "withdrawn": bool(paper.withdrawn),
        "title_html": rendered.title_html,
        "abstract_html": rendered.abstract_html,
        "detailed_at": detailed_at,
    }
    return _row([values[name] for name in _NAMES["paper"]])


def _row(values: Iterable[object]) -> str:
    return "\t".join([_field(value) for value in values])


def _field(value: object) -> str:
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(value)
    value = value.replace("\\", "\\\\").replace("\n", "\\n")
    return value.replace("\t", "\\t").replace("\r", "\\r")


def _array(values: Iterable[str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join([f'"{value}"' for value in quoted]) + "}"


def _joined(rows: list[str]) -> bytes:
    """Each is encoded by itself: joined first, one rare letter makes all of them four times as long
    in memory, which took a tenth of the time of all there is to do before COPY."""
    return b"\n".join([*map(str.encode, rows), b""])
