r"""An author line, as arXiv's sources write it, to authors; and a name from OAI's parts.

arXiv asks for names parted by commas or "and", with affiliations in parentheses after a name, or
keys there that a list at the end explains; a collaboration may stand first, ended by a colon:

    A. Smith (MIT), B. Jones, Jr. and C. Lee (CERN)
    A. Smith (1), B. Jones (1 and 2) ((1) MIT, (2) CERN)
    ATLAS Collaboration: G. Aad, B. Abbott, et al.
    A. Smith, for the Belle Collaboration

https://info.arxiv.org/help/prep.html#author. An affiliation is only given to the name it follows.
Names are kept as written, TeX and all. Nothing here raises, and time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.paper import Author
from app.domain.tex import clean

# What parts names outside of brackets. "The CMS and LHCb Collaborations" is one name.
_TOKEN = re.compile(
    r"(?P<end>[,;]|:(?!\S)|(?<!\S)and(?!\S)(?!\s\S+\s[Cc]ollaborations\b)|(?<!\S)\\?&(?!\S))"
    r"|\\.|(?P<bracket>[(){}])"
)
_OPENING = {")": "(", "}": "{"}
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Ph\.?\s?D|M\.?D)\.?")
_KEY = r"(?:\d{1,3}|[a-z]|\*+|[†‡§¶])"
_KEYS = re.compile(rf"\s*{_KEY}(?:(?:\s*[,;&]\s*|\s+and\s+|\s+){_KEY})*+\s*")
_ONE_KEY = re.compile(_KEY)
_BRACKETED = re.compile(rf"\(\s*({_KEY})\s*\)")
_BARE = re.compile(r"(?:^|[,;]\s*)\(?(\d{1,2})[\s:.)-]+")
_TABLE = re.compile(rf"\s*(?:\(\s*{_KEY}\s*\)|\d{{1,2}}[\s:.)-]+(?!and\b)[^\W\d])")
_TABLE_BEGINS = re.compile(rf"\s*\(\s*{_KEY}\s*\)\s*[^\s,;(]")


def split_authors(text: str) -> tuple[Author, ...]:
    """The authors of an author line, in its order; none if it holds no name."""
    line = " ".join(clean(text).split())
    authors: list[Author] = []
    explained: dict[str, str] = {}
    for start, end, groups in _pieces(line):
        if authors and _TABLE_BEGINS.match(line, start, end):
            explained |= _table(line[start:])
            break
        name, notes = _name_and_notes(line, start, end, groups)
        for note in filter(_TABLE.match, notes):
            explained |= _table(note)
        _add(authors, name, tuple(note for note in notes if not _TABLE.match(note)))
    return tuple(Author(author.name, _resolved(author, explained)) for author in authors)


def from_parts(keyname: str, forenames: str = "", suffix: str = "") -> str:
    """One name from the parts that OAI's `arXiv` format gives: "Forenames Keyname Suffix"."""
    return " ".join(clean(f"{forenames} {keyname} {suffix}").split())


def _matches(line: str) -> dict[int, int]:
    """Where each bracket that has a partner is closed. One without is a character like others."""
    closed: dict[int, int] = {}
    open_at: dict[str, list[int]] = {"(": [], "{": []}
    for token in _TOKEN.finditer(line):
        bracket = token["bracket"]
        if bracket in open_at:
            open_at[bracket].append(token.start())
        elif bracket and open_at[_OPENING[bracket]]:
            closed[open_at[_OPENING[bracket]].pop()] = token.start()
    return closed


def _pieces(line: str) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """What stands between separators: start, end, and the spans of the outermost `(…)` in it."""
    closed = _matches(line)
    start = at = 0
    groups: list[tuple[int, int]] = []
    while token := _TOKEN.search(line, at):
        at = token.end()
        if token["end"]:
            yield start, token.start(), groups
            start, groups = at, []
        elif token.start() in closed:
            at = closed[token.start()] + 1
            if token["bracket"] == "(":
                groups.append((token.start(), at))
    yield start, len(line), groups


def _name_and_notes(
    line: str, start: int, end: int, groups: list[tuple[int, int]]
) -> tuple[str, list[str]]:
    """The name, and what its closing groups hold: `Maria (Mia) Ito (MIT)` has one such."""
    notes: list[str] = []
    for opens, closes in reversed(groups):
        if line[closes:end].strip():
            break
        notes.insert(0, line[opens + 1 : closes - 1].strip())
        end = opens
    return line[start:end].strip(), notes


def _add(authors: list[Author], name: str, notes: tuple[str, ...]) -> None:
    """Add an author; a suffix parted by a comma, or a note after one, goes to the one before."""
    is_name = any(char.isalpha() for char in name)
    if is_name and not (authors and _SUFFIX.fullmatch(name)):
        authors.append(Author(name, notes))
    elif authors:
        last = authors[-1]
        whole = f"{last.name} {name}" if is_name else last.name
        authors[-1] = Author(whole, last.affiliations + notes)


def _table(text: str) -> dict[str, str]:
    """`(1) MIT, (2) CERN` or `1 MIT; 2 CERN` as a dictionary."""
    parts = _BRACKETED.split(text)
    if len(parts) == 1:
        parts = _BARE.split(text)
    return {key: place.strip(" ,;:.") for key, place in zip(parts[1::2], parts[2::2], strict=True)}


def _resolved(author: Author, explained: dict[str, str]) -> tuple[str, ...]:
    """The author's affiliations; keys are replaced by what they stand for, or left out."""
    places: list[str] = []
    for note in filter(None, author.affiliations):
        if _KEYS.fullmatch(note):
            keys = _ONE_KEY.findall(note.replace("and", " "))
            places += [explained[key] for key in keys if explained.get(key)]
        else:
            places.append(note)
    return tuple(places)
