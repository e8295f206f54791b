"""What Markdown must not see of an answer: its formulas and its evidence, set aside.

Markdown would read a formula's `_`, `*` and `|` as its own. So each formula and each evidence is
first put aside, as finished HTML, and one character of a private plane stands in its place until
Markdown is done. No answer can forge such a character: its own are replaced before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.tex import clean

_FIRST = 0xF0000
LONGEST = 100_000  # characters of an answer; there is a private character for each
_PRIVATE = re.compile("[\U000f0000-\U0010ffff]")
_NUMBERED = re.compile(r"&#(?:([0-9]{1,20})|[xX]([0-9a-fA-F]{1,20}));?")


class Held(NamedTuple):
    """Something set aside: its HTML, and the source that stands in its place within code."""

    shown: str
    source: str
    display: bool = False


@dataclass(slots=True)
class Aside:
    """All that was set aside of one answer."""

    _held: list[Held] = field(default_factory=list)

    def put(self, held: Held) -> str:
        """The character that stands for it."""
        self._held.append(held)
        return chr(_FIRST + len(self._held) - 1)

    def shown(self, escaped: str) -> str:
        """Text (already HTML) with what was set aside of it."""
        return _PRIVATE.sub(lambda match: self._at(match[0]).shown, escaped)

    def source(self, text: str) -> str:
        """Text as the answer has it."""
        return _PRIVATE.sub(lambda match: self._at(match[0]).source, text)

    def is_display(self, char: str) -> bool:
        """Whether it stands for a formula on lines of its own."""
        return bool(_PRIVATE.match(char)) and self._at(char).display

    def _at(self, char: str) -> Held:
        index = ord(char) - _FIRST
        return self._held[index] if index < len(self._held) else Held("", "")


def told(text: str) -> str:
    """Text without what no text may hold, nor in the disguise of an entity."""
    return _NUMBERED.sub(_entity, _PRIVATE.sub("\ufffd", clean(text.replace("\t", "    "))))


def _entity(match: re.Match[str]) -> str:
    point = int(match[1]) if match[1] else int(match[2], 16)
    if point > 0x10FFFF:
        return match[0]
    char = chr(point)
    return match[0] if char == clean(char) and not _PRIVATE.match(char) else "\ufffd"
