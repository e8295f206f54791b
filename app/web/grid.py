"""Days × archives: how whole each archive's days are, at a glance and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.calendar import State
from app.domain.subjects import Archive, Subjects, archives
from app.store.days import DayState
from app.web.address import href
from app.web.language import Language
from app.web.pages import GridCell, GridDay, GridRow, Link
from app.web.params import ListQuery

# A shape each, for whoever can't tell the colours.
MARKS = {"whole": "✓", "partial": "◐", "expected": "○", "none": "–", "unknown": "·"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some days: the states of the `followed` categories, and new papers."""

    followed: Subjects
    days: Sequence[date]
    states: Mapping[date, Sequence[DayState]]
    new: Mapping[tuple[date, str], int]


def heads(known: Known, words: Language) -> tuple[GridDay, ...]:
    """The columns."""
    return tuple(GridDay(words.weekday(day), day.day, words.day(day)) for day in known.days)


def rows(known: Known, words: Language) -> tuple[GridRow, ...]:
    """One row for each archive of which something is followed."""
    members = {archive: Subjects.parse(archive.name) for archive in archives()}
    return tuple(
        GridRow(
            Link(href(archive.name), archive.name, archive.title),
            tuple(_cell(known, archive, names, day, words) for day in known.days),
        )
        for archive, names in members.items()
        if any(name in known.followed for name in names)
    )


def tone_words(words: Language) -> dict[str, str]:
    """What each tone is called."""
    return {
        "whole": words.say("whole"),
        "partial": words.say("partly seen"),
        "expected": words.say("nothing seen yet"),
        "none": words.say("no announcement"),
        "unknown": words.say("not fetched"),
    }


def _cell(known: Known, archive: Archive, names: Subjects, day: date, words: Language) -> GridCell:
    states = [s for s in known.states[day] if s.subject in names]
    wanted = sum(name in known.followed for name in names)
    new = sum(known.new.get((day, name), 0) for name in names)
    tone = _tone(states, wanted, new)
    papers = words.plural("%(n)s new paper", "%(n)s new papers", new)
    return GridCell(
        tone=tone,
        mark=MARKS[tone],
        count=str(new or ""),
        href=href(archive.name, ListQuery(day=day)),
        title=f"{archive.name}{words.comma}{words.short_day(day)}{words.colon}"
        f"{tone_words(words)[tone]}" + (f"{words.comma}{papers}" if new else ""),
    )


def _tone(states: Sequence[DayState], wanted: int, new: int) -> str:
    """The category furthest behind decides, one that was never looked for too."""
    if not states and not new:
        return "unknown"
    if len(states) < wanted or any(not s.state.settled for s in states):
        return "partial" if new or any(s.seen for s in states) else "expected"
    return "none" if all(s.state is State.NONE for s in states) else "whole"
