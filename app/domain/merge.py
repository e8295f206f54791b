"""What is stored and what a source now tells, made one. Pure: decides, and stores nothing."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import Enum
from itertools import chain
from typing import Any

from app.domain.paper import Author, Paper, Version

_OPTIONAL = {"comment", "journal_ref", "doi", "licence"}  # a paper may have none


class Change(Enum):
    """What a fetched paper means for the stored one."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Merged:
    """The paper to keep, and what became of it; `changed` names the fields that differ."""

    paper: Paper
    change: Change
    changed: frozenset[str] = frozenset()


def merge(stored: Paper | None, fetched: Paper) -> Merged:
    """Make one paper of two.

    What belongs to a version (title, authors, abstract, …) is taken from the higher version; at
    equal versions from the later fetch, since arXiv corrects metadata without a new version, but
    from a source that doesn't tell all only where nothing complete is known. A field that a source
    doesn't tell never erases a known one; one that a complete paper doesn't have, does. Versions
    are collected from both; one that is superseded keeps the words it had.
    """
    if stored is None:
        return Merged(fetched, Change.NEW)
    newer, older = (stored, fetched) if _yields(fetched, stored) else (fetched, stored)
    values = {f.name: _first_known(f.name, newer, older) for f in fields(Paper)}
    values["versions"] = _versions(older.versions, _superseded(older, newer), newer.versions)
    values["authors"] = _authors(newer.authors, older.authors)
    values["complete"] = newer.complete or older.complete
    changed = {name for name in values if getattr(stored, name) != values[name]} - {"complete"}
    change = Change.REVISED if changed else Change.UNCHANGED
    return Merged(replace(newer, **values), change, frozenset(changed))


def _yields(fetched: Paper, stored: Paper) -> bool:
    """Whether the stored paper's word counts before the fetched one's."""
    versions = (fetched.version, stored.version)
    if None in versions or fetched.version == stored.version:
        return stored.complete and not fetched.complete
    assert fetched.version is not None
    assert stored.version is not None
    return fetched.version < stored.version


def _first_known(name: str, newer: Paper, older: Paper) -> Any:
    value, other = getattr(newer, name), getattr(older, name)
    if newer.complete and name in _OPTIONAL:
        return value
    return other if value in (None, "", ()) and other is not None else value


def _superseded(older: Paper, newer: Paper) -> tuple[Version, ...]:
    """The older one's version with its words, if the newer one's is another."""
    if older.version is None or newer.version in (None, older.version):
        return ()
    return (Version(older.version, None, older.title, older.abstract),)


def _versions(*told: tuple[Version, ...]) -> tuple[Version, ...]:
    """All versions, each with what is known of it; who tells later counts."""
    known: dict[int, Version] = {}
    for v in chain.from_iterable(told):
        before = known.get(v.n, v)
        known[v.n] = Version(
            v.n,
            v.submitted_at or before.submitted_at,
            before.title if v.title is None else v.title,
            before.abstract if v.abstract is None else v.abstract,
        )
    return tuple(known[n] for n in sorted(known))


def _authors(newer: tuple[Author, ...], older: tuple[Author, ...]) -> tuple[Author, ...]:
    """The newer names; where they are the same, with the affiliations that only one source has."""
    same = [a.name for a in newer] == [a.name for a in older]
    return older if not newer or (same and not any(a.affiliations for a in newer)) else newer
