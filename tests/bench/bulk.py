"""Importing a file of bulk metadata (all of `corpus.jsonl.xz`), beside COPY into the same tables.

What is measured is the whole command: unpacking, parsing, rendering, storing, and telling the days
of papers that no listing has. COPY gets its own bytes, made beforehand. Unpacking is named apart.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services import bulk
from app.sources import json_lines
from app.store import tables
from tests.real import REAL

MADE_UP, ROUNDS = 50_000, 3
NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)


async def bench(engine: AsyncEngine) -> None:
    """Prints rows a second of both, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = REAL / "corpus.jsonl.xz" if REAL else _made_up(Path(folder))
        unpacking = _unpacked(path)
        marks: dict[str, float] = {}
        began = time.perf_counter()
        imported = await bulk.import_file(
            engine, path, lambda: NOW, lambda step, *_: marks.update({step: time.perf_counter()})
        )
        took = time.perf_counter() - began
        rows = await _dump(engine, Path(folder))
        copies = [await _copy(engine, Path(folder)) for _ in range(ROUNDS)]
    ours, copy = sum(rows.values()) / took, sum(rows.values()) / median(copies)
    counts = ", ".join(f"{count:,} of {table}" for table, count in rows.items())
    print(f"COPY    {copy:9,.0f} rows/s   ({counts}) = 1.00")
    print(f"import  {ours:9,.0f} rows/s   = {ours / copy:.2f} of COPY   ({took:.1f} s)")
    print(
        f"        of which storing {marks['lines'] - began:.1f} s, days of papers"
        f" {began + took - marks['lines']:.1f} s; unpacking alone takes {unpacking:.1f} s"
    )
    assert imported.papers.new == rows["paper"]


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


def _unpacked(path: Path) -> float:
    began = time.perf_counter()
    for _ in json_lines.blocks(path):
        pass
    return time.perf_counter() - began


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
    async with engine.begin() as conn:
        await conn.execute(text(f"TRUNCATE {', '.join(_tables())}"))
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


def _raw(connection: Any) -> Any:
    return connection.driver_connection


def _tables() -> list[str]:
    return [t.name for t in (tables.paper, tables.version, tables.announcement)]
