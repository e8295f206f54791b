"""The days of papers of old: told from their neighbours, and from when they were submitted."""

from __future__ import annotations

import json
import lzma
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import listing_days
from app.domain.history import Clue, announcement_days, first_lines, ready_day
from app.domain.paper import Kind
from tests.real import REAL

MON, TUE, WED, THU = (date(2026, 1, day) for day in (5, 6, 7, 8))
MONTH = listing_days(date(2026, 1, 2), date(2026, 1, 30))


def paper(number: int, month: str = "2601") -> ArxivId:
    return ArxivId.parse(f"{month}.{number:05}")


def told(*clues: tuple[int, date | None, date | None]) -> dict[int, date]:
    found = announcement_days(Clue(paper(n), seen, ready) for n, seen, ready in clues)
    return {int(str(paper_id)[5:]): day for paper_id, day in found.items()}


def test_between_two_of_one_listing_it_is_that_listing() -> None:
    assert told((1, TUE, None), (5, None, None), (9, TUE, None)) == {5: TUE}


def test_the_neighbours_count_before_the_submission_time() -> None:
    assert told((1, TUE, None), (5, None, MON), (9, TUE, None)) == {5: TUE}


def test_between_a_listing_and_the_next_the_nearer_one_decides() -> None:
    found = told((1, MON, None), (3, None, None), (8, None, None), (9, TUE, None))
    assert found == {3: MON, 8: TUE}


def test_in_a_wide_gap_nothing_is_told_without_a_time() -> None:
    assert told((1, MON, None), (5, None, None), (9, date(2026, 1, 20), None)) == {}
    assert told((1, MON, None), (5, None, THU), (9, date(2026, 1, 20), None)) == {5: THU}


def test_before_the_first_and_behind_the_last_nothing_is_told() -> None:
    assert told((2, None, None), (3, TUE, None), (4, TUE, None), (5, None, None)) == {}


def test_one_held_up_has_the_day_of_those_around_it() -> None:
    found = told(*((n, None, MON if n == 4 else WED) for n in range(1, 8)))
    assert set(found.values()) == {WED}


def test_one_wrong_time_does_not_move_the_others() -> None:
    late = date(2026, 1, 29)
    found = told(*((n, None, late if n == 4 else MON if n < 50 else TUE) for n in range(1, 99)))
    assert [found[n] for n in (3, 4, 5, 98)] == [MON, MON, MON, TUE]


def test_months_and_old_archives_are_told_apart() -> None:
    ids = ["hep-th/0601001", "hep-th/0601003", "math/0601002", "2601.00001", "2602.00001"]
    clues = [Clue(ArxivId.parse(i), date(2006, 1, 3)) for i in ids[:2]]
    clues += [Clue(ArxivId.parse(i)) for i in ids[2:]]
    assert announcement_days(clues) == {}
    between = Clue(ArxivId.parse("hep-th/0601002"))
    assert announcement_days([*clues, between]) == {between.id: date(2006, 1, 3)}


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        ("2026-01-06T18:00:00", date(2026, 1, 7)),
        ("2026-01-06T19:30:00", date(2026, 1, 8)),  # after the cut-off
        ("2025-12-20T12:00:00", None),  # held up for two weeks at least
        ("2026-05-20T12:00:00", None),
        ("1000-01-01T00:00:00", None),
        ("9999-12-31T23:59:59", None),
    ],
)
def test_a_time_that_does_not_fit_the_id_tells_nothing(submitted: str, day: date | None) -> None:
    moment = datetime.fromisoformat(submitted).replace(tzinfo=UTC)
    assert ready_day(paper(1), moment) == day


def test_no_time_tells_no_day() -> None:
    assert ready_day(paper(1), None) is None


def test_the_first_lines_are_new_at_home_and_cross_lists_elsewhere() -> None:
    lines = list(first_lines(paper(7), ("cs.CL", "cs.AI"), TUE, derived=True))
    assert [(a.subject, a.kind, a.derived) for a in lines] == [
        ("cs.CL", Kind.NEW, True),
        ("cs.AI", Kind.CROSS, True),
    ]
    assert {a.position for a in lines} == {paper(7).ordinal}


_day = st.none() | st.sampled_from(MONTH)


@given(st.lists(st.tuples(_day, _day), min_size=1, max_size=40))
def test_days_never_fall_from_one_id_to_the_next(
    clues: list[tuple[date | None, date | None]],
) -> None:
    found = told(*((n, None, ready) for n, (_, ready) in enumerate(clues, start=1)))
    days = [found[n] for n in sorted(found)]
    assert all(a <= b for a, b in pairwise(days))


@given(st.lists(st.sampled_from(MONTH), min_size=2, max_size=30), st.data())
def test_what_was_seen_in_order_bounds_the_rest(days: list[date], data: st.DataObject) -> None:
    days.sort()
    hidden = data.draw(st.sets(st.integers(1, len(days))))
    found = told(*((n, None if n in hidden else d, None) for n, d in enumerate(days, start=1)))
    for n, day in found.items():
        before = max((d for m, d in enumerate(days, start=1) if m < n and m not in hidden))
        after = min((d for m, d in enumerate(days, start=1) if m > n and m not in hidden))
        assert before <= day <= after


@given(st.lists(st.tuples(_day, _day), max_size=30))
def test_telling_again_with_what_was_told_tells_the_same(
    clues: list[tuple[date | None, date | None]],
) -> None:
    given_clues = [(n, *clue) for n, clue in enumerate(clues, start=1)]
    found = told(*given_clues)
    again = [(n, s, r or found.get(n)) for n, s, r in given_clues]
    assert told(*again) == found


def test_a_month_with_an_eighth_held_up_is_told_nearly_whole_from_times_alone() -> None:
    random, truth, clues = Random(5), dict[int, date](), []
    for place, day in enumerate(MONTH):
        for n in range(place * 300 + 1, place * 300 + 301):
            held = timedelta(days=random.choice((1, 1, 3, 7))) if random.random() < 0.125 else None
            truth[n] = day
            clues.append((n, None, max(MONTH[0], day - held) if held else day))
    found = told(*clues)
    assert sum(found[n] == day for n, day in truth.items()) / len(truth) > 0.999


@pytest.mark.skipif(REAL is None, reason="needs the real data")
@pytest.mark.parametrize(("kept", "right"), [(0.5, 0.99), (0.1, 0.97)])
def test_real_papers_held_back_get_their_days_from_the_others(kept: float, right: float) -> None:
    random, truth = Random(1), _real_days("2601", "2602")
    clues = [Clue(i, day if random.random() < kept else None) for i, day in truth.items()]
    found = announcement_days(clues)
    assert len(found) > 0.98 * sum(clue.seen is None for clue in clues)
    assert sum(truth[i] == day for i, day in found.items()) / len(found) > right


def _real_days(*months: str) -> dict[ArxivId, date]:
    """The papers of three real weeks, and the listings they were seen in."""
    assert REAL is not None
    with lzma.open(REAL / "three-weeks" / "corpus.jsonl.xz") as lines:
        return {
            ArxivId.parse(line["id"]): date.fromisoformat(line["announced"])
            for line in map(json.loads, lines)
            if line.get("announced_basis") == "listing" and line["id"].startswith(months)
        }
