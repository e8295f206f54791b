"""Faults of what is told: yesterday's day for today's, part of a day, items that lack something."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from tests.local_arxiv.fault_kinds import Fault
from tests.local_arxiv.world import Current, Line, World


@dataclass(frozen=True)
class Content:
    """What is wrong with it. The same papers are struck in every answer of one seed.

    `part` is the share of papers that a part of a day has; of the others a third is struck.
    """

    faults: frozenset[Fault] = frozenset()
    seed: int = 1
    part: float = 0.5

    def day_told(self, world: World, day: date) -> date:
        """The day whose announcement a feed has: the last one's, where it is yesterday's."""
        if not self.faults & {Fault.YESTERDAY, Fault.YESTERDAY_AS_TODAY}:
            return day
        return max((d for d in world.days if d < day), default=day - timedelta(days=1))

    def date_told(self, told: date, day: date) -> date:
        """The date that such a feed bears."""
        return day if Fault.YESTERDAY_AS_TODAY in self.faults else told

    def lines_told(self, world: World, day: date, lines: list[Line]) -> list[Line]:
        """What becomes of a feed's lines."""
        lines = [line for line in lines if not self._is_late(world, day, line)]
        if Fault.NO_AUTHORS in self.faults:
            lines = [self._without_authors(line) for line in lines]
        if Fault.NO_CATEGORY in self.faults:
            lines = [self._without_categories(line) for line in lines]
        if Fault.SHUFFLED in self.faults:
            lines = lines + [line for line in lines if self._draws("twice", line.paper)]
            Random(self.seed).shuffle(lines)
        return lines

    def is_known_to_oai(self, paper: Current, today: date) -> bool:
        """Whether OAI-PMH lists a paper yet."""
        late = Fault.UNKNOWN_TO_OAI in self.faults and paper.datestamp == today
        return not (late and self._draws("unknown", paper))

    def _is_late(self, world: World, day: date, line: Line) -> bool:
        if world.first_day(line.paper.record.id) == day:
            part = Fault.PART_OF_NEW
        elif line.kind == "cross":
            part = Fault.PART_OF_CROSS_LISTS
        else:
            part = Fault.PART_OF_REPLACEMENTS
        return part in self.faults and self._draws("late", line.paper, 1 - self.part)

    def _without_authors(self, line: Line) -> Line:
        if not self._draws("anonymous", line.paper):
            return line
        record = replace(line.paper.record, authors=())
        return line._replace(paper=line.paper._replace(record=record))

    def _without_categories(self, line: Line) -> Line:
        if not self._draws("uncategorised", line.paper):
            return line
        return line._replace(paper=line.paper._replace(categories=()))

    def _draws(self, what: str, paper: Current, share: float = 1 / 3) -> bool:
        return Random(f"{what} {self.seed} {paper.record.id}").random() < share


TRUE = Content()
