"""Backfill by OAI-PMH: all papers of a stretch of days, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.paper import Kind
from app.domain.reconcile import Verdict
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.errors import BadInput, SourceUnavailable, TokenExpired
from app.services.backfill import Backfilled, backfill
from app.services.ingest import ingest
from app.store import history, intake, looks, progress, tables
from tests.fetch import ALL, Fetching, everything, listing, told
from tests.local_arxiv import LocalArxiv, World, made_up
from tests.local_arxiv.fault_kinds import Fault
from tests.local_arxiv.faults import Weather

DAYS = [date(2026, 1, day) for day in (12, 13, 14, 15, 16)]
FIRST, LAST = DAYS[0], DAYS[-1]
LATER = datetime(2026, 1, 20, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return made_up(DAYS, per_day=40, seed=11, awkward_ones=False)


def site(world: World) -> LocalArxiv:
    return LocalArxiv(world, LATER, page_size=30)


async def filled(local: LocalArxiv, fetching: Fetching, subjects: Subjects = ALL) -> Backfilled:
    async with fetching(local) as fetcher:
        return await backfill(fetcher, FIRST, LAST, subjects)


async def emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for table in reversed(tables.metadata.sorted_tables):
            await conn.execute(table.delete())


async def place(engine: AsyncEngine) -> str:
    async with engine.connect() as conn:
        return await conn.scalar(select(tables.progress.c.position)) or ""


async def test_all_papers_are_stored_with_their_versions(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with site(world) as local:
        result = await filled(local, fetching)
        wanted = {p.record.id: p for p in world.all_as_of(LATER.date()) if p.datestamp >= FIRST}
        assert result.requests == len(local.ledger.entries) == -(-len(wanted) // 30)
    stored = await everything(engine)
    assert {row[0] for row in stored["paper"]} == set(wanted)
    assert len(stored["version"]) == sum(paper.version for paper in wanted.values())
    assert result.papers.new == len(wanted)


async def test_the_days_of_new_papers_are_derived_and_right(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with site(world) as local:
        await filled(local, fetching)
        for subject in ("cs.LG", "cs.CV", "quant-ph", "stat.ML"):
            for day in DAYS:
                first = {i: kind for i, kind in told(local, subject, day).items() if kind == "new"}
                ours = await listing(engine, subject, day)
                assert {i: kind for i, kind in ours.items() if kind == "new"} == first
    a = tables.announcement
    async with engine.connect() as conn:
        assert set((await conn.execute(select(a.c.derived))).scalars()) == {True}
        assert (await conn.execute(select(tables.day))).all() == []


async def test_only_the_papers_of_the_wanted_categories_are_stored(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    subjects = Subjects.parse("cs.CL+quant-ph")
    with site(world) as local:
        await filled(local, fetching, subjects)
    async with engine.connect() as conn:
        found = (await conn.execute(select(tables.paper.c.subjects))).scalars().all()
    assert found
    assert all(set(names) & set(subjects) for names in found)


async def test_what_was_done_is_not_asked_for_again(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with site(world) as local:
        await filled(local, fetching)
        before = await everything(engine)
        local.ledger.reset()
        assert (await filled(local, fetching)).done
        assert local.ledger.entries == []
    assert await everything(engine) == before


@pytest.mark.parametrize(
    "step",
    [
        (intake, "store_papers"),
        (progress, "keep"),
        (history, "months_to_tell"),
        (history, "papers_of"),
        (history, "add"),
    ],
    ids=lambda step: f"{step[0].__name__}.{step[1]}",
)
async def test_killed_in_any_step_it_ends_the_same(
    engine: AsyncEngine,
    world: World,
    fetching: Fetching,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[Any, str],
) -> None:
    with site(world) as local:
        await filled(local, fetching)
        whole = await everything(engine)
        await emptied(engine)
        for calls in (1, 3):
            with monkeypatch.context() as patched, suppress(Killed):
                patched.setattr(*step, _killing(getattr(*step), calls))
                await filled(local, fetching)
        await filled(local, fetching)
    assert await everything(engine) == whole


async def test_killed_while_days_are_derived_it_asks_for_no_paper_again(
    engine: AsyncEngine, world: World, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site(world) as local:
        with monkeypatch.context() as patched, suppress(Killed):
            patched.setattr(history, "months_to_tell", _killing(history.months_to_tell, 1))
            await filled(local, fetching)
        local.ledger.reset()
        await filled(local, fetching)
        assert local.ledger.entries == []
    async with engine.connect() as conn:
        done = await conn.scalar(select(tables.progress.c.done))
    assert done == len((await everything(engine))["paper"])


class Killed(BaseException):
    """What no `except Exception` holds up. KeyboardInterrupt in a task would end the loop too."""


def _killing(step: Callable[..., Awaitable[Any]], calls: int) -> Callable[..., Awaitable[Any]]:
    left = [calls]

    async def killing(*args: Any, **kwargs: Any) -> Any:
        result = await step(*args, **kwargs)
        left[0] -= 1
        if not left[0]:
            raise Killed
        return result

    return killing


async def test_a_silent_arxiv_ends_it_and_the_place_is_kept(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    with site(world) as local:
        async with fetching(local) as fetcher:
            stopping = replace(
                fetcher,
                report=lambda step, done, _: (
                    _close(local) if (step, done) == ("papers", 90) else None
                ),
            )
            with pytest.raises(SourceUnavailable):
                await backfill(stopping, FIRST, LAST, ALL)
        kept = await place(engine)
        assert " " in kept
        local.site.weather = Weather()
        local.ledger.reset()
        await filled(local, fetching)
        assert "resumptionToken" in local.ledger.paths[0]
        assert len(local.ledger.entries) < 10
    stored = {row[0] for row in (await everything(engine))["paper"]}
    assert stored == {p.record.id for p in world.all_as_of(LATER.date()) if p.datestamp >= FIRST}


def _close(local: LocalArxiv) -> None:
    local.site.weather = Weather.of([Fault.EMPTY], times=99)


@pytest.mark.parametrize("times", [1, 2])
async def test_an_expired_token_costs_only_what_came_after_the_last_datestamp(
    engine: AsyncEngine, world: World, fetching: Fetching, times: int
) -> None:
    with site(world) as local:
        await filled(local, fetching)
        whole = await everything(engine)
        await emptied(engine)
        local.ledger.reset()
        local.site.weather = Weather.of([Fault.TOKEN_EXPIRED], times=times, share=0.4)
        await filled(local, fetching)
        assert len(local.site.weather.struck) == times
        begun = [path for path in local.ledger.paths if "from=" in path]
        assert len(begun) == times + 1
        assert "from=2026-01-12" not in begun[-1]
    assert await everything(engine) == whole


async def test_a_token_that_always_expires_is_given_up(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    crowded = made_up([FIRST], per_day=100, seed=3, awkward_ones=False)
    with site(crowded) as local:
        local.site.weather = Weather.of([Fault.TOKEN_EXPIRED], times=10**6)
        with pytest.raises(TokenExpired):
            await asyncio.wait_for(filled(local, fetching), 20)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TRUNCATED, Fault.HTML_PAGE, Fault.EMPTY])
async def test_a_fault_in_passing_is_got_over(
    engine: AsyncEngine, world: World, fetching: Fetching, fault: Fault
) -> None:
    with site(world) as local:
        local.site.weather = Weather.of([fault], times=4, share=0.3)
        result = await filled(local, fetching)
    assert result.papers.new == sum(p.datestamp >= FIRST for p in world.all_as_of(LATER.date()))


def start(local: LocalArxiv, database_url: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **local.settings_env(),
        "FRESHPRINT_DATABASE_URL": database_url,
        "FRESHPRINT_NOW": LATER.isoformat(),
        "FRESHPRINT_ARXIV_SPACING": "0.05",
    }
    command = [sys.executable, "-m", "app", "backfill", "--from", str(FIRST), "--until", str(LAST)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


async def test_killed_with_minus_nine_it_is_taken_up_where_it_was(
    engine: AsyncEngine, database_url: str, world: World, fetching: Fetching
) -> None:
    with site(world) as local:
        await filled(local, fetching)
        whole = await everything(engine)
        await emptied(engine)
        local.ledger.reset()
        victim = start(local, database_url)
        while len(local.ledger.entries) < 4:
            assert victim.poll() is None
            await asyncio.sleep(0.01)
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
        local.ledger.reset()
        await filled(local, fetching)
        assert "resumptionToken" in local.ledger.paths[0]
    assert await everything(engine) == whole


async def test_the_command_exits_with_75_when_arxiv_does_not_answer(
    database_url: str, world: World
) -> None:
    with site(world) as local:
        local.site.weather = Weather.of([Fault.EMPTY], times=99)
        process = start(local, database_url)
        _, said = await asyncio.to_thread(process.communicate)
    assert process.returncode == 75, said


async def test_a_seen_listing_counts_before_a_derived_one(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    """Today's feed after a backfill that had today's papers already: nothing derived is left."""
    with LocalArxiv(world, datetime(2026, 1, 16, 6, tzinfo=UTC)) as local:
        await filled(local, fetching)
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
        for subject in ("cs.AI", "cs.LG", "quant-ph"):
            assert await listing(engine, subject, LAST) == told(local, subject, LAST)
        a = tables.announcement
        async with engine.connect() as conn:
            found = await conn.execute(select(a.c.derived).where(a.c.day == LAST))
            assert set(found.scalars()) == {False}


async def test_a_whole_day_gets_no_derived_line(
    engine: AsyncEngine, world: World, fetching: Fetching
) -> None:
    async with engine.begin() as conn:
        await looks.mark_seen(conn, DAYS[2], {"cs.LG": 0, "cs.CV": 0}, LATER)
        judged = {"cs.LG": Verdict(State.WHOLE, 0)}
        await looks.mark_checked(conn, DAYS[2], judged, Source.OAI, LATER)
    with site(world) as local:
        await filled(local, fetching)
    assert await listing(engine, "cs.LG", DAYS[2]) == {}
    assert Kind.NEW.label in (await listing(engine, "cs.CV", DAYS[2])).values()


async def test_progress_tells_papers_and_requests_with_what_is_left(
    world: World, fetching: Fetching
) -> None:
    reports: dict[str, list[tuple[int, int]]] = {}
    with site(world) as local:
        async with fetching(local) as fetcher:
            telling = replace(
                fetcher, report=lambda step, *n: reports.setdefault(step, []).append(n)
            )
            result = await backfill(telling, FIRST, LAST, ALL)
    made = [done for done, _ in reports["requests"]]
    assert made == list(range(1, result.requests + 1))
    middle = reports["requests"][result.requests // 2]
    assert abs(middle[1] - result.requests) <= result.requests / 2
    assert reports["papers"][-1][0] == result.papers.new


async def test_days_in_the_wrong_order_are_refused(world: World, fetching: Fetching) -> None:
    with site(world) as local:
        async with fetching(local) as fetcher:
            with pytest.raises(BadInput):
                await backfill(fetcher, LAST, FIRST, ALL)
