"""Derived announcements: papers that no listing has as new get the days that history tells."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.history import Clue, announcement_days, first_lines, ready_day
from app.domain.paper import Announcement, Kind
from app.services.arxiv import Report
from app.store import bulk, history
from app.store.history import Known

log = structlog.get_logger(__name__)

_FIRST = (Kind.NEW, Kind.CROSS)
_AT_ONCE = 2  # months: one is thought about here while the database works on the other


async def derive(engine: AsyncEngine, report: Report) -> None:
    """Tell the days of all stored papers that have none, a month in a transaction.

    The months' other derived lines are told anew: more neighbours tell more. Seen lines stay, and
    so do days whose listings are known to be whole. Run again it changes nothing.
    """
    async with engine.begin() as conn:
        months = await history.months_to_tell(conn)
    done = 0

    async def tell(left: Iterator[int]) -> None:
        nonlocal done
        for month in left:
            async with engine.begin() as conn:
                await _derive_month(conn, month)
            done += 1
            report("days of papers", done, len(months))

    left = iter(months)
    with _no_collection():
        await _together([tell(left) for _ in range(_AT_ONCE)])
    log.info("announcement days derived", months=len(months))


async def _together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all; the first that fails ends the others, and its error is told as it is."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A month's papers hold no cycles, and looking for some takes a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _derive_month(conn: AsyncConnection, month: int) -> None:
    await bulk.unawaited(conn)
    await history.lock(conn, month)
    papers = await history.papers_of(conn, month)
    days = announcement_days(_clue(paper) for paper in papers)
    told = [paper for paper in papers if paper.id in days and not _keeps(paper)]
    there = await history.lines_of(conn, told)
    settled = await history.settled(conn)
    lines = _lines(told, days, there, settled)
    derived = {
        line
        for line in there
        if line.derived and line.kind in _FIRST and (line.subject, line.day) not in settled
    }
    await history.drop(conn, derived - lines)
    await history.add(conn, lines - derived)


def _clue(paper: Known) -> Clue:
    """A day told by who collected a paper's data stands for the time that is not known."""
    return Clue(paper.id, paper.seen, ready_day(paper.id, paper.submitted_at) or paper.derived)


def _keeps(paper: Known) -> bool:
    """Whether a derived day can't be told better than it was."""
    return paper.derived is not None and paper.submitted_at is None


def _lines(
    papers: Iterable[Known],
    days: dict[ArxivId, date],
    there: Sequence[Announcement],
    settled: set[tuple[str, date]],
) -> set[Announcement]:
    """The lines to have: none beside one that was seen, none in a listing that is whole."""
    seen = {(line.paper_id, line.subject) for line in there if _is_seen_first(line)}
    taken = {_key(line) for line in there if not line.derived or line.kind not in _FIRST}
    return {
        line
        for paper in papers
        for line in first_lines(paper.id, paper.subjects, days[paper.id], derived=True)
        if (line.paper_id, line.subject) not in seen
        and (line.subject, line.day) not in settled
        and _key(line) not in taken
    }


def _is_seen_first(line: Announcement) -> bool:
    return not line.derived and line.kind in _FIRST


def _key(line: Announcement) -> tuple[ArxivId, str, date]:
    return line.paper_id, line.subject, line.day
