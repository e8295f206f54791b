"""The pace of requests, as a server sees them: over real processes, killed ones included."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.context import ForkServerProcess

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from app.store import pace
from app.store.pace import ArxivPace
from tests.store.pacer import ask

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.store.pacer"])


@dataclass
class Source:
    """What stands for arXiv: it notes when requests come, and how many at once."""

    headers_after: float
    body_after: float
    port: int = 0
    seen: list[float] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(time.monotonic())
        self.came.set()
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        with suppress(ConnectionError):
            with suppress(TimeoutError):  # until then, or until they hang up
                await asyncio.wait_for(reader.read(), self.headers_after)
            writer.write(b"headers\n")
            await writer.drain()
            await asyncio.sleep(self.body_after)
        self.busy -= 1
        writer.close()


@asynccontextmanager
async def source(headers_after: float, body_after: float) -> AsyncIterator[Source]:
    one = Source(headers_after, body_after)
    server = await asyncio.start_server(one.serve, "127.0.0.1")
    one.port = server.sockets[0].getsockname()[1]
    async with server:
        yield one


@contextmanager
def processes(number: int, *how: object) -> Iterator[list[ForkServerProcess]]:
    started = [_processes.Process(target=ask, args=how) for _ in range(number)]
    for process in started:
        process.start()
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.join()
            process.close()


async def begins(paced: ArxivPace) -> float:
    """How many seconds it takes until there is a turn."""
    before = time.monotonic()
    async with paced.turn():
        return time.monotonic() - before


async def test_four_processes_never_ask_at_once_nor_too_soon(database_url: str) -> None:
    async with source(0.03, 0.05) as one:
        with processes(4, database_url, one.port, 0.2, 3, 10.0) as started:
            for process in started:
                await asyncio.to_thread(process.join)
            assert [process.exitcode for process in started] == [0] * 4
    assert len(one.seen) == 12
    assert one.busiest == 1
    gaps = [after - before for before, after in pairwise(one.seen)]
    assert min(gaps) >= 0.2
    assert sorted(gaps)[6] < 1  # and no slower than it must be, by much


async def test_the_turn_of_a_killed_holder_runs_out(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LEASE", 1.0)
    async with source(60, 0) as one:
        with processes(1, database_url, one.port, 0.2, 1, 1.0) as [holder]:
            await one.came.wait()
            holder.kill()
            killed = time.monotonic()
            await begins(ArxivPace(engine, 0.2))
            assert time.monotonic() - one.seen[0] >= 0.2
            assert time.monotonic() - killed < 5  # 1.2 s, and what a busy machine adds


async def test_a_long_answer_keeps_its_turn(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LEASE", 0.6)
    async with ArxivPace(engine, 0).turn():
        waiter = asyncio.create_task(begins(ArxivPace(engine, 0)))
        await asyncio.sleep(1.5)
        assert not waiter.done()
        ended = time.monotonic()
    await waiter
    assert time.monotonic() - ended < 2


async def test_spacing_counts_from_the_answers_headers(engine: AsyncEngine) -> None:
    paced = ArxivPace(engine, 1.5)
    async with paced.turn() as turn:
        await turn.answered()
        answered = time.monotonic()
        await asyncio.sleep(1.2)
    await begins(paced)
    assert 1.45 < time.monotonic() - answered < 2.6


async def test_spacing_counts_from_the_end_where_there_was_no_answer(engine: AsyncEngine) -> None:
    paced = ArxivPace(engine, 0.5)
    with pytest.raises(ConnectionError):
        async with paced.turn():
            await asyncio.sleep(0.3)
            raise ConnectionError
    assert await begins(paced) >= 0.5


async def test_asked_to_be_left_alone_everybody_holds(engine: AsyncEngine) -> None:
    async with ArxivPace(engine, 0).turn() as turn:
        await turn.answered()
        await turn.hold(0.7)
    assert await begins(ArxivPace(engine, 0)) >= 0.65


async def test_a_shorter_hold_does_not_end_a_longer_one(engine: AsyncEngine) -> None:
    async with ArxivPace(engine, 0).turn() as turn:
        await turn.hold(0.7)
        await turn.hold(0.1)
    assert await begins(ArxivPace(engine, 0)) >= 0.65


async def test_who_stops_waiting_blocks_nobody(engine: AsyncEngine) -> None:
    paced = [ArxivPace(engine, 0), ArxivPace(engine, 0)]
    chance = random.Random(7)
    async with paced[0].turn():
        waiters = [asyncio.create_task(begins(one)) for one in paced * 3]
        await asyncio.sleep(0.3)
        for waiter in waiters:
            waiter.cancel()
        await asyncio.wait(waiters)
    for _ in range(40):  # cancelled at any moment of the claim
        task = asyncio.create_task(begins(paced[1]))
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
        await asyncio.wait([task])
    assert await begins(paced[0]) < 2  # a lease left behind would last ten
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT holder FROM pace")) is None


async def test_waiters_of_one_process_go_in_the_order_they_came(engine: AsyncEngine) -> None:
    paced = ArxivPace(engine, 0.01)
    order = []

    async def one(number: int) -> None:
        async with paced.turn():
            order.append(number)

    await asyncio.gather(*(one(number) for number in range(8)))
    assert order == list(range(8))


async def test_no_connection_is_kept_during_a_request(engine: AsyncEngine) -> None:
    async with ArxivPace(engine, 0).turn():
        assert isinstance(engine.pool, QueuePool)
        assert engine.pool.checkedout() == 0


async def test_without_spacing_it_costs_next_to_nothing(engine: AsyncEngine) -> None:
    paced = ArxivPace(engine, 0)
    before = time.monotonic()
    for _ in range(50):
        async with paced.turn() as turn:
            await turn.answered()
    assert time.monotonic() - before < 50 * 0.04  # 3 ms each on an idle machine
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT requests FROM pace")) == 50


async def test_a_database_that_goes_away_costs_nobody_their_answer(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LEASE", 0.5)
    got = ""
    async with ArxivPace(engine, 0).turn() as turn:
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE pace RENAME TO gone"))
        await turn.answered()
        got = "answer"
    assert got == "answer"
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE gone RENAME TO pace"))
    assert await begins(ArxivPace(engine, 0)) < 3
