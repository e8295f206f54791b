"""What is done with bulk lines in a pool of processes: they are parsed, rendered, and rows made."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from app.domain.history import first_lines
from app.domain.paper import Announcement
from app.services.render import render
from app.sources.bulk import BadLine, Told, parse
from app.store.rows import Rendered, Rows, written

PROCESSES = os.cpu_count() or 1

Readable = list[tuple[Told, Rendered]]

_SMALL = 2 << 20  # bytes of a file that is read before processes have started


@dataclass(frozen=True, slots=True)
class Prepared:
    """Lines' papers, ready to be added; bad lines by their place, and why."""

    ids: list[str]
    rows: Rows
    bad: list[tuple[int, str]]


def prepare(lines: Sequence[bytes], at: datetime) -> Prepared:
    """The rows to add where none of the papers is stored yet."""
    papers, bad = _read(lines)
    told = [(told.paper, render(told.paper)) for told in papers]
    announced = (line for each in papers for line in announcements(each))
    return Prepared([str(p.id) for p, _ in told], written(told, announced, at), bad)


def readable(lines: Sequence[bytes]) -> Readable:
    """The papers themselves, to be merged into what is stored."""
    return [(told, render(told.paper)) for told in _read(lines)[0]]


def announcements(told: Told) -> Iterable[Announcement]:
    """The listing lines that a bulk line tells of."""
    if told.announced is None:
        return ()
    paper = told.paper
    return first_lines(paper.id, paper.subjects, told.announced, derived=not told.seen)


def pool(size: int) -> Executor:
    """Who prepares a file of `size` bytes: processes begun afresh, since a fork of one with threads
    and connections would inherit them."""
    if size < _SMALL:
        return ThreadPoolExecutor(1)
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(PROCESSES, context, initializer=_begin)


def _read(lines: Sequence[bytes]) -> tuple[list[Told], list[tuple[int, str]]]:
    papers, bad = list[Told](), list[tuple[int, str]]()
    for place, line in enumerate(lines):
        try:
            if line.strip():
                papers.append(parse(line))
        except BadLine as reason:
            bad.append((place, str(reason)))
    return papers, bad


def _begin() -> None:
    """Ctrl-C is the parent's to handle; and when it is killed with -9 nothing else would wake a
    process that waits for work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # papers hold no cycles, and looking for some takes a twentieth of the time
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
