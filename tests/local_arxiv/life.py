"""One real paper's life as far as the files tell it, and completed where they don't."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from app.domain.arxiv_id import ArxivId
from tests.local_arxiv.names import TITLES
from tests.local_arxiv.world import (
    NONEXCLUSIVE,
    Action,
    Record,
    Update,
    previous_weekday,
    submission_time,
)

ELSEWHERE = "cs.LG"  # the primary category of a paper of which only cross-lists are known
UNNAMED = "N. N."  # the author of a paper whose record names none


class Row(NamedTuple):
    """A row of the data: listed on `day` in `listing`; `kind` is None where it couldn't be told."""

    day: date
    listing: str  # cs.AI, or the union cs.SD+eess.AS
    replaced: bool  # else new or cross-listed
    kind: str | None
    version: int | None

    @property
    def covers(self) -> tuple[str, ...]:
        """The categories whose papers the listing shows."""
        return tuple(self.listing.split("+"))


class Seen:
    """What the data knows of each day: the block of new identifiers, and the listings it has."""

    def __init__(self, blocks: dict[date, tuple[str, str]], rows: Iterable[Row]) -> None:
        self.blocks = blocks
        self._covered: dict[tuple[date, bool], set[str]] = defaultdict(set)
        for row in rows:
            self._covered[row.day, row.replaced].update(row.covers)
        self.ever: set[str] = set().union(*self._covered.values())
        self._places: dict[tuple[date, str], tuple[int, int]] = {}

    def covered(self, day: date, replaced: bool) -> set[str]:
        """The categories of which the data has the whole listing of a day, by section."""
        return self._covered[day, replaced]

    def is_new_on(self, paper_id: str, day: date) -> bool:
        """Whether an identifier lies in the day's block of new ones."""
        first, last = self.blocks[day]
        return first <= paper_id <= last

    def places(self, lives: Iterable[Life]) -> None:
        """Puts each day's papers in the order of their identifiers, for their times."""
        by_day: dict[date, list[str]] = defaultdict(list)
        for life in lives:
            for day in life.version_days:
                by_day[day].append(life.id)
        for day, ids in by_day.items():
            for place, paper_id in enumerate(sorted(ids)):
                self._places[day, paper_id] = (place, len(ids))

    def time_of(self, paper_id: str, day: date) -> datetime:
        """When the paper came in for the listing of a day; it grows with the identifier."""
        return submission_time(day, *self._places.get((day, paper_id), (0, 1)))


