"""Two workers that write FAQs, and their database, run to be killed; and what is written then.

Only these processes are ever killed: workers started here, by their handles, and the server that
works in this folder's cluster. Time runs faster for the workers, since most of a round would
be waiting for the dead to be missed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

from procrastinate import App
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app import cli
from app.clock import Clock
from app.domain.arxiv_id import ArxivId
from app.domain.faq import Asker
from app.jobs import queue, worker
from app.services import arxiv, batches, summarise
from app.services.asking import press
from app.sources import api
from app.store import pace, slots, sources, tables
from app.store.engine import open_engine
from app.store.migrate import upgrade
from app.store.postgres import embedded
from tests.bench.ended import Ended, jobs_left
from tests.bench.newsroom import ROOT
from tests.bench.victims import DATABASE, StuckError, kill_server
from tests.local_arxiv import LocalArxiv
from tests.local_llm import Asked, LocalLlm, Model, Weather
from tests.local_llm.faults import TRANSIENT, Fault
from tests.writing import NIGHT, PAPERS, WORLD, settings_for, written

WORKER = "worker"
WORKERS, CONCURRENCY, QUESTIONS = 2, 6, 6
LANGUAGES = ("en", "zh")
FAULTS = sorted(TRANSIENT)
PATIENCE = 120.0  # seconds without a kill in which all is written
_SPEED = 20  # of the workers' clock: waits of 20 s and more are for others' sake
_LOST = {"DEAD": 3.0, "GRACE": 1.5, "HEARTBEAT": 0.5, "LEASE": 3.0, "BUSY": 0.3}  # seconds

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "openai", "app.services.writer"])

_EMPTY = text("""
    DO $$ BEGIN
        EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ')
            FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version');
    END $$
""")


def _worker(environment: dict[str, str], log: Path, began: float) -> None:
    """`freshprint worker`, in a process of its own."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), sys.stderr.fileno())
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    _hurry(began)
    sys.argv = ["freshprint", "worker"]
    cli.main()


def _hurry(began: float) -> None:
    """What waits for minutes waits for seconds, and the clock goes on where the last one was."""

    def clock(start: datetime | None = None) -> Clock:
        assert start
        return lambda: start + timedelta(seconds=_SPEED * (time.time() - began))

    def periodic(self: App, *, cron: str, **more: Any) -> Any:
        often = "* * * * * *" if cron.count(" ") == 5 else cron
        return self.periodic_registry.periodic_decorator(cron=often, periodic_id="", **more)

    setattr(cli, "clock", clock)  # noqa: B010 - a type checker knows better
    setattr(App, "periodic", periodic)  # noqa: B010
    for module in (queue, worker, pace, slots, summarise):
        for name, seconds in _LOST.items():
            if hasattr(module, name):
                setattr(module, name, seconds)


@asynccontextmanager
async def opened(folder: Path, *, papers: int = 5, rate: float = 100) -> AsyncIterator[Writers]:
    """Workers that write so many papers' FAQs with a model of this rate, and a database."""
    with (
        LocalArxiv(WORLD, NIGHT) as local,
        LocalLlm(Model(rate=rate, concurrency=CONCURRENCY)) as llm,
    ):
        async with embedded(folder) as url:
            await upgrade(url)
            engine = open_engine(url)
            yield Writers(folder, engine, local, llm, PAPERS[:papers])
            await engine.dispose()


@dataclass
class Plan:
    """One round: so many kills at most, at moments drawn from `random`, with at most `pause`
    seconds between them; and so many kinds of faults."""

    random: Random
    kills: int = 0
    faults: int = 0
    pause: float = 3.5


