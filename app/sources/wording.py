"""Words of a page put down in lines: blanks collapsed, blocks apart, table cells between bars."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Words:
    """Text in the making. Breaks are only written when something follows."""

    _pieces: list[str] = field(default_factory=list)
    _break: int = 0  # line ends owed before the next words
    _blank: bool = False  # a blank owed
    _glued: bool = False  # the next block begins on this line
    _cells: int = 0  # how deep in table cells
    _first: bool = True  # whether the next cell is its row's first

    def say(self, text: str) -> None:
        """Running text; a run of any blanks is one."""
        words = text.split()
        if not words:
            self._blank = self._blank or bool(text)
            return
        self._blank = self._blank or text[0].isspace()
        self._put(" ".join(words))
        self._blank = text[-1].isspace()

    def say_raw(self, text: str) -> None:
        """Text whose blanks matter: a program's line."""
        if text:
            self._put(text)

    def line(self) -> None:
        """What follows begins a line."""
        self._owe(1)

    def block(self) -> None:
        """What follows stands apart."""
        self._owe(2)

    def glue(self) -> None:
        """What follows stands on the same line, block or not: after a list's bullet."""
        self._glued = self._blank = True

    def row(self) -> None:
        """A table's next row."""
        self.line()
        self._first = self._first or not self._cells

    def cell(self) -> None:
        """A cell begins. Cells and lines within it stand on its line."""
        if not self._cells and not self._first:
            self._pieces.append(" |")
            self._blank = True
        self._first = self._first and bool(self._cells)
        self._cells += 1

    def end_cell(self) -> None:
        """The cell ends."""
        self._cells -= 1

    def text(self) -> str:
        """All of it."""
        return "".join(self._pieces).strip("\n ")

    def _owe(self, lines: int) -> None:
        if self._cells or self._glued:
            self._blank = True
        else:
            self._break = max(self._break, lines)

    def _put(self, text: str) -> None:
        if self._pieces and self._break:
            self._pieces.append("\n" * self._break)
        elif self._pieces and self._blank:
            self._pieces.append(" ")
        self._pieces.append(text)
        self._break, self._blank, self._glued = 0, False, False
