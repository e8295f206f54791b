"""`freshprint up`: the whole program as one tree of processes.

The site and the worker are children, started at once so that they load while the parent readies the
database; then each is handed the database's address through its standard input. The parent starts
again what dies. Children end with the parent, even if it is killed: they watch that same pipe.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from datetime import datetime

import structlog
from sqlalchemy import URL

from app.clock import clock
from app.roots import migrated
from app.settings import Settings

log = structlog.get_logger(__name__)

GRACE = 10.0  # seconds a child has to finish or hand back its work
WRONG_SETTINGS = 2  # the exit code after which starting again can't help


async def up(settings: Settings) -> int:
    """Run until SIGINT or SIGTERM. The exit code is that of a child that can't be started."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, stop.set)
    log.info("starting", site=settings.site_url, data=str(settings.data_dir.resolve()))
    tree = _Tree(settings, stop)
    try:
        async with migrated(settings) as (url, _):
            tree.database.set_result(url)
            return max(await asyncio.gather(*tree.children))
    finally:
        stop.set()
        await asyncio.wait(tree.children)


class _Tree:
    """The children, and what they are handed: the database once it is ready, and the clock."""

    def __init__(self, settings: Settings, stop: asyncio.Event) -> None:
        self._simulated = clock(settings.now) if settings.now else None
        self.stop = stop
        self.database: asyncio.Future[URL] = asyncio.get_running_loop().create_future()
        self.children = [
            asyncio.create_task(_keep_running(name, self)) for name in ("web", "worker")
        ]

    async def handover(self) -> bytes:
        """One line for a child that begins now."""
        url = await asyncio.shield(self.database)
        now = self._simulated() if self._simulated else None
        told = {"database_url": url.render_as_string(hide_password=False), "now": now}
        return json.dumps(told, default=datetime.isoformat).encode() + b"\n"


async def _keep_running(name: str, tree: _Tree) -> int:
    """One child, started again when it dies, a little later each time."""
    pause, stop = 0.5, tree.stop
    while not stop.is_set():
        started = time.monotonic()
        code = await _run_child(name, tree)
        if code == WRONG_SETTINGS:
            stop.set()
            return code
        if not stop.is_set():
            pause = 0.5 if time.monotonic() - started > 60 else min(pause * 2, 30)
            log.error("a process ended and is started again", process=name, code=code, after=pause)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await stop.wait()
    return 0


async def _run_child(name: str, tree: _Tree) -> int:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", name, "--attached"),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is the parent's to pass on, once
    )
    ended, stopped = asyncio.create_task(child.wait()), asyncio.create_task(tree.stop.wait())
    handing = asyncio.create_task(_hand_over(child, tree))
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    handing.cancel()
    stopped.cancel()
    return await _end(name, child, ended)


async def _hand_over(child: asyncio.subprocess.Process, tree: _Tree) -> None:
    assert child.stdin
    child.stdin.write(await tree.handover())
    with contextlib.suppress(ConnectionError):  # it died; its exit code is looked at elsewhere
        await child.stdin.drain()


async def _end(name: str, child: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> int:
    """Ask a child that still runs to end, and wait for it; a deaf one is killed."""
    if not ended.done():
        child.terminate()
        await asyncio.wait((ended,), timeout=GRACE)
    if not ended.done():
        log.warning("a process did not end in time and is killed", process=name)
        child.kill()
    return await ended


def attach(settings: Settings) -> Settings:
    """In a child: wait for what the parent hands over, and from then on end when the parent is
    gone, however it went, as on SIGTERM."""
    line = sys.stdin.buffer.readline()
    if not line:  # the parent gave up before the database was ready, and has said why
        raise SystemExit(0)
    threading.Thread(target=_wait_for_parent, daemon=True).start()
    told = json.loads(line)
    return settings.model_copy(
        update={
            "database_url": told["database_url"],
            "now": told["now"] and datetime.fromisoformat(told["now"]),
        }
    )


def _wait_for_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # not through the buffer: its lock would outlive us
        pass
    os.kill(os.getpid(), signal.SIGTERM)
