"""Papers, versions and announcements written as the rows that COPY reads.

The processes that write them need nothing else of the store: SQLAlchemy, whose import takes a
second of each, stays out of here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from app.domain.paper import Announcement, Author, Paper

# The order in which each table's values stand in a row.
COLUMNS = {
    "paper": (
        "id, ordinal, title, authors, author_names, abstract, subjects, comment, journal_ref, doi,"
        " licence, submitted_at, updated_at, version, withdrawn, title_html, abstract_html,"
        " detailed_at"
    ),
    "version": "paper_id, n, submitted_at, title, abstract",
    "announcement": "subject, day, paper_id, kind, position, derived",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a paper looks like: its title and abstract as safe HTML, its authors in letters."""

    title_html: str
    abstract_html: str
    author_names: tuple[str, ...]


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
            _row(paper_id, v.n, v.submitted_at, v.title, v.abstract) for v in paper.versions
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


def written_author(author: Author) -> dict[str, Any]:
    """One author as the column `authors` has it."""
    if not author.affiliations:
        return {"name": author.name}
    return {"name": author.name, "affiliations": list(author.affiliations)}


def _paper(paper: Paper, rendered: Rendered, detailed_at: datetime | None) -> str:
    return _row(
        str(paper.id),
        paper.id.ordinal,
        paper.title,
        orjson.dumps([written_author(author) for author in paper.authors]).decode(),
        _array(rendered.author_names),
        paper.abstract,
        _array(paper.subjects),
        paper.comment,
        paper.journal_ref,
        paper.doi,
        paper.licence,
        paper.submitted_at,
        paper.updated_at,
        paper.version,
        bool(paper.withdrawn),
        rendered.title_html,
        rendered.abstract_html,
        detailed_at,
    )


def _row(*values: object) -> str:
    return "\t".join(
        [
            "\\N" if value is None else _escaped(value) if isinstance(value, str) else str(value)
            for value in values
        ]
    )


def _escaped(text: str) -> str:
    if "\\" in text or "\n" in text or "\t" in text or "\r" in text:  # a tenth of replacing's time
        text = text.replace("\\", "\\\\").replace("\n", "\\n")
        text = text.replace("\t", "\\t").replace("\r", "\\r")
    return text


def _array(values: Sequence[str]) -> str:
    if any("\\" in value or '"' in value for value in values):
        values = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"


def _joined(rows: list[str]) -> bytes:
    """Each is encoded by itself: joined first, one rare letter makes all of them four times as long
    in memory, which took a tenth of the time of all there is to do before COPY."""
    return b"\n".join([*map(str.encode, rows), b""])
