"""What happened at arXiv: papers as they were on each day, and the rows that announced them.

arXiv keeps one "update" row for each day, category and paper, with an action. What a feed or a
list page says (new, cross, replace, replace-cross) follows from those rows *and* from the
categories asked for together: see `World.listing`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
NONEXCLUSIVE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
EARLIEST_DATESTAMP = date(2005, 9, 16)  # all older records changed then
KINDS = ("new", "cross", "replace", "replace-cross")  # in the order of a list page


class Action(IntEnum):
    """What an update row says; of several for one paper the lowest counts."""

    NEW = 0
    CROSS = 1
    REPLACE = 2


class Update(NamedTuple):
    """On `day` the paper was announced in `category`; `version` was its current one."""

    day: date
    category: str
    id: str
    action: Action
    version: int


@dataclass(frozen=True, slots=True)
class Record:
    """A paper over its whole life.

    `categories` holds (from this day on, categories with the primary first), oldest first;
    `versions` the submission times of v1, v2, … in UTC, those still to come included.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[tuple[date, tuple[str, ...]], ...]
    versions: tuple[datetime, ...]
    comment: str | None = None
    licence: str | None = NONEXCLUSIVE
    doi: str | None = None
    journal_ref: str | None = None
    classes: tuple[str, ...] = ()  # ACM and MSC classes: only the API mixes them in
    withdrawn: int | None = None  # the version that withdraws it

    def categories_on(self, day: date) -> tuple[str, ...]:
        """The categories it had on a day; before its first one, those it began with."""
        place = bisect_right([since for since, _ in self.categories], day)
        return self.categories[max(place - 1, 0)][1]


class Current(NamedTuple):
    """A paper as it stood on a day; `datestamp` is the listing day of its last change."""

    record: Record
    categories: tuple[str, ...]
    version: int
    datestamp: date

    @property
    def withdrawn(self) -> bool:
        return self.record.withdrawn is not None and self.version >= self.record.withdrawn


class Line(NamedTuple):
    """One line of a listing; `kind` is one of KINDS."""

    kind: str
    paper: Current


class World:
    """All papers and update rows. `conflicts` counts what its makers had to settle, by reason."""

    def __init__(
        self,
        records: Iterable[Record],
        updates: Iterable[Update],
        conflicts: Counter[str] | None = None,
    ) -> None:
        self.records = {record.id: record for record in records}
        self.updates = sorted(set(updates))
        self.conflicts: Counter[str] = conflicts or Counter()
        self._by_day: dict[date, list[Update]] = defaultdict(list)
        self._history: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for row in self.updates:
            self._by_day[row.day].append(row)
            self._history[row.id].append((row.day, row.version))
        self._changed: tuple[date | None, list[Current]] = (None, [])

    @property
    def days(self) -> list[date]:
        """Every day with an announcement."""
        return sorted(self._by_day)

    def first_day(self, paper_id: str) -> date:
        """The day on which a paper was announced."""
        return self._history[paper_id][0][0]

    def as_of(self, paper_id: str, day: date) -> Current | None:
        """The paper as it stood after that day's announcement; None when it wasn't there yet."""
        history = self._history.get(paper_id, [])
        place = bisect_right([since for since, _ in history], day)
        if not place:
            return None
        record, (datestamp, _) = self.records[paper_id], history[place - 1]
        version = max(n for since, n in history[:place])
        stamp = max(datestamp, EARLIEST_DATESTAMP)
        return Current(record, record.categories_on(day), version, stamp)

    def listing(
        self, day: date, categories: Collection[str], replaced_below: int = 1000
    ) -> list[Line]:
        """A day's lines as seen from some categories together, in the order of the page.

        For each paper the best action over the categories counts. It is `new` or `replace` when
        its primary category is among them, else `cross` or `replace-cross`; but a paper *newly*
        cross-listed is `cross` in any case. Replacements from version `replaced_below` on are
        left out: feeds leave out those from 6 on.
        """
        best: dict[str, Action] = {}
        for row in self._by_day.get(day, ()):
            left_out = row.action is Action.REPLACE and row.version >= replaced_below
            if row.category in categories and not left_out:
                best[row.id] = min(row.action, best.get(row.id, row.action))
        lines = (self._line(paper_id, action, day, categories) for paper_id, action in best.items())
        return sorted(lines, key=lambda line: (KINDS.index(line.kind), line.paper.record.id))

    def _line(self, paper_id: str, action: Action, day: date, categories: Collection[str]) -> Line:
        paper = self.as_of(paper_id, day)
        assert paper, f"{paper_id} is announced on {day} and not there"
        at_home = paper.categories[0] in categories
        if action is Action.REPLACE:
            return Line("replace" if at_home else "replace-cross", paper)
        return Line("new" if action is Action.NEW and at_home else "cross", paper)

    def all_as_of(self, day: date) -> list[Current]:
        """Every paper there was on a day, by datestamp and id: what OAI-PMH lists."""
        if self._changed[0] != day:
            papers = [paper for name in self.records if (paper := self.as_of(name, day))]
            papers.sort(key=lambda paper: (paper.datestamp, paper.record.id))
            self._changed = (day, papers)
        return self._changed[1]


def previous_weekday(day: date) -> date:
    """The last Monday to Friday before a day."""
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))


def cut_off(day: date) -> datetime:
    """When submissions for the listing of `day` closed: 14:00 ET on the weekday before, in UTC."""
    return datetime.combine(previous_weekday(day), time(14), EASTERN).astimezone(UTC)


def submission_time(day: date, place: int, count: int) -> datetime:
    """When the paper at `place` (from 0) of `count` came in for the listing of `day`."""
    start, end = cut_off(previous_weekday(day)), cut_off(day)
    return (start + (end - start) * (place + 1) / (count + 1)).replace(microsecond=0)


def listing_day(now: datetime, hours_ahead: float = 0) -> date:
    """The day it is in New York, where a listing may be out some hours before its midnight."""
    return (now.astimezone(UTC) + timedelta(hours=hours_ahead)).astimezone(EASTERN).date()
