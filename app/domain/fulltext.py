"""A paper's full text as a reader would read it: parts with places to point at, and what was cut.

A part of an HTML paper is a section, its place the anchor that LaTeXML gave it (`S2.SS1`;
`abstract` for the abstract, `front` for what stands outside of any section). A part of a PDF is a
page, its place `p3`: the file's third page, whatever number is printed on it. Several parts may
share a place: a page on which the references begin is two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

ABSTRACT = "abstract"
FRONT = "front"  # title, authors, and paragraphs outside of any section

_MARK = "[… {} characters left out …]"
_MARK_LENGTH = 50  # with its line ends; more than any number of characters takes
_BACK = 80  # characters to go back for a blank, so that no word is cut


class Origin(StrEnum):
    """What the text was read from; ABSTRACT where neither HTML nor PDF had any to read."""

    HTML = "html"
    PDF = "pdf"
    ABSTRACT = "abstract"


class Kind(StrEnum):
    """What a part is, as far as it decides which goes first when a text is too long."""

    BODY = "body"
    APPENDIX = "appendix"
    REFERENCES = "references"


class Reason(StrEnum):
    """Why a paper has no readable text (`errors.Unreadable.reason`): a page has words for each."""

    NO_FILES = "no files"  # withdrawn, or its source is kept in no form that arXiv shows
    NOT_PDF = "not a PDF"
    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    NO_PAGES = "no pages"
    NO_TEXT = "no text"  # scanned, drawn as shapes, or with fonts that name no letters
    COSTLY = "costly"  # takes more time or memory than is allowed


@dataclass(frozen=True, slots=True)
class Part:
    """A section or a page. `title` has its number (`2.1 Method`); `level` is 1 for a section."""

    place: str
    title: str
    level: int
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left out of a place; `characters` is 0 where nobody counted (pages never read)."""

    place: str
    title: str
    characters: int


@dataclass(frozen=True, slots=True)
class FullText:
    """A paper's text, with the number of characters in it that no reader could see: they are not in
    the parts. A handful is common (`\\phantom` in tables)."""

    origin: Origin
    parts: tuple[Part, ...]
    hidden: int = 0
    cut: tuple[Cut, ...] = ()


def of_abstract(title: str, abstract: str) -> FullText:
    """The stated fallback."""
    return FullText(Origin.ABSTRACT, (Part(ABSTRACT, title, 1, Kind.BODY, abstract),))


def material(text: FullText) -> str:
    """The text as a model is shown it: each part under a line with its place, `[S2.SS1] 2.1 Method`
    or `[p3]`. The same bytes every time, which is what a provider's prompt cache lives on."""
    return "\n\n".join(map(_shown, text.parts))


def fitted(text: FullText, characters: int) -> FullText:
    """`text` cut until `material` has at most so many characters.

    References go first, then appendices, then the middle of the longest parts; where something was
    is marked in the text, and what it was is added to `cut`. Where even the marks don't fit, the
    last parts go. To be given the whole text, not one cut before.
    """
    parts, left_out = list(text.parts), dict[int, int]()
    for kind in (Kind.REFERENCES, Kind.APPENDIX, Kind.BODY):
        over = _length(parts) - characters
        if over > 0:
            left_out |= _shorten(
                [n for n, part in enumerate(parts) if part.kind == kind], parts, over
            )
    kept = _fitting(parts, characters)
    left_out |= {n: len(text.parts[n].text) for n in range(kept, len(parts))}
    cuts = (Cut(text.parts[n].place, text.parts[n].title, left_out[n]) for n in sorted(left_out))
    return replace(text, parts=tuple(parts[:kept]), cut=(*text.cut, *cuts))


def as_json(text: FullText) -> dict[str, Any]:
    """A form that `json.dumps` takes and `from_json` reads."""
    return {
        "origin": text.origin.value,
        "parts": [[p.place, p.title, p.level, p.kind.value, p.text] for p in text.parts],
        "hidden": text.hidden,
        "cut": [[c.place, c.title, c.characters] for c in text.cut],
    }


def from_json(kept: dict[str, Any]) -> FullText:
    """What `as_json` was given. Raises KeyError, ValueError or TypeError for anything else."""
    return FullText(
        Origin(kept["origin"]),
        tuple(Part(at, title, level, Kind(kind), t) for at, title, level, kind, t in kept["parts"]),
        kept["hidden"],
        tuple(Cut(*row) for row in kept["cut"]),
    )


def _shown(part: Part) -> str:
    head = f"[{part.place}] {part.title}".rstrip()
    return f"{head}\n{part.text}" if part.text else head


def _length(parts: Sequence[Part]) -> int:
    return sum(len(_shown(part)) for part in parts) + 2 * max(0, len(parts) - 1)


def _shorten(which: Sequence[int], parts: list[Part], over: int) -> dict[int, int]:
    """Take `over` characters out of these parts, or what there is, and tell how many of each: the
    longest are cut to one length, which is the greatest that is enough."""
    lengths = [len(parts[n].text) for n in which]
    least, most = _MARK_LENGTH, max(lengths, default=0)
    while least < most:
        level = (least + most + 1) // 2
        saved = sum(max(0, length - level) for length in lengths)
        least, most = (level, most) if saved >= over else (least, level - 1)
    left_out = {}
    for n in which:
        if len(parts[n].text) > least:
            text, left_out[n] = _without_middle(parts[n].text, least)
            parts[n] = replace(parts[n], text=text)
    return left_out


def _without_middle(text: str, length: int) -> tuple[str, int]:
    """Beginning and end of a text with a mark between them, at most `length` characters; and how
    many characters the mark stands for."""
    half = max(0, length - _MARK_LENGTH) // 2
    head, tail = _up_to_a_blank(text[:half]), _from_a_blank(text[len(text) - half :])
    missing = len(text) - len(head) - len(tail)
    return "\n".join(part for part in (head, _MARK.format(missing), tail) if part), missing


def _up_to_a_blank(text: str) -> str:
    """Without the word that is cut off at the end; Chinese has no blanks to go back to."""
    near = max(0, len(text) - _BACK)
    found = max(text.rfind(" ", near), text.rfind("\n", near))
    return text[:found].rstrip() if found >= 0 else text


def _from_a_blank(text: str) -> str:
    found = [at for at in (text.find(" ", 0, _BACK), text.find("\n", 0, _BACK)) if at >= 0]
    return text[min(found) :].lstrip() if found else text


def _fitting(parts: Sequence[Part], characters: int) -> int:
    """How many of the first parts fit as they are."""
    total = 0
    for n, part in enumerate(parts):
        total += len(_shown(part)) + (2 if n else 0)
        if total > characters:
            return n
    return len(parts)
