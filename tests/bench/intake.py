"""Storing 10,000 papers with their announcements, beside COPY into the same tables.

The papers are rendered beforehand: what is measured is merging and writing, in batches of the
size that an ingest uses, and once more with everything stored already. Rendering is named apart.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import partial
from statistics import median
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Announcement, Kind, Paper
from app.services.batches import BATCH
from app.services.render import render
from app.store import intake, tables
from app.store.rows import Rendered

COUNT, ROUNDS = 10_000, 3
DAY, NOW = date(2026, 1, 22), datetime(2026, 1, 22, 6, tzinfo=UTC)


async def bench(engine: AsyncEngine) -> None:
    """Prints rows a second of both, and their ratio."""
    from tests.bench.papers import papers

    some = papers(COUNT)
    began = time.perf_counter()
    rendered = {paper.id: render(paper) for paper in some}
    rendering = time.perf_counter() - began
    rows, ours, again, copies = 0, [], [], []
    for _ in range(ROUNDS):
        await _emptied(engine)
        ours.append(await _timed(partial(_store, engine, some, rendered)))
        again.append(await _timed(partial(_store, engine, some, rendered)))
        dumped = await _dumped(engine)
        rows = sum(count for _, count, _ in dumped)
        await _emptied(engine)
        copies.append(await _timed(partial(_copied, engine, dumped)))
    copy = rows / median(copies)
    print(f"COPY        {copy:9,.0f} rows/s   ({rows:,} rows of {COUNT:,} papers) = 1.00")
    for name, times in (("store", ours), ("store again", again)):
        speed = rows / median(times)
        print(f"{name:<11} {speed:9,.0f} rows/s   = {speed / copy:.2f} of COPY")
    print(f"rendering   {COUNT / rendering:9,.0f} papers/s, apart from the above")


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _store(engine: AsyncEngine, some: list[Paper], rendered: dict[ArxivId, Rendered]) -> None:
    for i in range(0, len(some), BATCH):
        batch = some[i : i + BATCH]
        lines = [
            Announcement(DAY, subject, paper.id, Kind.NEW, paper.id.ordinal)
            for paper in batch
            for subject in paper.subjects
        ]
        async with engine.begin() as conn:
            await intake.store_papers(conn, batch, rendered, detailed_at=NOW)
            await intake.announce(conn, lines)


async def _dumped(engine: AsyncEngine) -> list[tuple[str, int, list[bytes]]]:
    """Each table as COPY's own bytes: the yardstick shall not pay for making them."""
    result = []
    async with engine.connect() as conn:
        cursor = _raw(await conn.get_raw_connection()).cursor()
        for table in _tables():
            async with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                chunks = [bytes(chunk) async for chunk in copy]
            count = await conn.scalar(text(f"SELECT count(*) FROM {table}"))
            result.append((table, int(count or 0), chunks))
    return result


async def _copied(engine: AsyncEngine, dumped: list[tuple[str, int, list[bytes]]]) -> None:
    async with engine.begin() as conn:
        cursor = _raw(await conn.get_raw_connection()).cursor()
        for table, _, chunks in dumped:
            async with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                for chunk in chunks:
                    await copy.write(chunk)


def _raw(connection: Any) -> Any:
    return connection.driver_connection


def _tables() -> list[str]:
    return [t.name for t in (tables.paper, tables.version, tables.announcement)]


async def _emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text(f"TRUNCATE {', '.join(_tables())} CASCADE"))
