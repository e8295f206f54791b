"""Is a day whole?"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State, opens_at
from app.domain.paper import Paper, Version
from app.domain.reconcile import Record, Verdict, verdicts
from app.domain.subjects import Subjects

DAY = date(2026, 1, 22)  # a Thursday: submitted from Tuesday 14:00 to Wednesday 14:00, New York
NIGHT = opens_at(DAY) + timedelta(minutes=10)
EVENING = opens_at(DAY) + timedelta(hours=18)
IN_WINDOW = datetime(2026, 1, 21, 12, tzinfo=UTC)
LONG_AGO = datetime(2025, 6, 2, 12, tzinfo=UTC)
CS = Subjects.of(["cs.CL", "cs.LG"])


def record(
    number: int, *subjects: str, submitted: datetime = IN_WINDOW, versions: int = 1, day: date = DAY
) -> Record:
    paper = Paper(
        ArxivId.parse(f"2601.{number:05}"),
        "",
        (),
        "",
        subjects,
        version=versions,
        submitted_at=submitted,
        versions=tuple(Version(n + 1, submitted) for n in range(versions)),
    )
    return Record(paper, day)


def ids(*numbers: int) -> frozenset[ArxivId]:
    return frozenset(ArxivId.parse(f"2601.{number:05}") for number in numbers)


def test_a_day_that_both_sources_agree_on_is_whole() -> None:
    judged = verdicts(
        DAY, CS, {"cs.CL": ids(1, 2)}, [record(1, "cs.CL"), record(2, "cs.CL")], NIGHT
    )
    assert judged == {"cs.CL": Verdict(State.WHOLE, 2), "cs.LG": Verdict(State.WHOLE, 0)}


def test_a_new_paper_that_the_feed_left_out_makes_it_partial() -> None:
    judged = verdicts(
        DAY, CS, {"cs.CL": ids(1)}, [record(1, "cs.CL"), record(2, "cs.CL", "cs.LG")], NIGHT
    )
    assert judged == {"cs.CL": Verdict(State.PARTIAL, 2), "cs.LG": Verdict(State.EXPECTED, 1)}


def test_a_paper_that_the_second_source_does_not_have_yet_leaves_it_partial() -> None:
    assert verdicts(DAY, CS, {"cs.CL": ids(1, 2)}, [record(1, "cs.CL")], NIGHT)["cs.CL"] == Verdict(
        State.PARTIAL, 2
    )


@pytest.mark.parametrize(
    "other",
    [
        record(9, "cs.CL", submitted=LONG_AGO, versions=2),  # replaced, or its metadata corrected
        record(9, "cs.CL", submitted=LONG_AGO),  # newly cross-listed somewhere
        record(9, "cs.CL", day=DAY + timedelta(days=1)),  # tomorrow's
        record(9, "math.CO"),
    ],
)
def test_a_record_that_proves_nothing_is_not_missed(other: Record) -> None:
    judged = verdicts(DAY, CS, {"cs.CL": ids(1)}, [record(1, "cs.CL"), other], NIGHT)
    assert judged["cs.CL"].state is State.WHOLE


def test_an_id_among_the_days_new_ones_is_missed_though_it_was_submitted_earlier() -> None:
    held = record(2, "cs.CL", submitted=LONG_AGO)
    records = [record(1, "cs.CL"), held, record(3, "cs.CL")]
    assert verdicts(DAY, CS, {"cs.CL": ids(1, 3)}, records, NIGHT)["cs.CL"] == Verdict(
        State.PARTIAL, 3
    )


def test_a_paper_replaced_since_still_confirms_its_day() -> None:
    later = record(1, "cs.CL", versions=2, day=DAY + timedelta(days=1))
    assert verdicts(DAY, CS, {"cs.CL": ids(1)}, [later], EVENING)["cs.CL"].state is State.WHOLE


def test_silence_is_late_at_night_and_no_announcement_in_the_evening() -> None:
    assert {v.state for v in verdicts(DAY, CS, {}, [], NIGHT).values()} == {State.EXPECTED}
    assert {v.state for v in verdicts(DAY, CS, {}, [], EVENING).values()} == {State.NONE}


def test_on_a_weekend_silence_is_no_announcement_at_once() -> None:
    saturday = date(2026, 1, 24)
    judged = verdicts(saturday, CS, {}, [], opens_at(saturday))
    assert {v.state for v in judged.values()} == {State.NONE}


def test_where_the_list_page_was_read_a_category_added_since_makes_nothing_partial() -> None:
    records = [record(1, "cs.CL"), record(2, "cs.LG", "cs.CL")]
    listed = {"cs.CL": ids(1), "cs.LG": ids(2)}
    assert verdicts(DAY, CS, listed, records, NIGHT)["cs.CL"].state is State.PARTIAL
    judged = verdicts(DAY, CS, listed, records, NIGHT, paged={"cs.CL"})
    assert judged["cs.CL"] == Verdict(State.WHOLE, 1)
