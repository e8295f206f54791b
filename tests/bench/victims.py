"""The program's commands and their database, run to be killed, and what is stored in the end.

Only these processes are ever killed: commands started here, by their handle, and the server that
works in this folder's cluster.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import NamedTuple

import psutil
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli import main
from app.store.engine import open_engine
from app.store.pace import LEASE
from app.store.postgres import embedded
from tests.bench.ended import Ended, ended, jobs_left
from tests.local_arxiv import LocalArxiv, made_up

DATABASE = "database"
SPACING = 0.05  # seconds
PATIENCE = 150.0  # seconds in which a step ends that nobody kills any more
RESTARTS = 6  # in a row without a kill, after which a step is stuck
PAUSE = timedelta(minutes=2)  # of simulated time: a worker's failed look is repeated after less

_DAYS = [date(2026, 1, day) for day in (12, 13, 14, 15, 16)]
_FOLLOWED = "cs.AI+cs.CL+cs.CV+cs.LG+math.AP+quant-ph+stat.ML"
# Their processes are forked from one that has imported the program: that is most of a start, and
# nothing that a kill could leave half done.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "app.jobs.worker", "app.progress"])
_ROOT = Path(__file__).parents[2]


class Work(NamedTuple):
    """A command, and the times at which it is run: days between two of them have to be healed."""

    command: tuple[str, ...]
    times: tuple[datetime, ...]


_NIGHTS = (datetime(2026, 1, 13, 6, tzinfo=UTC), datetime(2026, 1, 16, 6, tzinfo=UTC))
WORK = {
    "ingest": Work(("ingest",), _NIGHTS),
    "backfill": Work(
        ("backfill", "--from", str(_DAYS[0]), "--until", str(_DAYS[-1])),
        (datetime(2026, 1, 20, 12, tzinfo=UTC),),
    ),
    "worker": Work(("worker",), _NIGHTS),
}

_EMPTY = text("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
_LOOKED_WELL = text("""
    SELECT succeeded_at >= :since AND failing_since IS NULL FROM source WHERE name = 'schedule'
