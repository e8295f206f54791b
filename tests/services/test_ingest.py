"""Ingest of a day, against a local arXiv."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.subjects import Subjects
from app.errors import SourceUnavailable
from app.services.ingest import ingest
from app.store import intake, tables
from tests.fetch import ALL, Fetching, everything, listing, told
from tests.local_arxiv.local import LocalArxiv
from tests.local_arxiv.made_up import made_up
from tests.local_arxiv.world import World

THURSDAY = date(2026, 1, 22)
MORNING = datetime(2026, 1, 22, 6, tzinfo=UTC)  # 01:00 in New York
DAYS = [date(2026, 1, 21), THURSDAY]


@pytest.fixture(scope="module")
def world() -> World:
    return made_up(DAYS, per_day=120, seed=7)


async def test_every_category_gets_its_own_listing_from_a_few_requests(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with LocalArxiv(world, MORNING) as local:
        async with fetching(local) as fetcher:
            outcome = await ingest(fetcher, ALL)
        assert outcome.day == THURSDAY
        for subject in ALL:
            assert await listing(engine, subject, THURSDAY) == told(local, subject, THURSDAY)
        feeds = [path for path in local.ledger.paths if path.startswith("/rss")]
        assert len(feeds) <= 8
        assert local.ledger.most_at_once == 1
    assert outcome.settled
    assert set(outcome.states) == {State.WHOLE}


@pytest.mark.parametrize("expression", ["cs.CL", "cs.AI,cs.CL", "cs", "cs.LG+stat+math-math.AP"])
async def test_following_less_tells_the_same_of_it(
    engine: AsyncEngine, world: World, fetching: Fetching, expression: str
) -> None:
    subjects = Subjects.parse(expression)
    with LocalArxiv(world, MORNING) as local:
        async with fetching(local) as fetcher:
            outcome = await ingest(fetcher, subjects)
        for subject in subjects:
            assert await listing(engine, subject, THURSDAY) == told(local, subject, THURSDAY)
    assert outcome.settled


async def test_running_twice_changes_nothing_and_asks_little(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with LocalArxiv(world, MORNING) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
            before = await everything(engine)
            local.ledger.reset()
            again = await ingest(fetcher, ALL)
        assert [path.split("/")[1][:3] for path in local.ledger.paths] == ["rss", "oai"]
    assert again.settled
    assert await everything(engine) == before


async def test_details_come_from_oai(engine: AsyncEngine, world: World, fetching: Fetching) -> None:
    with LocalArxiv(world, MORNING) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
    p, v = tables.paper, tables.version
    async with engine.connect() as conn:
        undetailed = await conn.scalar(select(func.count()).where(p.c.detailed_at.is_(None)))
        rows = (await conn.execute(select(p))).all()
        found = await conn.execute(select(v.c.paper_id, func.max(v.c.n)).group_by(v.c.paper_id))
        newest = {row[0]: row[1] for row in found}
    assert undetailed == 0
    for row in rows:
        current = world.as_of(row.id, THURSDAY)
        assert current is not None
        assert row.comment == current.record.comment
        assert row.version == newest[row.id] == current.version
        assert row.submitted_at == current.record.versions[0]
        assert row.licence == current.record.licence


async def test_a_kill_between_batches_leaves_what_the_next_run_completes(
    engine: AsyncEngine, world: World, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalArxiv(world, MORNING) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
            whole = await everything(engine)
    for step in ("store_papers", "announce", "stored_ids", "listed_ids"):
        await _emptied(engine)
        with LocalArxiv(world, MORNING) as local, monkeypatch.context() as patched:
            async with fetching(local) as fetcher:
                patched.setattr(intake, step, _killed)
                with pytest.raises(KeyboardInterrupt):
                    await ingest(fetcher, ALL)
                patched.undo()
                await ingest(fetcher, ALL)
        assert await everything(engine) == whole, step


async def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


async def _emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for table in reversed(tables.metadata.sorted_tables):
            await conn.execute(table.delete())


async def test_before_midnight_in_new_york_the_feed_still_holds_yesterday(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with LocalArxiv(world, datetime(2026, 1, 22, 4, 50, tzinfo=UTC)) as local:
        async with fetching(local) as fetcher:
            outcome = await ingest(fetcher, Subjects.parse("cs.CL"))
    assert outcome.day == DAYS[0]
    assert await listing(engine, "cs.CL", THURSDAY) == {}


async def test_a_day_without_announcement_is_told_from_a_late_one(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    friday = datetime(2026, 1, 23, 6, tzinfo=UTC)
    with LocalArxiv(world, friday) as local:
        async with fetching(local) as fetcher:
            assert set((await ingest(fetcher, ALL)).states) == {State.EXPECTED}
            local.now = friday.replace(hour=20)
            assert set((await ingest(fetcher, ALL)).states) == {State.NONE}


async def test_a_source_that_is_down_is_no_empty_day(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with LocalArxiv(world, MORNING) as local:
        local.site.weather.down = True
        async with fetching(local) as fetcher:
            with pytest.raises(SourceUnavailable):
                await ingest(fetcher, ALL)
    assert all(rows == [] for rows in (await everything(engine)).values())


async def test_a_feed_that_was_cut_is_read_in_parts(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    busy = made_up([THURSDAY], per_day=2_300, seed=3)
    with LocalArxiv(busy, MORNING) as local:
        async with fetching(local) as fetcher:
            outcome = await ingest(fetcher, ALL)
        for subject in ("cs.AI", "cs.CL", "math.NA", "hep-th", "stat.ML"):
            assert await listing(engine, subject, THURSDAY) == told(local, subject, THURSDAY)
        assert len([p for p in local.ledger.paths if p.startswith("/rss")]) <= 14
    assert outcome.settled
