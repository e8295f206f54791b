"""All real listing dates, replayed day after day: ids missing, ids on a wrong day.

`python -m tests.bench all_days [FIRST [LAST]]`. The yardstick is the data itself: every paper that
a category's listing of new papers and cross-lists has on a day, and none that it hasn't.
"""

from __future__ import annotations

import json
import lzma
import sys
from collections import defaultdict
from datetime import UTC, date, datetime, time

from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.selection import Selection
from app.services.look import look
from app.sources import polite
from app.store import papers
from tests.fetch import ALL, fetching_with
from tests.local_arxiv import LocalArxiv, from_files
from tests.real import REAL

Announced = dict[date, dict[str, set[str]]]


async def bench(engine: AsyncEngine) -> None:
    """Prints the counts by hundred days and in the end."""
    if REAL is None:
        print("no real data beside the project")
        return
    polite.HOLD = 0.0
    first, last = _window(sys.argv[2:])
    announced = _announced(first, last)
    world = from_files(REAL, first, last, progress=print)
    missing = wrong = lines = open_days = 0
    for n, day in enumerate(sorted(announced), start=1):
        with LocalArxiv(world, datetime.combine(day, time(6), UTC)) as local:
            async with fetching_with(engine)(local) as fetcher:
                outcome = await look(fetcher, ALL)
            open_days += not outcome.settled
        for name, ids in announced[day].items():
            shown = await _fresh(engine, name, day)
            missing, wrong = missing + len(ids - shown), wrong + len(shown - ids)
            for paper_id in sorted(ids ^ shown):
                print(f"{day} {name} {paper_id}:", "missing" if paper_id in ids else "wrong")
            lines += len(ids)
        if n % 20 == 0 or n == len(announced):
            print(f"{n} days until {day}: {lines:,} lines, {missing} missing, {wrong} wrong,"
                  f" {open_days} days not whole")  # fmt: skip


def _window(given: list[str]) -> tuple[date, date]:
    first, last = (*given, *("0001-01-01", "9999-12-31")[len(given) :])
    return date.fromisoformat(first), date.fromisoformat(last)


def _announced(first: date, last: date) -> Announced:
    assert REAL is not None
    result: Announced = defaultdict(lambda: defaultdict(set))
    with lzma.open(REAL / "announcements.jsonl.xz", "rt") as rows:
        for row in map(json.loads, rows):
            day = date.fromisoformat(row["date"])
            if first <= day <= last and row["section"] == "new":
                result[day][row["listing"]].add(row["id"])
    return result


async def _fresh(engine: AsyncEngine, name: str, day: date) -> set[str]:
    async with engine.connect() as conn:
        listed = await papers.listed(conn, Selection.parse(name), day, limit=None)
    return {line.paper.id for line in listed if line.kind < 2}