class Life:
    """A record of the corpus with its rows, turned into update rows and a Record."""

    def __init__(
        self, line: dict[str, Any], listed: list[Row], seen: Seen, conflicts: Counter[str]
    ) -> None:
        self.id: str = line["id"]
        self._line, self._seen, self._conflicts = line, seen, conflicts
        self._listed = sorted(listed, key=lambda row: row.day)
        self._first = self._first_day()
        self._named = self._named_categories()
        self.version_days: dict[date, int] = {self._first: 1}
        self._categories: list[tuple[date, tuple[str, ...]]] = []
        self.rows: list[Update] = []
        for day in sorted({self._first, *(row.day for row in self._listed)}):
            self._live(day, [row for row in self._listed if row.day == day])

    def record(self) -> Record:
        """The paper as the world keeps it."""
        line = self._line
        return Record(
            id=self.id,
            title=line["title"],
            authors=tuple(line.get("authors") or _names(line.get("authors_raw", ""))) or (UNNAMED,),
            abstract=line["abstract"],
            categories=tuple(self._categories),
            versions=self._versions(),
            comment=line.get("comment"),
            licence=line.get("license") or NONEXCLUSIVE,
            doi=line.get("doi"),
            journal_ref=line.get("journal_ref"),
            classes=tuple(name for name in line.get("categories", ()) if name not in TITLES),
        )

    def _first_day(self) -> date:
        """The day it was announced: told, or within whose block it lies, or in its id's month."""
        for row in self._listed:
            if not row.replaced and self._seen.is_new_on(self.id, row.day):
                return row.day
        if "announced" in self._line:
            return date.fromisoformat(self._line["announced"])
        called_new = [row.day for row in self._listed if row.kind == "new" and not row.replaced]
        if called_new:  # held up, so that its id lies below its day's block
            return called_new[0]
        if "published" in self._line:
            return previous_weekday(_moment(self._line["published"]).date() + timedelta(days=4))
        year, month = ArxivId.parse(self.id).month
        return previous_weekday(date(year, month, 15))

    def _named_categories(self) -> tuple[str, ...]:
        """The record's categories, or else the listings it was seen in, as first seen."""
        named = tuple(name for name in self._line.get("categories", ()) if name in TITLES)
        if named:
            return named
        seen_in = tuple(dict.fromkeys(row.covers[0] for row in self._listed))
        begins_here = any(row.day == self._first for row in self._listed)
        return seen_in if begins_here else (ELSEWHERE, *seen_in)

    def _live(self, day: date, rows: list[Row]) -> None:
        """One day on which something happened to it."""
        listed = {name: row for row in rows for name in self._within(row)}
        categories = self._ordered(self._as_of(day, listed), listed)
        self._categories.append((day, categories))
        version = self._version(day, rows)
        for name, row in listed.items():
            self.rows.append(Update(day, name, self.id, self._action(row), version))
        self._elsewhere(day, rows, version)

    def _within(self, row: Row) -> tuple[str, ...]:
        """Which of a listing's categories the paper is in: those it names, or the first."""
        named = tuple(name for name in row.covers if name in self._named)
        if not named:
            self._conflicts["listed where its record has no such category"] += 1
        return named or row.covers[:1]

    def _action(self, row: Row) -> Action:
        if row.replaced:
            return Action.REPLACE
        if row.kind == "new" and row.day != self._first:
            self._conflicts["new again on a later day"] += 1
        return Action.NEW if row.kind == "new" or row.day == self._first else Action.CROSS

    def _as_of(self, day: date, listed: dict[str, Row]) -> list[str]:
        """The categories it had on a day: those named, without any that came later."""
        kept = [name for name in self._named if name in listed or not self._came_later(name, day)]
        return kept + [name for name in listed if name not in kept]

    def _came_later(self, name: str, day: date) -> bool:
        if name not in self._seen.ever:
            return False
        days = [row.day for row in self._listed if name in row.covers and not row.replaced]
        if days:
            return min(days) > day
        # Never listed there, though its first day's listing is known: a change after these days.
        return name in self._seen.covered(self._first, False)

    def _ordered(self, names: list[str], listed: dict[str, Row]) -> tuple[str, ...]:
        """The primary category first: the data's kinds say which it is, or which it isn't."""
        at_home = [name for name, row in listed.items() if row.kind in ("new", "replace")]
        abroad = {name for name, row in listed.items() if row.kind in ("cross", "replace-cross")}
        if at_home and names[0] not in at_home:
            self._conflicts["primary category changed since"] += 1
        fit = [name for name in names if (name in at_home if at_home else name not in abroad)]
        primary = fit[0] if fit else ELSEWHERE
        return (primary, *(name for name in names if name != primary))

    def _version(self, day: date, rows: list[Row]) -> int:
        told = max((row.version or 0 for row in rows), default=0)
        before = max(self.version_days.values())
        replaced = any(row.replaced for row in rows)
        if day == self._first:
            return 1
        if replaced and told <= before:
            self._conflicts["replaced by no later version"] += 1
            told = before + 1
        version = max(told, before)
        if version > before:
            self.version_days[day] = version
        return version

    def _elsewhere(self, day: date, rows: list[Row], version: int) -> None:
        """Rows in the categories of which the data has no listing."""
        replaced = any(row.replaced for row in rows)
        if not replaced and day != self._first:
            return  # a new cross-list is announced in the added category only
        action = Action.REPLACE if replaced else Action.NEW
        known = self._seen.covered(day, replaced)
        for name in self._categories[-1][1]:
            if name not in known:
                self.rows.append(Update(day, name, self.id, action, version))

    def _versions(self) -> tuple[datetime, ...]:
        """Submission times: told, or in the day's window, or evenly between those known."""
        told = tuple(_moment(v["date"]) for v in self._line.get("versions", ()))
        if len(told) >= max(self.version_days.values()):
            return told
        known = {n: self._seen.time_of(self.id, day) for day, n in self.version_days.items()}
        if "published" in self._line:
            known[1] = min(_moment(self._line["published"]), known[1])
        times = [known[1]]
        for (n, start), (m, end) in pairwise(sorted(known.items())):
            times += [start + (end - start) * step / (m - n) for step in range(1, m - n + 1)]
        return tuple(moment.replace(microsecond=0) for moment in times)


def _names(line: str) -> list[str]:
    return [name for name in re.split(r",\s+|\s+and\s+", line) if name]


def _moment(text: str) -> datetime:
    """A time of the corpus, or noon of a day."""
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), time(12), UTC)
    return datetime.fromisoformat(text).astimezone(UTC)
