"""arXiv's rhythm: which day a listing has, what was submitted for it, when to look for it.

arXiv announces Sunday to Thursday at 20:00 in New York; the listing carries the date of the next
calendar day, so listings are dated Monday to Friday. What came in by 14:00 (the cut-off) is in the
listing of the next day; Thursday's and Friday's cut-offs meet a weekend. A feed turns to its day at
midnight. Source: arXiv's help pages on availability of submissions. Holidays move all of it without
warning, so this calendar says where to look, and never what is there.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.errors import InvalidDay

ARXIV_ZONE = ZoneInfo("America/New_York")
CUT_OFF = time(14)
FIRST_DAY, LAST_DAY = date(1991, 8, 1), date(2999, 12, 31)

_SATURDAY = 5


class State(StrEnum):
    """How much of one category's day is here."""

    EXPECTED = "expected"  # the feed has not shown it yet
    PARTIAL = "partial"  # seen in the feed; a second source knows more, or was not asked yet
    WHOLE = "whole"  # a second source knows of nothing more
    NONE = "none"  # looked for in both sources: there was no announcement

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to look for."""
        return self in (State.WHOLE, State.NONE)


def parse_day(text: str) -> date:
    """`2026-01-22` as a date. Raises InvalidDay for anything else, for days before arXiv, and for
    days so far ahead that no calendar can be drawn around them."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    # Python reads week dates and 20260122 too
    if not FIRST_DAY <= day <= LAST_DAY or day.isoformat() != text:
        raise InvalidDay(f"{text[:40]!r} is no day of arXiv's, such as 2026-01-22")
    return day


def listing_day(now: datetime) -> date:
    """The day whose listing arXiv's feeds hold at `now`: New York's calendar day."""
    return now.astimezone(ARXIV_ZONE).date()


def opens_at(day: date) -> datetime:
    """When the feed turns to `day`: midnight in New York, in UTC."""
    return datetime.combine(day, time(), ARXIV_ZONE).astimezone(UTC)


def is_weekend(day: date) -> bool:
    """Whether arXiv never dates a listing so: Saturdays and Sundays."""
    return day.weekday() >= _SATURDAY


def next_listing_day(day: date) -> date:
    """The weekday after `day`: the next one that a listing can be dated."""
    day += timedelta(days=1)
    while is_weekend(day):
        day += timedelta(days=1)
    return day


def previous_listing_day(day: date) -> date:
    """The weekday before `day`."""
    day -= timedelta(days=1)
    while is_weekend(day):
        day -= timedelta(days=1)
    return day


def listing_days(first: date, last: date) -> tuple[date, ...]:
    """The weekdays from `first` to `last`, both included: those that may have a listing."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if not is_weekend(day))


def listing_day_of(submitted_at: datetime) -> date:
    """The day whose listing a submission of that time is in when nothing holds it up."""
    local = submitted_at.astimezone(ARXIV_ZONE)
    batch = local.date() + timedelta(days=local.time() >= CUT_OFF)
    if is_weekend(batch):  # after Friday's cut-off: with Monday's
        batch = next_listing_day(batch)
    return next_listing_day(batch)


def wait_before_next_look(now: datetime, day: date, failing_since: datetime | None) -> timedelta:
    """How long to leave arXiv alone when a look at `day` did not make it whole.

    Intervals grow with the time already waited, from half a minute (arXiv did not answer) or two
    minutes (it answered, the day is not whole) to an hour; on days that can't be listed, six hours.
    """
    if failing_since is not None:
        return _between(timedelta(seconds=30), (now - failing_since) / 2, timedelta(hours=1))
    if is_weekend(day):
        return timedelta(hours=6)
    return _between(timedelta(minutes=2), (now - opens_at(day)) / 6, timedelta(hours=1))


def settled(states: Collection[State], wanted: int) -> bool:
    """Whether all `wanted` categories of a day have a state and none is left to look for."""
    return len(states) >= wanted and all(state.settled for state in states)


def _between(low: timedelta, value: timedelta, high: timedelta) -> timedelta:
    return max(low, min(value, high))
