"""How whole a day is, in words: from what was looked for, and how arXiv has been answering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.domain.calendar import (
    State,
    is_weekend,
    listing_day,
    listing_days,
    next_listing_day,
    opens_at,
)
from app.domain.source import Source
from app.store.days import DayState
from app.store.sources import Health
from app.web.language import Language
from app.web.pages import Status

REFRESH = 5  # seconds between looks of a page at a first day coming in
FIRST_DAY_TAKES = timedelta(minutes=15)
WEEK = timedelta(days=7)  # in which days that were missed are fetched again


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of the day that a page shows, and of today. `wanted` is how many categories
    the page is of, `papers` how many papers the day has in them, `so_far` how many to tell of
    while the first day comes in, `first` the first day ever announced here.
    """

    day: date
    states: Mapping[date, Sequence[DayState]]
    wanted: int
    papers: int
    so_far: int
    feeds: Health
    first: date | None
    now: datetime
    words: Language

    @property
    def is_first_day(self) -> bool:
        """Whether the first day ever is still coming in, so that a page is worth refreshing."""
        today = listing_day(self.now)
        states = self.states[today]
        looked = self.feeds.retry_at is not None and self.feeds.retry_at > self.now
        if self.day != today or is_weekend(today) or self.feeds.failing_since or looked:
            return False  # nothing comes in before the next look
        if states and all(s.state.settled for s in states):
            return False
        if self.first is None:
            return True
        began = min((s.seen_at for s in states if s.seen_at), default=self.now)
        return self.first == today and self.now - began < FIRST_DAY_TAKES


@dataclass(frozen=True, slots=True)
class Told:
    """A situation, told of one of its days."""

    day: date
    states: Sequence[DayState]
    wanted: int
    papers: int
    feeds: Health
    now: datetime
    words: Language

    @property
    def is_today(self) -> bool:
        """Whether arXiv's feeds hold this day now."""
        return self.day == listing_day(self.now)

    @property
    def open(self) -> Sequence[DayState]:
        """The categories in which there is something left to look for."""
        return [s for s in self.states if not s.state.settled]


def passed_over(shown: date, today: date) -> tuple[date, ...]:
    """The days of the past week that could have a listing, between the one shown and today."""
    begin = max(shown, today - WEEK) + timedelta(days=1)
    return listing_days(begin, today - timedelta(days=1))


def lines(situation: Situation, *, with_today: bool) -> tuple[Status, ...]:
    """All there is to say: of the day shown, of today where that is another, of trouble."""
    s = situation
    today = listing_day(s.now)
    told = Told(s.day, s.states[s.day], s.wanted, s.papers, s.feeds, s.now, s.words)
    of_other = with_today and s.day != today
    said = (
        _of_first_day(s) if s.is_first_day else _of_day(told),
        _of_missed(s) if of_other else None,
        _of_today(replace(told, day=today, states=s.states[today], papers=0))
        if of_other and not s.is_first_day
        else None,
        _of_trouble(s),
    )
    return tuple(status for status in said if status)


def _of_day(told: Told) -> Status:
    """The one sentence for the day a page shows: the category furthest behind decides."""
    if not told.states:
        return _unknown(told)
    if told.open:
        return _partial(told) if told.papers else _expected(told)
    if all(s.state is State.NONE for s in told.states):
        return Status(
            "none", told.words.say("Nothing was announced in these categories on this day.")
        )
    return _whole(told)


def _of_missed(s: Situation) -> Status | None:
    """That listings between the day shown and today are not here: the page would pass over them."""
    missed = [
        day
        for day in passed_over(s.day, listing_day(s.now))
        if not s.states[day] or not all(state.state.settled for state in s.states[day])
    ]
    if not missed:
        return None
    days = s.words.comma.join(s.words.day(day) for day in missed)
    return Status("partial", s.words.say("Not whole here yet: %(days)s.", days=days))


def _of_today(told: Told) -> Status:
    """What to say of today's listing on a page that shows an earlier day."""
    say, day = told.words.say, told.words.day(told.day)
    if is_weekend(told.day):
        return _weekend(told)
    if not told.states:
        return Status(
            "none", say("Today's listing, %(day)s, has not been looked for yet.", day=day)
        )
    if not told.open:
        return Status(
            "none", say("Nothing was announced in these categories today, %(day)s.", day=day)
        )
    return Status(
        "expected",
        say("Today's listing, %(day)s, has not shown anything here yet.", day=day) + _next(told),
    )