""")
# As if those who died before a moment were dead for long: waiting for that is most of the time.
_AGED = (
    text("""
        UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'
        WHERE last_heartbeat < :moment
    """),
    text("""
        UPDATE pace SET held_until = least(held_until, clock_timestamp())
        WHERE held_until < CAST(:moment AS timestamptz) + :lease * interval '1 s'
    """).bindparams(lease=LEASE),
)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Victims]:
    """Victims with a database in `folder`, on a local arXiv of five days."""
    world = made_up(_DAYS, per_day=40, seed=7)
    with LocalArxiv(world, _NIGHTS[0], page_size=12) as local:
        async with embedded(folder) as url:
            engine = open_engine(url)
        yield Victims(folder, engine, local)
        await engine.dispose()


def _command(command: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    """`freshprint …`, in a process of its own."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), sys.stderr.fileno())
    os.chdir(_ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["freshprint", *command]
    main()


def kill_server(folder: Path) -> bool:
    """Kill the server of the cluster in this folder; whether there was one."""
    cluster = folder / "postgres/cluster"
    try:
        written = (cluster / "postmaster.pid").read_text().partition("\n")[0]
        server = psutil.Process(int(written))
        if Path(server.cwd()) != cluster.resolve():
            return False
        server.kill()
    except (OSError, ValueError, psutil.Error):  # it has just gone, or not yet come
        return False
    return True


class StuckError(Exception):
    """A step that doesn't end, though nobody kills it any more."""


@dataclass
class Plan:
    """What one round does: `kills` in each step at most, at moments drawn from `random`.

    `patient`: leases and heartbeats of the dead are waited for, as in life.
    """

    kind: str
    random: Random
    kills: tuple[int, ...] = (0, 0)
    patient: bool = True


@dataclass
class Victims:
    """One database, one local arXiv, and the command that runs on them now."""

    folder: Path
    engine: AsyncEngine
    local: LocalArxiv
    killed: Counter[str] = field(default_factory=Counter)  # in this round
    _usual: dict[str, tuple[float, int]] = field(default_factory=dict)
    _process: BaseProcess | None = None
    _buried: datetime | None = None  # whoever died before this is to look long dead

    @property
    def _log(self) -> Path:
        return self.folder / "stderr.log"

    def said(self) -> list[str]:
        """What the commands of this round said, line by line."""
        return self._log.read_text(errors="replace").splitlines()

    async def play(self, plan: Plan) -> Ended:
        """Do all of a command's work, killed as planned, and tell what is stored then.

        Raises StuckError.
        """
        self.killed.clear()
        self._buried = None
        self._log.write_text("")
        async with embedded(self.folder), self.engine.begin() as conn:
            await conn.execute(_EMPTY)
        await self.engine.dispose()
        self.local.ledger.reset()
        for step in range(len(WORK[plan.kind].times)):
            try:
                await self._step(plan, step)
            finally:
                self._end()
        async with embedded(self.folder):
            return await ended(self.engine)

    async def _step(self, plan: Plan, step: int) -> None:
        now = since = WORK[plan.kind].times[step]
        began, asked = time.monotonic(), len(self.local.ledger.entries)
        left, in_vain = plan.kills[step], 0
        while True:
            self._start(plan.kind, now)
            struck = 0
            while left and await self._strike(plan, step, since):
                left, struck = left - 1, struck + 1
            if await self._ends_well(plan.kind, since):
                break
            in_vain = 0 if struck else in_vain + 1
            if in_vain == RESTARTS:
                raise StuckError(f"{plan.kind} ended {in_vain} times in a row without being done")
            now += PAUSE
            # a request still under way at arXiv is what a lease is for
            if not plan.patient and not self.local.ledger.in_flight:
                self._buried = datetime.now(UTC)
        requests = len(self.local.ledger.entries) - asked
        self._usual.setdefault(f"{plan.kind} {step}", (time.monotonic() - began, requests))

    def _start(self, kind: str, now: datetime) -> None:
        self.local.now = now
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRESHPRINT_")},
            **self.local.settings_env(),
            "FRESHPRINT_DATA_DIR": str(self.folder),
            "FRESHPRINT_CATEGORIES": _FOLLOWED,
            "FRESHPRINT_NOW": now.isoformat(),
            "FRESHPRINT_ARXIV_SPACING": str(SPACING),
            "FRESHPRINT_ARXIV_CRAWL_SPACING": str(SPACING),
        }
        given = (WORK[kind].command, environment, self._log)
        self._process = _processes.Process(target=_command, args=given)
        self._process.start()

    def _end(self) -> None:
        """A worker is told to stop, as who runs it would."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()

    async def _strike(self, plan: Plan, step: int, since: datetime) -> bool:
        """Kill at a random moment; whether there was one to kill before it was done."""
        is_now = self._moment(plan, step)
        async for _ in self._while_it_works(plan.kind, since):
            if is_now() and self._kill(plan):
                return True
        return False

    def _moment(self, plan: Plan, step: int) -> Callable[[], bool]:
        """Some time after the start, or some time after some request: most of a start is Python's
        imports, most of what can go wrong comes between requests."""
        seconds, requests = self._usual[f"{plan.kind} {step}"]
        entries = self.local.ledger.entries
        if plan.random.random() < 0.3:
            at = time.monotonic() + plan.random.uniform(0, seconds)
            return lambda: time.monotonic() >= at
        count = len(entries) + plan.random.randint(1, max(1, requests // 2))
        later = plan.random.uniform(0, 0.4)
        return lambda: len(entries) >= count and time.monotonic() >= entries[count - 1].at + later

    def _kill(self, plan: Plan) -> bool:
        """The command, its database, or both; whether any of them was there."""
        what = plan.random.choices(((True, False), (False, True), (True, True)), (6, 3, 1))[0]
        killed = [
            name
            for name, meant, kill in zip(
                (plan.kind, DATABASE), what, (self._kill_process, self._kill_server), strict=True
            )
            if meant and kill()
        ]
        self.killed.update(killed)
        return bool(killed)

    def _kill_process(self) -> bool:
        assert self._process
        self._process.kill()
        self._process.join()
        return self._process.exitcode == -signal.SIGKILL

    def _kill_server(self) -> bool:
        return kill_server(self.folder)

    async def _ends_well(self, kind: str, since: datetime) -> bool:
        """Wait until the command is done. False: it was killed, or gave up."""
        async for _ in self._while_it_works(kind, since):
            pass
        assert self._process
        return not self._process.exitcode

    async def _while_it_works(self, kind: str, since: datetime) -> AsyncIterator[None]:
        """Every few milliseconds until it has ended, or, if a worker, has nothing left to do."""
        assert self._process
        until, next_look = time.monotonic() + PATIENCE, time.monotonic()
        while self._process.exitcode is None:
            if time.monotonic() > until:
                raise StuckError(f"{kind} is not done after {PATIENCE:g} s")
            if time.monotonic() > next_look:
                await self._age()
                if kind == "worker" and await self._is_idle(since):
                    return
                next_look = time.monotonic() + 0.3
            yield
            await asyncio.sleep(0.003)

    async def _is_idle(self, since: datetime) -> bool:
        """Whether a look has gone well and no job is left, neither waiting nor being done."""
        with suppress(SQLAlchemyError, OSError):
            async with self.engine.connect() as conn:
                well = await conn.scalar(_LOOKED_WELL, {"since": since})
                return bool(well) and not await jobs_left(conn)
        return False

    async def _age(self) -> None:
        """As soon as the database is there and has its tables."""
        if self._buried is None:
            return
        with suppress(SQLAlchemyError, OSError):
            async with self.engine.begin() as conn:
                for statement in _AGED:
                    await conn.execute(statement, {"moment": self._buried})
            self._buried = None
