"""The places and quotes that an answer names in square brackets, in all the ways models write it.

Read in one pass, whose time grows with the answer's length and not faster: an answer may repeat
what a hostile paper told the model to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST = 600  # characters of a quote; the model is asked for a few words
_LONGEST_FENCE = 8  # backticks around code
_FLAGS = re.IGNORECASE | re.ASCII

_ID = (
    r"(?:(?:S|A|Ch|Pt|I)x?\d{1,4}(?:\.[A-Za-z]{1,12}\d{1,4}){0,6}|bib|abstract|front)"
    r"(?![A-Za-z0-9])"
)
_NUMBER = (
    r"(?:\d{1,2}(?:\.\d{1,3}){0,4}|[IVX]{1,6}(?:-[A-Z]\d?)?|[A-Z](?:\.\d{1,3}){0,4})(?![A-Za-z0-9])"
)
_PLACE = re.compile(
    r"[*_\s]*(?:(?:pages?\s*|pp?\.?\s*|第\s*(?=\d+\s*页))(?P<page>\d{1,4})(?![\w.])"
    r"(?:\s*[-\u2013]\s*\d{1,4})?(?:\s*页)?"
    rf"|(?:§+\s*|sections?\s+|secs?\.?\s*|appendix\s+|app\.\s*)?(?P<id>{_ID})"
    rf"|(?:§+\s*|sections?\s+|secs?\.?\s*|appendix\s+|app\.\s*|第\s*)(?P<number>{_NUMBER})(?:\s*[节章])?"
    r"|(?P<abstract>摘要))[*_]{0,2}",
    _FLAGS,
)
_COLON = re.compile(r"\s*[:：]\s*")
_GAP = re.compile(r"\s*(?:[:：,，]|[-–—])?\s*[*_]{0,2}")
_NEXT = re.compile(r"\s*(?:[;；,，、]|\band\b|以及|和)\s*(?:and\s+|see\s+)?", re.IGNORECASE)
_CLOSE = re.compile(r"\s*[\]】］]")
# A thing of the place, beside it: `[S3, Table 2]`.
_ASIDE = re.compile(
    r"[\s,，(（]*(?:tab|fig|eq|alg|theorem|lemma|footnote|表|图|式)[^\[\]【】;；\n]{0,60}",
    re.IGNORECASE,
)
_UNQUOTED = re.compile(r"[^\[\]【】［］;；\n]{1,400}")
_AFTER = r"[*_]{0,2}\s*(?=[\]】］;；,，、]|and\b|以及|和)"
_QUOTES = {
    opening: re.compile(closing + _AFTER)
    for opening, closing in (
        ('"', '["”]'), ("“", '[”"]'), ("”", "”"), ("「", "」"), ("『", "』"), ("«", "»"),
        ("'", "['’]"), ("‘", "[’']"), ("`", "`"),
    )
}  # fmt: skip
_LINK = re.compile(r"\(|:[ \t]*(?:https?:|<|#|/)")
_TOKEN = re.compile(r"\\.|`+|\$\$?|[\[【［]", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_DOLLAR = re.compile(r"(?<![\s\\])\$(?!\d)")
_DOLLARS = re.compile(r"\$\$")
_ROUND, _SQUARE = re.compile(r"\\\)"), re.compile(r"\\\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place with or without a quote. `certain` tells that the words stood in quotation marks:
    without, they may be the model's own."""

    start: int
    end: int
    place: str
    quote: str = ""
    certain: bool = True


def marks(answer: str, most: int) -> list[Mark]:
    """The marks of an answer in Markdown, at most so many; none within formulas, code and links."""
    found: list[Mark] = []
    for group in _Scanner(answer).groups():
        found.extend(group)
        if len(found) >= most:
            break
    return found[:most]