@dataclass
class Writers:
    """One database, one local arXiv, one model, and two workers."""

    folder: Path
    engine: AsyncEngine
    local: LocalArxiv
    llm: LocalLlm
    papers: list[str]
    killed: Counter[str] = field(default_factory=Counter)  # in this round
    odd: set[str] = field(default_factory=set)  # answers shown as whole that nobody wrote so
    _whole: set[tuple[Any, ...]] = field(default_factory=set)
    _workers: list[BaseProcess] = field(default_factory=list)

    @property
    def _log(self) -> Path:
        return self.folder / "stderr.log"

    @property
    def faqs(self) -> int:
        """How many are asked for."""
        return len(self.papers) * len(LANGUAGES)

    def said(self) -> list[str]:
        """What the workers of this round said, line by line."""
        return self._log.read_text(errors="replace").splitlines()

    async def play(self, plan: Plan) -> Ended:
        """Have all FAQs written, killed as planned, and tell what is stored then.

        Raises StuckError.
        """
        self.killed.clear()
        self.odd.clear()
        self._log.write_text("")
        self.llm.reset()
        await self._ask()
        if plan.faults:
            kinds = [Fault(fault) for fault in FAULTS]
            self.llm.weather = Weather.mixed(
                plan.random.randrange(1_000), kinds, plan.faults, seconds=0.3, retry_after=0.2
            )
        began = time.time()
        try:
            self._workers = [self._started(began) for _ in range(WORKERS)]
            await self._write(plan, began)
        finally:
            for one in self._workers:  # told to stop, as who runs them would
                one.terminate()
            for one in self._workers:
                one.join()
        return await self._ended()

    def generated(self) -> dict[tuple[str, str, int], list[Asked]]:
        """The requests that began to be answered, by paper, language and question."""
        found: dict[tuple[str, str, int], list[Asked]] = {}
        for one in self.llm.ledger.asked:
            if one.outcome in ("whole", "closed"):
                system, first = (message["content"] for message in one.messages[:2])
                paper = first.split("\narXiv: ", 1)[1].split("\n", 1)[0]
                found.setdefault((paper, system, len(one.messages) // 2), []).append(one)
        return found

    async def _ask(self) -> None:
        settings = settings_for(self.local, self.llm)
        ids = [ArxivId.parse(paper) for paper in self.papers]
        async with self.engine.begin() as conn:
            await conn.execute(_EMPTY)
        async with arxiv.fetcher(self.engine, settings, lambda: NIGHT) as fetcher:
            found = await api.fetch(fetcher.polite, settings.arxiv_api_url, ids)
            await batches.store(fetcher, found, step="papers")
        ours = press(settings, lambda: NIGHT)
        async with self.engine.begin() as conn:
            # no look at arXiv is due: that is another bench's
            await sources.looked(conn, NIGHT, NIGHT + timedelta(hours=5))
            for paper in self.papers:
                for language in LANGUAGES:
                    await ours.ask(conn, paper, 1, language, Asker.READER)

    def _started(self, began: float) -> BaseProcess:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("FRESHPRINT_", "OPENAI_"))},
            **self.local.settings_env(),
            **self.llm.settings_env(),
            "FRESHPRINT_DATA_DIR": str(self.folder),
            "FRESHPRINT_NOW": NIGHT.astimezone(UTC).isoformat(),
            "FRESHPRINT_ARXIV_SPACING": "0.05",
            "FRESHPRINT_ARXIV_CRAWL_SPACING": "0.05",
            "FRESHPRINT_LLM_CONCURRENCY": str(CONCURRENCY),
        }
        process = _processes.Process(target=_worker, args=(environment, self._log, began))
        process.start()
        return process

    async def _write(self, plan: Plan, began: float) -> None:
        left, is_now = plan.kills, self._moment(plan)
        until = next_look = time.monotonic()
        while True:
            now = time.monotonic()
            if left and is_now():
                killed = self._kill(plan, left)
                left, is_now, until = left - killed, self._moment(plan), now
            for n, one in enumerate(self._workers):  # as whoever watches over them does
                if one.exitcode is not None:
                    self._workers[n] = self._started(began)
            if now > next_look:
                if await self._is_idle():
                    return
                next_look = time.monotonic() + 0.3
            if now > until + PATIENCE:
                raise StuckError(f"not all is written {PATIENCE:g} s after the last kill")
            await asyncio.sleep(0.003)

    def _moment(self, plan: Plan) -> Callable[[], bool]:
        """Any time soon, or just when an answer is whole: that is when it is kept."""
        if plan.random.random() < 0.6:
            at = time.monotonic() + plan.random.uniform(0.1, plan.pause)
            return lambda: time.monotonic() >= at
        wanted = self._done() + plan.random.randint(1, 4)
        later, seen = plan.random.uniform(0, 0.06), list[float]()

        def is_now() -> bool:
            if self._done() >= wanted and not seen:
                seen.append(time.monotonic())
            return bool(seen) and time.monotonic() >= seen[0] + later

        return is_now

    def _done(self) -> int:
        return sum(one.outcome == "whole" for one in self.llm.ledger.asked)

    def _kill(self, plan: Plan, most: int) -> int:
        """A worker, both, the database, or it with a worker; how many of them were there."""
        one, both = [plan.random.randrange(WORKERS)], list(range(WORKERS))
        ways: tuple[tuple[list[int], bool], ...] = (
            (one, False),
            (both, False),
            ([], True),
            (one, True),
        )
        which, server = plan.random.choices(ways, (14, 3, 3, 1))[0]
        killed = Counter[str]()
        for n in which[:most]:
            self._workers[n].kill()
        for n in which[:most]:
            self._workers[n].join()
            killed[WORKER] += self._workers[n].exitcode == -signal.SIGKILL
        if server and len(which) < most and kill_server(self.folder):
            killed[DATABASE] += 1
        self.killed.update(killed)
        return killed.total()

    async def _is_idle(self) -> bool:
        """Whether all is written and no job is left; looks at what is shown as whole meanwhile."""
        with suppress(SQLAlchemyError, OSError):
            rows = [row for row in await written(self.engine) if row[3] is not None]
            answers = {(*row[:2], *row[3:]) for row in rows}
            if self._whole:
                self.odd |= {str(answer)[:200] for answer in answers - self._whole}
            async with self.engine.connect() as conn:
                unended = await conn.scalar(
                    select(func.count()).where(tables.summary.c.ended_at.is_(None))
                )
                if unended or await jobs_left(conn):
                    return False
            self._whole = self._whole or answers
            return True
        return False

    async def _ended(self) -> Ended:
        async with self.engine.connect() as conn:
            drafts = (await conn.execute(select(tables.draft))).all()
            left = await jobs_left(conn)
            kept = (await conn.execute(_KEPT)).all()
        return {
            "answer": [str(row) for row in await written(self.engine)],
            "draft": [str(tuple(row)) for row in drafts],
            "job left": [str(tuple(row)) for row in left],
            "charge": [str(tuple(row)) for row in kept],
        }


# what every whole answer took, once: a charge is kept together with its answer
_KEPT = text("""
    SELECT s.paper_id, s.language, c.purpose, count(*) FROM llm_call AS c
    JOIN summary AS s ON s.id = c.summary_id WHERE c.outcome = 'whole'
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""")


def overlapping(some: list[Asked]) -> Iterator[Asked]:
    """Those that were begun while the one before was still being answered."""
    ordered = sorted(some, key=lambda one: one.at)
    for before, after in pairwise(ordered):
        if after.at < before.done_at:
            yield after
