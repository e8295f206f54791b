"""The parts of a paper while its page is read: which is open, its title, its footnotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from app.domain.fulltext import FRONT, Kind, Part
from app.sources.wording import Words

_MOST = 2000  # parts; what comes after stays in the last
_DEEPEST = 9
_PLACE = re.compile(r"[A-Za-z][\w.:-]{0,80}", re.ASCII)
_KINDS = (
    (re.compile(r"(?:\S{1,8} )?(?:references|bibliography)\W*", re.IGNORECASE), Kind.REFERENCES),
    (re.compile(r"(?:\S{1,8} )?(?:appendi(?:x|ces)|supplement\w*)\b.*", re.I), Kind.APPENDIX),
)


def kind_of(title: str) -> Kind:
    """What a part with this title is: some papers set their references as a section."""
    return next((kind for said, kind in _KINDS if said.fullmatch(title)), Kind.BODY)


@dataclass(slots=True)
class _Open:
    place: str
    level: int
    kind: Kind
    title: str = ""
    titled: bool = False
    words: Words = field(default_factory=Words)


@dataclass(slots=True)
class _Note:
    mark: str = ""
    words: Words = field(default_factory=Words)


class Sections:
    """Parts in the order of their beginnings, and where the next words go."""

    def __init__(self) -> None:
        front = _Open(FRONT, 0, Kind.BODY)
        self._all = [front]
        self._open = [front]
        self._notes: list[_Note] = []  # being written, in one another
        self._finished: list[str] = []  # to be set under their paragraph
        self._title: Words | None = None

    @property
    def words(self) -> Words:
        """Where the next words go."""
        if self._notes:
            return self._notes[-1].words
        return self._title or self._open[-1].words

    def begin(self, place: str, kind: Kind) -> Callable[[], None]:
        """Begin a part within the open one, whose kind it shares unless it has its own."""
        if len(self._all) >= _MOST or self._notes:
            return self.words.block
        around = self._open[-1]
        named = place if _PLACE.fullmatch(place) else around.place
        kind = around.kind if kind == Kind.BODY else kind
        part = _Open(named, min(around.level + 1, _DEEPEST), kind)
        self._all.append(part)
        self._open.append(part)
        return self._end

    def _end(self) -> None:
        self.end_notes()
        self._open.pop()

    def begin_title(self, document: bool) -> Callable[[], None]:
        """Begin a title: of the paper, of the part just begun, or of a paragraph in it."""
        part = self._open[0] if document else self._open[-1]
        if part.titled or self._title or self._notes or (part.level == 0 and not document):
            return self.words.glue
        part.titled = True
        self._title = Words()
        return lambda: self._end_title(part)

    def _end_title(self, part: _Open) -> None:
        part.title = " ".join((self._title or Words()).text().split())
        self._title = None
        if part.kind == Kind.BODY and part.level == 1:
            part.kind = kind_of(part.title)

    def begin_note(self) -> Callable[[], None]:
        """Begin a footnote, which is set under the paragraph: a sentence stays in one piece."""
        if len(self._notes) >= 3:
            return _nothing
        self._notes.append(_Note())
        return self._end_note

    def note_mark(self, node: LexborNode, classes: Iterable[str]) -> None:
        """An element that is left out; if it is a footnote's number, it will stand before it."""
        if "ltx_note_mark" in classes and self._notes and not self._notes[-1].mark:
            self._notes[-1].mark = node.text().strip()[:10]

    def _end_note(self) -> None:
        note = self._notes.pop()
        text = " ".join(note.words.text().split())
        if text:
            self._finished.append(f"{f'Footnote {note.mark}'.strip()}: {text}")

    def end_notes(self) -> None:
        """Set the finished footnotes here, unless in the midst of something."""
        if self._notes or self._title or not self._finished:
            return
        for note in self._finished:
            self.words.line()
            self.words.say(note)
        self._finished = []
        self.words.block()

    def parts(self) -> tuple[Part, ...]:
        """All parts that have a title or words."""
        self.end_notes()
        made = (Part(p.place, p.title, p.level, p.kind, p.words.text()) for p in self._all)
        return tuple(part for part in made if part.text or part.title)


def _nothing() -> None:
    """A note too deep in notes is part of the one around it."""
