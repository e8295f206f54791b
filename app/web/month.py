"""A month as a grid of days, of which those with an announcement can be picked."""

from __future__ import annotations

from calendar import Calendar as MondayFirst
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.calendar import FIRST_DAY
from app.web.language import Language
from app.web.pages import Calendar, CalendarCell, Link


@dataclass(frozen=True, slots=True)
class Month:
    """Which month to show, and where its links lead. `announced` has its days with an announcement,
    with their papers where those were counted; `current` is the day that the page shows."""

    day: date
    announced: Mapping[date, int | None]
    current: date
    today: date
    day_href: Callable[[date], str]
    month_href: Callable[[date], str]


def calendar(month: Month, words: Language, *, is_open: bool) -> Calendar:
    """The month as a page shows it."""
    first = month.day.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    return Calendar(
        title=Link(month.month_href(first), words.month(first)),
        weekdays=words.weekdays,
        weeks=tuple(
            tuple(_cell(month, day, words) for day in week)
            for week in MondayFirst().monthdatescalendar(first.year, first.month)
        ),
        previous=Link(month.month_href(before), words.month(before))
        if before >= FIRST_DAY
        else None,
        next=Link(month.month_href(after), words.month(after)) if after <= month.today else None,
        is_open=is_open,
    )


def _cell(month: Month, day: date, words: Language) -> CalendarCell:
    if day.month != month.day.month:
        return CalendarCell()
    current = day == month.current
    if day not in month.announced:
        return CalendarCell(day.day, current=current)
    return CalendarCell(
        day.day, month.day_href(day), words.day(day), month.announced[day], current=current
    )
