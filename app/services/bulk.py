"""Import of bulk metadata: blocks of lines → papers, in a pool of processes → COPY, in this one.

Measured with a corpus of 364,812 papers on two cores (41 s; COPY of the same rows takes 21 s): rows
that are ready are stored as fast as COPY stores them, and the rest is the pool's, which more cores
make shorter. Rendering TeX is a quarter of that. Left to the page that shows a paper it would
save an import ten seconds, and cost every reader of the old papers, the schema and the search index
a second form of a paper: so a paper is whole at once. Blocks that hold a paper which is stored, or
hold one twice, are merged instead.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import Clock
from app.errors import BadInput
from app.services.arxiv import Report
from app.services.history import derive
from app.services.prepare import PROCESSES, Prepared, Readable, announcements, prepare, readable
from app.services.prepare import pool as pool_of
from app.sources import json_lines
from app.sources.json_lines import Block
from app.store import bulk, intake, progress
from app.store.intake import Stored
from app.store.progress import Progress

log = structlog.get_logger(__name__)

SHOWN = 20  # bad lines named; all are counted
END = "end"


@dataclass
class Imported:
    """What an import did this time: `lines` read, what became of their papers, and lines that tell
    of none, of which the first are named (number, reason). `done`: there was nothing left to do."""

    lines: int = 0
    papers: Stored = field(default_factory=Stored)
    bad: int = 0
    named: list[tuple[int, str]] = field(default_factory=list)
    done: bool = False


async def import_file(
    engine: AsyncEngine, path: Path, clock: Clock, report: Report, *, again: bool = False
) -> Imported:
    """Store the papers of a file, and derive the days they were announced on.

    Killed at any instant it is taken up where it was; `again` begins anew. Raises BadInput where
    the file can't be read; what was stored until then stays.
    """
    job = f"import {path.name} {await asyncio.to_thread(_fingerprint, path)}"
    async with engine.begin() as conn:
        if again:
            await progress.forget(conn, job)
        began = await progress.of(conn, job) or Progress("0", 0)
    imported = Imported()
    if began.position == END:
        imported.done = True
        return imported
    done = await _Import(engine, path, clock, report, job).run(began, imported)
    await derive(engine, report)
    async with engine.begin() as conn:
        await progress.keep(conn, job, Progress(END, done), clock())
    log.info("file imported", file=path.name, papers=done, bad=imported.bad)
    return imported


@dataclass(frozen=True, slots=True)
class _Import:
    engine: AsyncEngine
    path: Path
    clock: Clock
    report: Report
    job: str

    async def run(self, began: Progress, imported: Imported) -> int:
        """Store all blocks behind where it began; the count of papers, earlier runs' included."""
        size, done = self.path.stat().st_size, began.done
        with pool_of(size) as pool:
            async with aclosing(self._prepared(pool, int(began.position))) as blocks:
                async for block, prepared in blocks:
                    done += len(prepared.ids)
                    imported.papers += await self._store(pool, block, prepared, done)
                    imported.lines += len(block.lines)
                    _note_bad(imported, block, prepared.bad)
                    self.report("lines", block.last, block.last * size // max(block.read, 1))
        return done

    async def _prepared(self, pool: Executor, after: int) -> AsyncGenerator[tuple[Block, Prepared]]:
        """The blocks in order; so many are under way that the pool never waits."""
        loop, waiting = asyncio.get_running_loop(), deque[tuple[Block, asyncio.Future[Prepared]]]()
        async with aclosing(_read_ahead(self.path, after)) as blocks:
            async for block in blocks:
                work = loop.run_in_executor(pool, prepare, block.lines, self.clock())
                waiting.append((block, work))
                if len(waiting) > PROCESSES + 1:
                    first, prepared = waiting.popleft()
                    yield first, await prepared
        for block, prepared in waiting:
            yield block, await prepared

    async def _store(self, pool: Executor, block: Block, prepared: Prepared, done: int) -> Stored:
        """One transaction: the papers, and how far we are."""
        ids = prepared.ids
        async with self.engine.begin() as conn:
            await bulk.unawaited(conn)
            if len(set(ids)) < len(ids) or await bulk.stored(conn, ids):
                loop = asyncio.get_running_loop()
                papers = await loop.run_in_executor(pool, readable, block.lines)
                result = await _merged(conn, papers, self.clock())
            else:
                await bulk.unchecked(conn)
                await bulk.add(conn, prepared.rows)
                result = Stored(new=len(ids))
            await progress.keep(conn, self.job, Progress(str(block.last), done), self.clock())
        return result


async def _read_ahead(path: Path, after: int) -> AsyncGenerator[Block]:
    """The blocks, the next one being read while one is worked on."""
    blocks = json_lines.blocks(path, after)
    coming = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    try:
        while block := await coming:
            coming = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            yield block
    finally:
        await asyncio.wait([coming])
        blocks.close()


async def _merged(conn: AsyncConnection, papers: Readable, at: datetime) -> Stored:
    """Merge papers into what is stored. A file is older than what arXiv told us itself: where all
    of a paper is known, it overrules nothing."""
    result = Stored()
    for once in _each_once(papers):
        known = await bulk.stored(conn, [str(told.paper.id) for told, _ in once])
        rendered = {told.paper.id: looks for told, looks in once}
        fetched = [
            replace(told.paper, complete=told.paper.complete and not known.get(str(told.paper.id)))
            for told, _ in once
        ]
        for complete in (True, False):
            part = [paper for paper in fetched if paper.complete is complete]
            result += await intake.store_papers(
                conn, part, rendered, detailed_at=at if complete else None
            )
        await intake.announce(conn, [line for told, _ in once for line in announcements(told)])
    return result


def _each_once(papers: Readable) -> Iterator[Readable]:
    """Parts in which no paper is told of twice, in their order."""
    while papers:
        first = {each[0].paper.id: each for each in reversed(papers)}
        yield list(first.values())
        papers = [each for each in papers if each is not first[each[0].paper.id]]


def _note_bad(imported: Imported, block: Block, bad: Sequence[tuple[int, str]]) -> None:
    first = block.last - len(block.lines) + 1
    for place, reason in bad:
        imported.bad += 1
        if len(imported.named) < SHOWN:
            imported.named.append((first + place, reason))
            log.warning("line skipped", line=first + place, reason=reason)


def _fingerprint(path: Path) -> str:
    """Tells a file from another of its name: by its size and its first and last mebibyte."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.sha256(file.read(1 << 20))
            file.seek(max(0, size - (1 << 20)))
            digest.update(file.read(1 << 20))
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from None
    return f"{size} {digest.hexdigest()[:12]}"