def _of_trouble(s: Situation) -> Status | None:
    """That arXiv does not answer, while it doesn't."""
    if s.feeds.failing_since is None:
        return None
    words = s.words
    since = words.moment(s.feeds.failing_since, s.now)
    text = words.say("arXiv can't be reached since %(time)s.", time=since)
    if s.feeds.retry_at:
        again = words.moment(s.feeds.retry_at, s.now)
        text += words.gap + words.say("Trying again at %(time)s.", time=again)
    return Status("trouble", text)


def _of_first_day(s: Situation) -> Status:
    """That nothing older is here, and this page comes again by itself."""
    return Status(
        "partial",
        s.words.plural(
            "The first day is coming in: %(n)s paper so far. This page refreshes itself.",
            "The first day is coming in: %(n)s papers so far. This page refreshes itself.",
            s.so_far,
        ),
    )


def _unknown(told: Told) -> Status:
    say = told.words.say
    if told.papers:  # of a backfill or an import, which read no listing
        return Status(
            "partial",
            say(
                "This day's listing was not read: its papers are told from ids, submission times"
                " and imported data."
            ),
        )
    if is_weekend(told.day):
        return Status("none", say("arXiv has no listings on Saturdays and Sundays."))
    if told.day > listing_day(told.now):
        return Status(
            "expected",
            say(
                "This day is still to come: arXiv's feed opens at %(time)s.",
                time=told.words.moment(opens_at(told.day), told.now),
            ),
        )
    if told.is_today:
        return Status("expected", say("This day has not been looked for yet."))
    return Status("none", say("This day has not been fetched."))


def _expected(told: Told) -> Status:
    if not told.is_today:
        return Status("expected", told.words.say("Nothing was seen of this day in arXiv's feed."))
    text = told.words.say(
        "Not announced yet: arXiv's feed of this day opened at %(time)s and is still empty.",
        time=told.words.moment(opens_at(told.day), told.now),
    )
    return Status("expected", text + _next(told))


def _partial(told: Told) -> Status:
    words = told.words
    if told.wanted == 1 and (told.states[0].known or 0) > told.papers:
        text = words.say(
            "%(seen)s of %(known)s papers so far.", seen=told.papers, known=told.states[0].known
        )
    elif len(told.open) == told.wanted:
        text = words.plural(
            "%(n)s paper seen in arXiv's feed so far, not yet checked against a second source.",
            "%(n)s papers seen in arXiv's feed so far, not yet checked against a second source.",
            told.papers,
        )
    else:
        text = words.plural(
            "%(n)s paper so far; %(open)s of %(wanted)s categories are not whole yet.",
            "%(n)s papers so far; %(open)s of %(wanted)s categories are not whole yet.",
            told.papers,
            open=len(told.open),
            wanted=told.wanted,
        )
    return Status("partial", text + _next(told) + _unfetched(told))


def _whole(told: Told) -> Status:
    words = told.words
    checked = [(s.checked_at, s.checked_by) for s in told.states if s.checked_at]
    if not checked:
        text = words.plural("Whole: %(n)s paper.", "Whole: %(n)s papers.", told.papers)
        return Status("whole", text + _unfetched(told))
    at, by = min(checked, key=lambda c: c[0])
    time = words.moment(at, told.now)
    if by is Source.LISTS:
        text = words.plural(
            "Whole: %(n)s paper, checked against arXiv's list page at %(time)s.",
            "Whole: %(n)s papers, checked against arXiv's list page at %(time)s.",
            told.papers,
            time=time,
        )
    else:
        text = words.plural(
            "Whole: %(n)s paper, checked against OAI-PMH at %(time)s.",
            "Whole: %(n)s papers, checked against OAI-PMH at %(time)s.",
            told.papers,
            time=time,
        )
    return Status("whole", text + _unfetched(told))


def _weekend(told: Told) -> Status:
    coming = next_listing_day(told.day)
    return Status(
        "none",
        told.words.say(
            "No listing today: arXiv has none on Saturdays and Sundays."
            " The next is that of %(day)s, from %(time)s.",
            day=told.words.day(coming),
            time=told.words.moment(opens_at(coming), told.now),
        ),
    )


def _next(told: Told) -> str:
    retry = told.feeds.retry_at
    if not (told.is_today and retry and retry > told.now):
        return ""
    return told.words.gap + told.words.say(
        "The next look is at %(time)s.", time=told.words.moment(retry, told.now)
    )


def _unfetched(told: Told) -> str:
    missing = told.wanted - len(told.states)
    if missing <= 0:
        return ""
    return told.words.gap + told.words.plural(
        "%(n)s category has not been fetched.", "%(n)s categories have not been fetched.", missing
    )