class _Ahead:
    """Where a pattern is found next: a question that is asked from ever later places."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self._text, self._pattern = text, pattern
        self._from, self._found = 0, pattern.search(text)

    def __call__(self, start: int) -> re.Match[str] | None:
        """The first occurrence that begins at `start` or later."""
        known = self._from <= start and (self._found is None or self._found.start() >= start)
        if not known:
            self._from, self._found = start, self._pattern.search(self._text, start)
        return self._found


class _Scanner:
    def __init__(self, answer: str) -> None:
        self._answer = answer
        self._ahead: dict[str, _Ahead] = {}

    def groups(self) -> Iterator[list[Mark]]:
        """The marks of each bracket that has some."""
        at = 0
        while token := _TOKEN.search(self._answer, at):
            text, at = token[0], token.end()
            if text in "[【［":
                group, at = self._bracket(at)
                if group:
                    yield group
            else:
                at = self._skipped(text, at)

    def _next(self, pattern: re.Pattern[str], start: int) -> re.Match[str] | None:
        ahead = self._ahead.get(pattern.pattern)
        if ahead is None:
            ahead = self._ahead[pattern.pattern] = _Ahead(self._answer, pattern)
        return ahead(start)

    def _skipped(self, opening: str, at: int) -> int:
        """Where the code or formula ends that begins before `at`; `at` if it is none."""
        if len(opening) > _LONGEST_FENCE:
            return at
        if opening[0] == "`":
            closing: re.Pattern[str] | None = re.compile(rf"(?<!`){opening}(?!`)")
        else:
            closing = {"$": _DOLLAR, "$$": _DOLLARS, r"\(": _ROUND, r"\[": _SQUARE}.get(opening)
        end = self._next(closing, at) if closing else None
        if end is None:
            return at
        if opening == "$":
            blank_line = self._next(_BLANK_LINE, at)
            ends = blank_line is not None and blank_line.start() < end.start()
            if ends or self._answer[at : at + 1].isspace():
                return at
        return end.end()

    def _bracket(self, start: int) -> tuple[list[Mark], int]:
        """The marks of a bracket that begins before `start`, and where to go on: what was read as
        marks is not read again, even if the bracket then turns out to be something else."""
        group: list[Mark] = []
        at = start
        while mark := self._mark(at, group[-1].place if group else ""):
            group.append(mark)
            aside = _ASIDE.match(self._answer, mark.end)
            at = aside.end() if aside else mark.end
            if close := _CLOSE.match(self._answer, at):
                is_link = _LINK.match(self._answer, close.end())
                return ([] if is_link else group), close.end()
            following = _NEXT.match(self._answer, at)
            if not following:
                break
            at = following.end()
        return [], at

    def _mark(self, at: int, before: str) -> Mark | None:
        """The mark at a position; a quote alone belongs to the place `before` it."""
        named = _PLACE.match(self._answer, at)
        if not named:
            quoted = self._quoted(at) if before else None
            return Mark(at, quoted[1], before, quoted[0]) if quoted else None
        start = at + len(named[0]) - len(named[0].lstrip("*_ \t\n"))
        place = f"p{int(named['page'])}" if named["page"] else named["id"] or named["number"]
        place = place or "abstract"
        gap = _GAP.match(self._answer, named.end())
        quoted = self._quoted(gap.end() if gap else named.end())
        if quoted:
            return Mark(start, quoted[1], place, quoted[0])
        colon = _COLON.match(self._answer, named.end())
        said = _UNQUOTED.match(self._answer, colon.end()) if colon else None
        if said:
            return Mark(start, said.end(), place, said[0].strip(), certain=False)
        return Mark(start, named.end(), place)

    def _quoted(self, at: int) -> tuple[str, int] | None:
        """The quote that begins at a position, and where it ends."""
        closing = _QUOTES.get(self._answer[at : at + 1])
        end = self._next(closing, at + 1) if closing else None
        if end is None or end.start() - at > _LONGEST:
            return None
        quote = self._answer[at + 1 : end.start()]
        return None if _BLANK_LINE.search(quote) else (quote, end.end())
