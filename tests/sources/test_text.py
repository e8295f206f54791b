from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sources.text import known, line, moment, prose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Density and the nuclear equation of\n  state",
            "Density and the nuclear equation of state",
        ),
        ("  $a<b$ &  <i>c</i>\t", "$a<b$ & <i>c</i>"),
        ("Ã© stays", "Ã© stays"),
        (None, ""),
    ],
)
def test_a_line_is_one_line(text: str | None, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  We study\nthe tin\nisotopes.\n", "We study the tin isotopes."),
        ("One.\n  Two, which\nis long.\n  Three.", "One.\n\nTwo, which is long.\n\nThree."),
        ("One.\n\n\n  Two.", "One.\n\nTwo."),
        ("", ""),
        (None, ""),
    ],
)
def test_prose_keeps_paragraphs_and_not_hard_wraps(text: str | None, expected: str) -> None:
    assert prose(text) == expected


def test_what_is_not_there_is_not_empty() -> None:
    assert known(None) is None
    assert known(" ") == ""
    assert known("8 pages,\n  3 figures") == "8 pages, 3 figures"


@settings(max_examples=100)
@given(st.text(st.sampled_from("ab \n\t\x00\u202e")))
def test_what_was_made_one_form_stays_as_it_is(text: str) -> None:
    assert line(line(text)) == line(text)
    assert prose(prose(text)) == prose(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 8 Feb 2013 21:00:01 GMT", datetime(2013, 2, 8, 21, 0, 1, tzinfo=UTC)),
        ("Sun, 01 Apr 2007 16:37:36 GMT", datetime(2007, 4, 1, 16, 37, 36, tzinfo=UTC)),
        ("2017-07-27T08:18:33Z", datetime(2017, 7, 27, 8, 18, 33, tzinfo=UTC)),
        ("2016-10-09T00:00:00-04:00", datetime(2016, 10, 9, 4, tzinfo=UTC)),
        (" 2014-11-18 ", datetime(2014, 11, 18, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc(text: str, expected: datetime) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [None, "", "soon", "2013", "Fri, 99 Feb 2013 21:00:01 GMT", "0001-01-01T00:00:00+23:00", ","],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert moment(text) is None


@settings(max_examples=100)
@given(st.text(st.sampled_from("0123456789-:+TZ ,.GMTFebri")))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    found = moment(text)
    assert found is None or found.tzinfo is UTC
