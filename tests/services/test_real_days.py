"""Real arXiv days, replayed: every paper announced for a category is on its page, and no other."""

from __future__ import annotations

import json
import lzma
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.paper import Kind
from app.domain.selection import Selection
from app.services.ingest import ingest
from app.store import papers
from tests.fetch import ALL, Fetching, everything, told
from tests.local_arxiv.from_files import from_files
from tests.local_arxiv.local import LocalArxiv
from tests.local_arxiv.world import World
from tests.real import REAL

pytestmark = pytest.mark.skipif(REAL is None, reason="no real data beside the project")

Listings = dict[date, dict[str, dict[str, str | None]]]


@pytest.fixture(scope="module")
def world() -> World:
    assert REAL is not None
    return from_files(REAL / "three-weeks")


@pytest.fixture(scope="module")
def announced() -> Listings:
    """The data itself: day → listing → id → section or kind, read apart from the local arXiv."""
    assert REAL is not None
    result: Listings = defaultdict(lambda: defaultdict(dict))
    with lzma.open(REAL / "three-weeks" / "announcements.jsonl.xz", "rt") as lines:
        for row in map(json.loads, lines):
            if row["section"] == "new":
                day = date.fromisoformat(row["date"])
                result[day][row["listing"]][row["id"]] = row["announce_type_derived"]
    return result


async def page(engine: AsyncEngine, expression: str, day: date) -> dict[str, str]:
    """What a reader finds on the page of an expression: id → kind, in all its sections."""
    async with engine.connect() as conn:
        listed = await papers.listed(conn, Selection.parse(expression), day, limit=None)
    assert len({line.paper.id for line in listed}) == len(listed)
    return {line.paper.id: line.kind.label for line in listed}


def fresh(listed: dict[str, str]) -> dict[str, str]:
    return {i: k for i, k in listed.items() if k in (Kind.NEW.label, Kind.CROSS.label)}


async def test_all_fourteen_days_are_on_their_pages_and_nothing_else(
    engine: AsyncEngine, world: World, announced: Listings, fetching: Fetching
) -> None:
    assert len(announced) == 14
    for day in sorted(announced):
        with LocalArxiv(world, datetime.combine(day, time(6), UTC)) as local:
            async with fetching(local) as fetcher:
                outcome = await ingest(fetcher, ALL)
            assert (outcome.day, set(outcome.states)) == (day, {State.WHOLE})
            for name, rows in announced[day].items():
                shown = await page(engine, name, day)
                assert fresh(shown).keys() == rows.keys(), (day, name)
                wrong = {
                    i for i, kind in rows.items() if kind and "+" not in name and shown[i] != kind
                }
                assert not wrong, (day, name, wrong)
                if "+" not in name:
                    assert Counter(shown.values()) == Counter(told(local, name, day).values())
    await _unions_and_differences(engine, announced)


async def _unions_and_differences(engine: AsyncEngine, announced: Listings) -> None:
    for day, rows in announced.items():
        ai, cl, cv = (rows[name].keys() for name in ("cs.AI", "cs.CL", "cs.CV"))
        assert fresh(await page(engine, "cs.AI,cs.CL+cs.CV", day)).keys() == ai | cl | cv
        without = await page(engine, "cs.CL+cs.CV-cs.AI", day)
        assert fresh(without).keys() == (cl | cv) - ai


async def test_a_real_day_read_twice_is_the_same(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with LocalArxiv(world, datetime(2026, 1, 22, 6, tzinfo=UTC)) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
            before = await everything(engine)
            await ingest(fetcher, ALL)
    assert await everything(engine) == before
