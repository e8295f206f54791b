"""Bulk metadata in files of JSON lines: arXiv's snapshot as published on Kaggle, and corpus lines.

A snapshot line holds what OAI-PMH's arXivRaw does (`authors` on one line, `categories` parted by
blanks, `versions` with times). A corpus line holds what its collector found: lists of `authors` and
`categories`, perhaps `versions`, `announced` with `announced_basis`; what is missing is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import orjson

from app.domain.arxiv_id import ArxivId
from app.domain.authors import from_parts, split_authors
from app.domain.calendar import parse_day
from app.domain.history import ready_day
from app.domain.paper import Author, Paper, Version
from app.domain.subjects import canonical_all
from app.domain.withdrawal import is_withdrawn
from app.errors import InvalidArxivId, InvalidDay
from app.sources.json_lines import LONGEST
from app.sources.text import known, line, lines_of, moment, prose

_SNAPSHOT = {"submitter", "authors_parsed", "journal-ref", "report-no", "update_date"}
_NOON = time(12, tzinfo=UTC)  # before the cut-off, whatever the season
_EARLIEST, _LATEST = 1986, 2100  # some papers carry the time of an older archive's
_MOST_VERSIONS = 999

Json = Mapping[str, Any]


class BadLine(ValueError):
    """A line that tells of no paper, and why."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line's paper; the day it was announced, where the line knows it: `seen` in a listing, or
    derived."""

    paper: Paper
    announced: date | None = None
    seen: bool = False


def parse(raw: bytes) -> Told:
    """What a line tells. Raises BadLine."""
    if len(raw) > LONGEST:
        raise BadLine(f"longer than {LONGEST:,} bytes")
    told = _read(raw)
    if not isinstance(told, dict):
        raise BadLine("not a JSON object")
    return Told(_snapshot(told)) if _SNAPSHOT & told.keys() else _corpus(told)


def _read(raw: bytes) -> Any:
    """The JSON of a line; what Python's reader takes and orjson doesn't (lone surrogates, NaN, a
    byte order mark, UTF-16) is read too."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise BadLine("not JSON") from None


def _snapshot(told: Json) -> Paper:
    versions = _versions(told, "created")
    subjects = canonical_all((_text(told, "categories") or "").split())
    if not subjects:
        raise BadLine("no category that arXiv has")
    return _paper(
        told,
        authors=split_authors(line(_text(told, "authors"))) or tuple(_in_parts(told)),
        subjects=subjects,
        versions=versions,
        comment=known(_text(told, "comments")),
        journal_ref=known(_text(told, "journal-ref")),
        complete=True,
    )


def _corpus(told: Json) -> Told:
    raw = _text(told, "authors_raw")
    names = lines_of(_texts(told, "authors"))
    versions = _versions(told, "date") or _first_and_latest(told)
    paper = _paper(
        told,
        authors=split_authors(line(raw)) if raw else tuple(Author(n) for n in names if n),
        subjects=canonical_all(_texts(told, "categories")),
        versions=versions,
        comment=known(_text(told, "comment")),
        journal_ref=known(_text(told, "journal_ref")),
        complete=False,
    )
    seen = _text(told, "announced_basis") == "listing"
    return Told(paper, _day(told, "announced") or _ready(paper, told), seen)


def _paper(told: Json, *, versions: tuple[Version, ...], **fields: Any) -> Paper:
    paper_id, title = _id(told), line(_text(told, "title"))
    if not title:
        raise BadLine("no title")
    abstract = prose(_text(told, "abstract"))
    last = versions[-1] if versions else None
    return Paper(
        id=paper_id,
        title=title,
        abstract=abstract,
        version=last.n if last else None,
        doi=known(_text(told, "doi")),
        licence=known(_text(told, "license")),
        submitted_at=versions[0].submitted_at if versions and versions[0].n == 1 else None,
        updated_at=last.submitted_at if last else None,
        versions=versions,
        withdrawn=is_withdrawn(abstract, fields["comment"]) or None,
        **fields,
    )


def _id(told: Json) -> ArxivId:
    text = _text(told, "id")
    if not text:
        raise BadLine("no id")
    try:
        return ArxivId.parse(text[:100]).bare
    except InvalidArxivId as error:
        raise BadLine(str(error)) from None


def _in_parts(told: Json) -> Iterable[Author]:
    for parts in told.get("authors_parsed") or ():
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts[:3]):
            raise BadLine("authors_parsed is no list of names")
        if name := from_parts(*map(line, parts[:3])):
            yield Author(name)


def _versions(told: Json, time_key: str) -> tuple[Version, ...]:
    found = dict[int, Version]()
    for each in _list(told, "versions"):
        if not isinstance(each, dict):
            raise BadLine("versions are no objects")
        n = _number((_text(each, "version") or "").removeprefix("v"))
        found[n] = Version(n, _time(_text(each, time_key)))
    return tuple(found[n] for n in sorted(found))


def _first_and_latest(told: Json) -> tuple[Version, ...]:
    """What sources like arXiv's API tell: the first version's time and the current one's."""
    if told.get("version_seen") is None:
        return ()
    n = _number(told["version_seen"])
    first = Version(1, _time(_text(told, "published")))
    return (first,) if n == 1 else (first, Version(n, _time(_text(told, "updated"))))


def _number(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= _MOST_VERSIONS):
        raise BadLine(f"{text[:20]!r} is no version")
    return int(text)


def _ready(paper: Paper, told: Json) -> date | None:
    """The day that follows from a day of submission, where no time is known."""
    text = _text(told, "published") or ""
    if paper.submitted_at or not text:
        return None
    try:
        return ready_day(paper.id, datetime.combine(parse_day(text[:10]), _NOON))
    except InvalidDay:
        return None


def _day(told: Json, key: str) -> date | None:
    text = _text(told, key)
    try:
        return parse_day(text) if text else None
    except InvalidDay as error:
        raise BadLine(str(error)) from None


def _time(text: str | None) -> datetime | None:
    """A moment; None for a day alone, since a day is none, and for what can't be a submission's."""
    if not text or ":" not in text:
        return None
    found = moment(text)
    return found if found and _EARLIEST <= found.year < _LATEST else None


def _text(told: Json, key: str) -> str | None:
    value = told.get(key)
    if value is not None and not isinstance(value, str):
        raise BadLine(f"{key} is no text")
    return value


def _texts(told: Json, key: str) -> list[str]:
    values = _list(told, key)
    if not all(isinstance(value, str) for value in values):
        raise BadLine(f"{key} is no list of texts")
    return values


def _list(told: Json, key: str) -> list[Any]:
    value = told.get(key)
    if value is not None and not isinstance(value, list):
        raise BadLine(f"{key} is no list")
    return value or []
