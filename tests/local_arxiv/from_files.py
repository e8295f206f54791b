"""A world from the real announcements and records in a folder of files (its README tells of them).

The folder knows a few listings only. What they say is kept to the letter: on every day each known
listing has just the rows of the data, with their kinds. What they leave open (other categories,
times of submission) is filled in as arXiv would most likely have had it.
"""

from __future__ import annotations

import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.local_arxiv.life import Life, Row, Seen
from tests.local_arxiv.world import World

Line = dict[str, Any]


def from_files(
    folder: Path,
    first: date = date.min,
    last: date = date.max,
    progress: Callable[[str], None] = lambda _: None,
) -> World:
    """The world of the listing days from `first` to `last`.

    Of the papers only those are kept that were announced or listed on these days; the files are
    read as streams. `progress` is told how far it is.
    """
    blocks = _new_blocks(folder, first, last)
    listed = _listed(folder / "announcements.jsonl.xz", first, last)
    progress(f"{sum(map(len, listed.values()))} rows of {len(blocks)} days")
    seen = Seen(blocks, (row for rows in listed.values() for row in rows))
    conflicts: Counter[str] = Counter()
    lives = [
        Life(line, listed.get(line["id"], []), seen, conflicts)
        for line in _wanted(folder / "corpus.jsonl.xz", listed, blocks, progress)
    ]
    seen.places(lives)
    lives = [life for life in lives if life.rows]
    return World(
        (life.record() for life in lives), (r for life in lives for r in life.rows), conflicts
    )


def listing_days(folder: Path) -> list[date]:
    """The days of which a folder has announcements."""
    return list(_days(folder))


def _days(folder: Path) -> dict[date, Line]:
    """What days.json tells of each day; in the folder of all days it is one level down."""
    told = json.loads((folder / "days.json").read_text())
    return {date.fromisoformat(day): about for day, about in told.get("days", told).items()}


def _new_blocks(folder: Path, first: date, last: date) -> dict[date, tuple[str, str]]:
    """For each listing day the first and last identifier of its new papers."""
    ranges = {day: about.get("new_id_range", ("", "")) for day, about in _days(folder).items()}
    return {day: (start, end) for day, (start, end) in ranges.items() if first <= day <= last}


def _lines(file: Path) -> Iterator[bytes]:
    with lzma.open(file) as stream:
        yield from stream


def _listed(file: Path, first: date, last: date) -> dict[str, list[Row]]:
    result: dict[str, list[Row]] = defaultdict(list)
    for raw in _lines(file):
        line = json.loads(raw)
        day = date.fromisoformat(line["date"])
        if first <= day <= last:
            kind, version = line["announce_type_derived"], line["version"]
            row = Row(day, line["listing"], line["section"] == "replaced", kind, version)
            result[line["id"]].append(row)
    return result


def _wanted(
    file: Path,
    listed: dict[str, list[Row]],
    blocks: dict[date, tuple[str, str]],
    progress: Callable[[str], None],
) -> Iterator[Line]:
    """The records that matter. Most are passed by unparsed: the whole file is 440 MB of JSON."""
    months = {f"{day:%Y-%m}" for day in blocks}
    announced = tuple(f'"announced": "{month}-'.encode() for month in months)
    for number, raw in enumerate(_lines(file), start=1):
        if number % 50_000 == 0:
            progress(f"{number} records read")
        name = raw[8 : raw.index(b'"', 8)].decode()  # a line begins {"id": "2601.16583", …
        if name not in listed and not any(mark in raw for mark in announced):
            continue
        line = json.loads(raw)
        if name in listed or date.fromisoformat(line["announced"]) in blocks:
            yield line
