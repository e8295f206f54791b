"""A paper being invented, and the identifiers to give out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from tests.local_arxiv.world import NONEXCLUSIVE, Action, Record, Update, previous_weekday


@dataclass(slots=True)
class Draft:
    """A paper being invented: a Record that can still change."""

    id: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: list[tuple[date, tuple[str, ...]]]
    versions: list[datetime]
    comment: str | None = None
    licence: str | None = NONEXCLUSIVE
    doi: str | None = None
    journal_ref: str | None = None
    classes: tuple[str, ...] = ()
    withdrawn: int | None = None
    is_plain: bool = False
    rows: list[Update] = field(default_factory=list)

    @property
    def now_in(self) -> tuple[str, ...]:
        """The latest categories."""
        return self.categories[-1][1]

    def announce(self, day: date) -> None:
        """New on a day: a row in its primary and in every cross-listed category."""
        self.rows += [Update(day, name, self.id, Action.NEW, 1) for name in self.now_in]

    def cross_list(self, day: date, *into: str) -> None:
        """Newly cross-listed: a row in the added categories only."""
        self.categories.append((day, (*self.now_in, *into)))
        version = len(self.versions)
        self.rows += [Update(day, name, self.id, Action.CROSS, version) for name in into]

    def replace(self, day: date, at: datetime) -> None:
        """A new version: a row in each of its categories."""
        self.versions.append(at)
        version = len(self.versions)
        self.rows += [Update(day, name, self.id, Action.REPLACE, version) for name in self.now_in]

    def record(self) -> Record:
        """The finished paper."""
        return Record(
            self.id, self.title, self.authors, self.abstract, tuple(self.categories),
            tuple(self.versions), self.comment, self.licence, self.doi, self.journal_ref,
            self.classes, self.withdrawn,
        )  # fmt: skip


class Ids:
    """Identifiers in the order of announcement, one contiguous block a day."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def take(self, day: date) -> str:
        """The next identifier for the listing of a day: its month is that of submission."""
        month = f"{previous_weekday(day):%y%m}"
        self._last[month] = self._last.get(month, 0) + 1
        return f"{month}.{self._last[month]:05d}"
