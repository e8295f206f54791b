"""Import of bulk files: complete, resumable, and told line by line what is wrong with them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, Paper
from app.errors import BadInput
from app.services.arxiv import unreported
from app.services.bulk import Imported, import_file
from app.services.history import derive
from app.services.render import render
from app.sources import json_lines
from app.sources.bulk import parse
from app.store import bulk, history, intake, progress, tables
from app.store.intake import Stored
from tests.fetch import everything

NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
COUNT, LONG = 900, 4_500


def snapshot_line(number: int) -> dict[str, Any]:
    """A paper as arXiv's snapshot has it, with what COPY's format could stumble over."""
    submitted = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=20 * number)
    created = f"{submitted:%a, %d %b %Y %H:%M:%S} GMT"
    versions = [{"version": f"v{n}", "created": created} for n in range(1, 2 + number % 3)]
    return {
        "id": f"2601.{number:05}",
        "submitter": "Ada Amberg",
        "authors": 'Ada "Bo" Amberg, Chidi D\\\'ara (Here \\& There), {Emil}',
        "title": f"Sparse \\N Models, number {number}\n  of many",
        "comments": None if number % 2 else "9 pages\\\\",
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": ("cs.CL cs.AI", "math.AP", "hep-th gr-qc")[number % 3],
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "abstract": f'  Some $x_{number}$,\ttabs\nand \\emph{{lines}}.\n  And "paragraphs".\n',
        "versions": versions,
        "update_date": "2026-01-20",
        "authors_parsed": [["Amberg", "Ada", ""]],
    }


def written(path: Path, lines: list[Any]) -> Path:
    raw = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path.write_bytes(b"\n".join(raw))
    return path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small file has many."""
    monkeypatch.setattr(json_lines, "_BLOCK", 60_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Papers with three other things among them, one of them told of twice."""
    lines: list[Any] = [snapshot_line(n) for n in range(1, COUNT + 1)]
    lines.insert(400, b"{ not JSON")
    lines.insert(10, {**snapshot_line(5), "id": "2613.00001"})
    lines.append({**snapshot_line(3), "comments": "told again"})
    return written(tmp_path / "snapshot.json", lines)


async def imported(engine: AsyncEngine, path: Path, *, again: bool = False) -> Imported:
    return await import_file(engine, path, lambda: NOW, unreported, again=again)


async def emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for table in reversed(tables.metadata.sorted_tables):
            await conn.execute(table.delete())


async def row(engine: AsyncEngine, paper_id: str) -> dict[str, Any]:
    p = tables.paper
    async with engine.connect() as conn:
        found = await conn.execute(select(p).where(p.c.id == paper_id))
        return dict(found.mappings().one())


async def test_every_paper_is_stored_and_bad_lines_are_named(
    engine: AsyncEngine, file: Path
) -> None:
    told = await imported(engine, file)
    assert told.papers == Stored(new=COUNT, unchanged=1)
    assert told.bad == 2
    assert [number for number, _ in told.named] == [11, 402]
    assert told.lines == COUNT + 3


async def test_the_fast_way_stores_what_merging_stores(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    fast = await everything(engine)
    await emptied(engine)
    papers = [parse(json.dumps(snapshot_line(n)).encode()).paper for n in range(1, 11)]
    async with engine.begin() as conn:
        await intake.store_papers(conn, papers, {p.id: render(p) for p in papers}, detailed_at=NOW)
    merged = await everything(engine)
    assert merged["paper"]
    assert merged["paper"] == fast["paper"][:10]
    assert merged["version"] == fast["version"][: len(merged["version"])]


async def test_an_import_is_done_once_unless_asked_again(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    before = await everything(engine)
    assert (await imported(engine, file)).done
    again = await imported(engine, file, again=True)
    assert again.papers == Stored(unchanged=COUNT + 1)
    assert await everything(engine) == before


async def test_another_file_of_the_same_name_is_another(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    written(file, [snapshot_line(COUNT + 7)])
    assert (await imported(engine, file)).papers == Stored(new=1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("module", "step"),
    [
        (bulk, "stored"),
        (bulk, "add"),
        (intake, "store_papers"),
        (intake, "announce"),
        (progress, "keep"),
        (history, "papers_of"),
        (history, "drop"),
        (history, "add"),
    ],
    ids=lambda value: str(value).rpartition(".")[2].split("'")[0],
)
async def test_killed_in_any_step_it_ends_the_same(
    engine: AsyncEngine, file: Path, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    await imported(engine, file)
    whole = await everything(engine)
    await emptied(engine)
    for calls in (1, 4):
        killer = _Killer(getattr(module, step), calls)
        with monkeypatch.context() as patched:
            patched.setattr(module, step, killer)
            with suppress(_Struck):
                await imported(engine, file)
    assert killer.struck or calls > 1
    await imported(engine, file)
    assert await everything(engine) == whole


class _Struck(BaseException):
    """What no `except Exception` holds up. KeyboardInterrupt in a task would end the loop too."""


class _Killer:
    """Lets some calls pass, does the next one, and then strikes."""

    def __init__(self, step: Callable[..., Awaitable[Any]], calls: int) -> None:
        self._step, self._left = step, calls
        self.struck = False

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = await self._step(*args, **kwargs)
        self._left -= 1
        if self._left == 0:
            self.struck = True
            raise _Struck
        return result


def start(path: Path, database_url: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FRESHPRINT_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "app", "import", str(path)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)


async def test_a_process_killed_with_minus_nine_leaves_no_children_and_is_taken_up(
    engine: AsyncEngine, database_url: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "many.json", [snapshot_line(n) for n in range(1, LONG + 1)])
    victim = start(path, database_url)
    while not await _count(engine):
        assert victim.poll() is None
        await asyncio.sleep(0.01)
    children = psutil.Process(victim.pid).children(recursive=True)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    stored = await _count(engine)
    assert 0 < stored <= LONG  # on a busy machine we may come too late
    told = await imported(engine, path)
    assert told.papers.new == LONG - stored
    assert told.lines == LONG - stored
    assert await _count(engine) == LONG
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive


async def _count(engine: AsyncEngine) -> int:
    async with engine.connect() as conn:
        return await conn.scalar(select(func.count()).select_from(tables.paper)) or 0


async def test_what_arxiv_told_itself_is_not_overruled_by_a_file(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    known = Paper(
        ArxivId.parse("2601.00001"), "As arXiv has it now", (Author("Ada"),), "Words.", ("cs.CL",),
        version=1, comment="corrected", complete=True,
    )  # fmt: skip
    async with engine.begin() as conn:
        await intake.store_papers(conn, [known], {known.id: render(known)}, detailed_at=NOW)
    line = {**snapshot_line(3), "id": "2601.00001", "comments": "old", "doi": "10.1/x"}
    await imported(engine, written(tmp_path / "file", [line]))
    stored = await row(engine, "2601.00001")
    assert (stored["title"], stored["comment"]) == ("As arXiv has it now", "corrected")
    assert stored["submitted_at"] is not None


async def test_a_paper_known_from_a_feed_only_is_completed(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    fed = Paper(ArxivId.parse("2601.00002"), "Short", (Author("Ada"),), "Words.", ("cs.CL",), 1)
    async with engine.begin() as conn:
        await intake.store_papers(conn, [fed], {fed.id: render(fed)}, detailed_at=None)
    await imported(engine, written(tmp_path / "file", [snapshot_line(2)]))
    stored = await row(engine, "2601.00002")
    assert stored["detailed_at"] == NOW
    assert stored["comment"] == "9 pages\\\\"


async def test_days_are_derived_from_submission_times(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    a = tables.announcement
    async with engine.connect() as conn:
        lines = (
            await conn.execute(select(a).where(a.c.paper_id == "2601.00003").order_by(a.c.kind))
        ).all()
    # Monday 01:00 UTC is before the cut-off of Monday, whose papers are in Tuesday's listing.
    assert [(x.subject, x.day, x.kind, x.derived) for x in lines] == [
        ("cs.CL", date(2026, 1, 6), 0, True),
        ("cs.AI", date(2026, 1, 6), 1, True),
    ]


async def test_a_day_seen_by_the_corpus_is_a_seen_line(engine: AsyncEngine, tmp_path: Path) -> None:
    line = {
        "id": "2601.00007", "title": "A title", "authors": ["Ada"], "abstract": "Words.",
        "categories": ["cs.CL"], "announced": "2026-01-06", "announced_basis": "listing",
    }  # fmt: skip
    derived = {**line, "id": "2601.00008", "announced_basis": "id-block"}
    bare = {k: v for k, v in line.items() if not k.startswith("announced") and k != "categories"}
    lines = [line, derived, {**bare, "id": "2601.00009"}]
    assert (await imported(engine, written(tmp_path / "file", lines))).papers.new == 3
    a = tables.announcement
    async with engine.connect() as conn:
        found = (await conn.execute(select(a).order_by(a.c.paper_id))).all()
    assert [(x.paper_id, x.derived) for x in found] == [("2601.00007", False), ("2601.00008", True)]


@pytest.mark.usefixtures("small_blocks")
async def test_memory_is_flat(engine: AsyncEngine, tmp_path: Path) -> None:
    path = written(tmp_path / "many.json", [snapshot_line(n) for n in range(1, 8_000)])
    heights = list[int]()

    def watch(step: str, done: int, total: int) -> None:
        heights.append(psutil.Process().memory_info().rss)

    await import_file(engine, path, lambda: NOW, watch)
    early, late = heights[20], heights[-1]
    assert len(heights) > 60
    assert late - early < path.stat().st_size / 2


async def test_progress_is_told_of_an_estimated_total(engine: AsyncEngine, file: Path) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    await import_file(
        engine, file, lambda: NOW, lambda step, *n: told.setdefault(step, []).append(n)
    )
    assert told["lines"][-1] == (COUNT + 3, COUNT + 3)
    done, total = told["days of papers"][-1]
    assert done == total == 1


async def test_a_file_that_is_not_there_is_told_as_bad_input(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="none"):
        await imported(engine, tmp_path / "none")


async def test_deriving_again_changes_nothing(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    before = await _row_versions(engine)
    began = time.monotonic()
    await derive(engine, unreported)
    assert time.monotonic() - began < 5
    assert await _row_versions(engine) == before


async def test_two_may_derive_at_once(engine: AsyncEngine, file: Path) -> None:
    await imported(engine, file)
    whole = await everything(engine)
    async with engine.begin() as conn:
        await conn.execute(text("DELETE FROM announcement"))
    await asyncio.gather(derive(engine, unreported), derive(engine, unreported))
    assert await everything(engine) == whole


async def _row_versions(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as conn:
        found = await conn.execute(text("SELECT xmin::text, * FROM announcement"))
        return sorted(map(str, found))
