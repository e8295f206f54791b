"""arXiv's rhythm."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calendar import (
    ARXIV_ZONE,
    State,
    is_weekend,
    listing_day,
    listing_day_of,
    next_listing_day,
    opens_at,
    parse_day,
    settled,
    wait_before_next_look,
)
from app.errors import InvalidDay

moments = st.integers(0, 45 * 365 * 86_400).map(
    lambda s: datetime(1995, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ARXIV_ZONE)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        ("2026-01-21T13:59:59", "2026-01-22"),  # Wednesday, before the cut-off → Thursday
        ("2026-01-21T14:00:00", "2026-01-23"),  # at the cut-off it is too late
        ("2026-01-22T10:00:00", "2026-01-23"),  # Thursday → Friday
        ("2026-01-22T15:00:00", "2026-01-26"),  # after Thursday's cut-off → Monday
        ("2026-01-23T10:00:00", "2026-01-26"),  # Friday → announced Sunday, listed Monday
        ("2026-01-23T15:00:00", "2026-01-27"),  # after Friday's cut-off → Tuesday
        ("2026-01-24T12:00:00", "2026-01-27"),
        ("2026-01-25T23:00:00", "2026-01-27"),
        ("2026-01-26T13:00:00", "2026-01-27"),
        ("2026-01-26T14:30:00", "2026-01-28"),
        ("2026-03-08T12:00:00", "2026-03-10"),  # the clocks go forward that Sunday
    ],
)
def test_a_submission_is_listed_on(submitted: str, listed: str) -> None:
    assert listing_day_of(eastern(submitted)) == date.fromisoformat(listed)


@given(moments)
def test_no_submission_is_listed_on_a_weekend_or_before_it_came(moment: datetime) -> None:
    day = listing_day_of(moment)
    assert not is_weekend(day)
    assert timedelta(0) < day - moment.astimezone(ARXIV_ZONE).date() <= timedelta(days=5)


@given(moments, st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9)))
def test_who_submits_later_is_never_listed_earlier(moment: datetime, later: timedelta) -> None:
    assert listing_day_of(moment + later) >= listing_day_of(moment)


def test_the_feed_turns_at_midnight_in_new_york_in_winter_and_summer() -> None:
    assert opens_at(date(2026, 1, 22)) == datetime(2026, 1, 22, 5, tzinfo=UTC)
    assert opens_at(date(2026, 7, 22)) == datetime(2026, 7, 22, 4, tzinfo=UTC)
    assert listing_day(datetime(2026, 1, 22, 4, 59, tzinfo=UTC)) == date(2026, 1, 21)
    assert listing_day(datetime(2026, 1, 22, 5, 0, tzinfo=UTC)) == date(2026, 1, 22)


def test_after_friday_comes_monday() -> None:
    assert next_listing_day(date(2026, 1, 23)) == date(2026, 1, 26)
    assert next_listing_day(date(2026, 1, 21)) == date(2026, 1, 22)


@pytest.mark.parametrize(
    "text",
    ["", "2026-1-2", "2026-02-30", "20260122", "2026-W04-4", "1990-01-01", "today", "2026-01-22 "],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidDay):
        parse_day(text)


@given(st.text(max_size=20))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    with suppress(InvalidDay):
        assert parse_day(text).isoformat() == text


def test_looks_grow_rarer_the_longer_the_day_has_been_open() -> None:
    day = date(2026, 1, 22)
    opened = opens_at(day)
    waits = [
        wait_before_next_look(opened + timedelta(minutes=m), day, None) for m in (1, 30, 120, 600)
    ]
    assert waits == [timedelta(minutes=m) for m in (2, 5, 20, 60)]


def test_a_source_that_just_failed_is_asked_again_soon() -> None:
    day, now = date(2026, 1, 22), datetime(2026, 1, 22, 20, tzinfo=UTC)
    assert wait_before_next_look(now, day, now) == timedelta(seconds=30)
    assert wait_before_next_look(now, day, now - timedelta(days=1)) == timedelta(hours=1)


def test_a_weekend_costs_a_handful_of_looks() -> None:
    saturday = date(2026, 1, 24)
    assert wait_before_next_look(opens_at(saturday), saturday, None) == timedelta(hours=6)


def test_a_day_is_settled_when_every_category_is() -> None:
    assert settled([State.WHOLE, State.NONE], 2)
    assert not settled([State.WHOLE], 2)
    assert not settled([State.WHOLE, State.PARTIAL], 2)
