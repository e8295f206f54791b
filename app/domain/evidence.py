"""What an answer names as its evidence, looked up in the paper's text: is the quote there?

The model is told to put its evidence in square brackets: a place of the text, with or without a
short quote, several apart by semicolons: `[S2.SS1: "exact words"; p3]`. Models write it in many
ways, and all that can be meant is read (`app.domain.evidence_marks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.domain.evidence_marks import Mark, marks
from app.domain.fulltext import FullText
from app.domain.plain_words import Haystack, pieces

MOST = 300  # pieces of evidence of one answer; the others are left as text


class Found(StrEnum):
    """What became of a piece of evidence."""

    QUOTE = "quote"  # the quote is in the text, at `at`
    PLACE = "place"  # only a place was named, and there is one
    NOT_FOUND = "not found"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place or quote that an answer names.

    `start` and `end` are its positions in the answer, without the brackets around it. `place` is
    what the answer names, in the text's own spelling where it is a place of it; `at` where the
    evidence really is, which may be another, and empty where it is nowhere.
    """

    start: int
    end: int
    place: str
    quote: str
    found: Found
    at: str


def checked(answer: str, text: FullText) -> tuple[Evidence, ...]:
    """All evidence that an answer (Markdown) names, in its order."""
    index = _index(text)
    seen: dict[tuple[str, str], tuple[Found, str]] = {}
    result = []
    for mark in marks(answer, MOST):
        key = (mark.place, mark.quote)
        if key not in seen:
            seen[key] = index.look_up(mark)
        found, at = seen[key]
        place = index.place(mark.place) or mark.place
        quote = "" if found == Found.PLACE else mark.quote
        result.append(Evidence(mark.start, mark.end, place, quote, found, at))
    return tuple(result)


class _Index:
    """A text, ready to be searched."""

    def __init__(self, text: FullText) -> None:
        self._places = [part.place for part in text.parts]
        self._words = [Haystack(f"{part.title}\n{part.text}") for part in text.parts]
        self._names: dict[str, str] = {}
        for part in text.parts:
            self._names.setdefault(part.place.casefold(), part.place)
        for part in text.parts:  # `Section 2.1` is told by the number in a title
            words = part.title.casefold().split()
            named = words[1:2] if words[:1] == ["appendix"] else words[:1]
            for number in named:
                self._names.setdefault(number.rstrip(".:"), part.place)

    def place(self, name: str) -> str:
        """A part's place by its own name or its printed number, or that of the part around it
        (`S3.T1` is a table in S3); empty if there is none."""
        name = name.casefold()
        while name and name not in self._names:
            name = name.rpartition(".")[0]
        return self._names.get(name, "")

    def look_up(self, mark: Mark) -> tuple[Found, str]:
        """What is to be said of a mark, and where it is."""
        named = self.place(mark.place)
        if mark.quote:
            at = self._where(mark.quote, named)
            if at:
                return Found.QUOTE, at
            if mark.certain:
                return Found.NOT_FOUND, ""
        return (Found.PLACE, named) if named else (Found.NOT_FOUND, "")

    def _where(self, quote: str, named: str) -> str:
        """The place of a quote: the named one, else the first that has it."""
        wanted = pieces(quote)
        if not wanted:
            return ""
        order = sorted(range(len(self._places)), key=lambda n: self._places[n] != named)
        return next((self._places[n] for n in order if self._words[n].has(wanted)), "")


@lru_cache(maxsize=4)
def _index(text: FullText) -> _Index:
    """Six answers are checked against one text."""
    return _Index(text)
