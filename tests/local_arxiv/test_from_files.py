"""The world made from real files is what they say."""

from __future__ import annotations

import json
import lzma
from argparse import Namespace
from collections import defaultdict
from datetime import UTC, date, datetime

import pytest

from tests.local_arxiv import World, from_files
from tests.local_arxiv.names import feed_names
from tests.local_arxiv.reading import MORNING, THURSDAY
from tests.local_arxiv.replay import _environment, _source
from tests.real import REAL


@pytest.fixture(scope="module")
def real() -> World:
    assert REAL
    return from_files(REAL / "three-weeks")


@pytest.mark.skipif(REAL is None, reason="needs the real data")
def test_real_feeds_have_the_rows_of_the_data_and_their_kinds(real: World) -> None:
    assert REAL
    told: dict[tuple[date, str, bool], dict[str, str | None]] = defaultdict(dict)
    with lzma.open(REAL / "three-weeks" / "announcements.jsonl.xz") as lines:
        for row in map(json.loads, lines):
            key = date.fromisoformat(row["date"]), row["listing"], row["section"] == "replaced"
            told[key][row["id"]] = row["announce_type_derived"]
    assert len({day for day, _, _ in told}) == 14
    assert len({listing for _, listing, _ in told}) == 6
    for (day, listing, replaced), expected in told.items():
        lines_ = real.listing(day, feed_names(listing)[1], 6)
        served = {
            line.paper.record.id: line.kind
            for line in lines_
            if line.kind.startswith("replace") == replaced
        }
        assert served.keys() == expected.keys(), (day, listing)
        wrong = {i: k for i, k in served.items() if expected[i] not in (k, None)}
        assert not wrong, (day, listing)


@pytest.mark.skipif(REAL is None, reason="needs the real data")
def test_what_real_data_contradict_is_counted_and_rare(real: World) -> None:
    assert real.conflicts == {
        "listed where its record has no such category": 17,
        "new again on a later day": 5,
        "primary category changed since": 1,
    }


@pytest.mark.skipif(REAL is None, reason="needs the real data")
def test_real_papers_versions_follow_each_other_and_came_in_before_their_day(real: World) -> None:
    for record in real.records.values():
        assert list(record.versions) == sorted(set(record.versions)), record.id
    new = sorted(name for name in real.records if real.first_day(name) == THURSDAY)
    times = [real.records[name].versions[0] for name in new]
    assert times == sorted(times)
    assert times[0] > datetime(2026, 1, 20, 19, tzinfo=UTC)
    assert times[-1] < datetime(2026, 1, 21, 19, tzinfo=UTC)


@pytest.mark.skipif(REAL is None, reason="needs the real data")
def test_a_replay_takes_the_smallest_folder_with_the_day() -> None:
    assert REAL
    assert _source(REAL, THURSDAY) == REAL / "three-weeks"
    assert _source(REAL, date(2025, 9, 10)) == REAL
    assert _source(REAL, date(1999, 9, 10)) is None


def test_a_replay_keeps_to_the_folder_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Namespace(day=THURSDAY, port=8000, spacing=3.0)
    monkeypatch.delenv("FRESHPRINT_DATA_DIR", raising=False)
    made = _environment(options, MORNING, "http://127.0.0.1:1")
    assert made["FRESHPRINT_DATA_DIR"] == "data/replay-2026-01-22"
    assert made["FRESHPRINT_NOW"] == "2026-01-22T06:00:00+00:00"
    monkeypatch.setenv("FRESHPRINT_DATA_DIR", "elsewhere")
    kept = _environment(options, MORNING, "http://127.0.0.1:1")
    assert kept["FRESHPRINT_DATA_DIR"] == "elsewhere"
