"""Importing a file of bulk metadata (all of `corpus.jsonl.xz`), beside COPY into the same tables.

What is measured is the whole command: unpacking, parsing, rendering, storing, and telling the days
of papers that no listing has. COPY gets its own bytes, made beforehand. Then the same without
unpacking and parsing JSON, which the command's processes are timed at alone, and the storing of
rows that are rendered already, which is what the bench `intake` measures.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services import bulk, prepare
from app.sources import json_lines
from app.store import bulk as store
from app.store import progress, tables
from app.store.progress import Progress
from tests.real import REAL

MADE_UP, BLOCKS, ROUNDS = 50_000, 25, 3
NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)


async def bench(engine: AsyncEngine) -> None:
    """Prints rows a second of both, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = REAL / "corpus.jsonl.xz" if REAL else _made_up(Path(folder))
        reading = _read(path)
        marks: dict[str, float] = {}
        began = time.perf_counter()
        imported = await bulk.import_file(
            engine, path, lambda: NOW, lambda step, *_: marks.update({step: time.perf_counter()})
        )
        took, days = time.perf_counter() - began, time.perf_counter() - marks["lines"]
        rows = await _dump(engine, Path(folder))
        copying = median([await _copy(engine, Path(folder)) for _ in range(ROUNDS)])
        prepared, storing, copying_those = await _stored(engine, path, Path(folder))
    count = sum(rows.values())
    counts = ", ".join(f"{n:,} of {table}" for table, n in rows.items())
    print(f"COPY            {count / copying:9,.0f} rows/s   ({counts}) = 1.00")
    for name, seconds in (("import, all", took), ("but reading", took - reading)):
        print(f"{name:<15} {count / seconds:9,.0f} rows/s   = {copying / seconds:.2f} of COPY")
    print(
        f"storing alone   {prepared / storing:9,.0f} rows/s   = {copying_those / storing:.2f}"
        f" of COPY   ({prepared:,} rows, rendered beforehand)"
    )
    print(
        f"import took {took:.1f} s on {prepare.PROCESSES} cores: {reading:.1f} s of it unpacking"
        f" and JSON, {days:.1f} s for the days that no listing tells; COPY {copying:.1f} s"
    )
    assert imported.papers.new == rows["paper"]


async def _stored(engine: AsyncEngine, path: Path, folder: Path) -> tuple[int, float, float]:
    """Rows made beforehand of the first papers: their count, seconds to store them, and COPY's."""
    blocks = [prepare.prepare(b.lines, NOW) for b in islice(json_lines.blocks(path), BLOCKS)]
    await _emptied(engine)
    began = time.perf_counter()
    for block in blocks:
        async with engine.begin() as conn:
            await store.unawaited(conn)
            assert not await store.stored(conn, block.ids)
            await store.unchecked(conn)
            await store.add(conn, block.rows)
            await progress.keep(conn, "bench", Progress("0", 0), NOW)
    storing = time.perf_counter() - began
    rows = await _dump(engine, folder)
    return sum(rows.values()), storing, median([await _copy(engine, folder) for _ in range(ROUNDS)])


def _made_up(folder: Path) -> Path:
    from tests.bench.papers import papers

    path = folder / "made-up.jsonl"
    with path.open("w") as file:
        for paper in papers(MADE_UP):
            times = [{"version": f"v{v.n}", "date": f"{v.submitted_at}"} for v in paper.versions]
            line = {
                "id": str(paper.id),
                "title": paper.title,
                "authors": [author.name for author in paper.authors],
                "abstract": paper.abstract,
                "categories": paper.subjects,
                "comment": paper.comment,
                "versions": times,
            }
            file.write(json.dumps(line) + "\n")
    return path


def _read(path: Path) -> float:
    """Seconds for unpacking and JSON alone, in as many processes as the import has."""
    began = time.perf_counter()
    with prepare.pool(path.stat().st_size) as pool:
        waiting = deque[Future[int]]()
        for block in json_lines.blocks(path):
            waiting.append(pool.submit(_parsed, block.lines))
            if len(waiting) > prepare.PROCESSES + 1:
                waiting.popleft().result()
    return time.perf_counter() - began


def _parsed(lines: list[bytes]) -> int:
    return sum(json.loads(line) is not None for line in lines)


async def _dump(engine: AsyncEngine, folder: Path) -> dict[str, int]:
    """Each table as COPY's own bytes: the yardstick shall not pay for making them."""
    rows = {}
    async with engine.connect() as conn:
        cursor = _raw(await conn.get_raw_connection()).cursor()
        for table in _tables():
            with (folder / table).open("wb") as file:
                async with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                    async for chunk in copy:
                        file.write(chunk)
            rows[table] = int(await conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
    return rows


async def _copy(engine: AsyncEngine, folder: Path) -> float:
    await _emptied(engine)
    began = time.perf_counter()
    async with engine.begin() as conn:
        await conn.execute(text("SET LOCAL statement_timeout = 0"))
        cursor = _raw(await conn.get_raw_connection()).cursor()
        for table in _tables():
            with (folder / table).open("rb") as file:
                async with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    while chunk := file.read(1 << 18):
                        await copy.write(chunk)
    return time.perf_counter() - began


async def _emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text(f"TRUNCATE {', '.join(_tables())} CASCADE"))


def _raw(connection: Any) -> Any:
    return connection.driver_connection


def _tables() -> list[str]:
    return [t.name for t in (tables.paper, tables.version, tables.announcement)]
