"""The worker: takes jobs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from procrastinate import App
from sqlalchemy import URL

from app.errors import Unreachable
from app.jobs.queue import DEAD, enqueue_look, queue
from app.services.arxiv import Fetcher
from app.services.look import is_due
from app.services.writer import Writer
from app.store import summaries

# Told to stop, a worker ends within 10 s: systemd and Docker kill after that. A job that isn't done
# by then is broken off; all of ours are taken up where they were.
GRACE = 8.0
HEARTBEAT = 5.0  # seconds between two signs of life; see DEAD


async def work(url: URL, fetcher: Fetcher, writer: Writer | None) -> None:
    """Run jobs from the database at `url` until SIGINT or SIGTERM.

    Raises Unreachable when the queue ends by itself, as it does when its database goes away:
    whoever watches over this process is to start it again.
    """
    told = _told_to_stop()
    async with queue(url).open_async() as app:
        await _look_at_once(app, fetcher)
        working = asyncio.create_task(_run(app, fetcher, writer))
        await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
        if not told.done():
            told.cancel()
            await working
            raise Unreachable("the job queue has lost its database")
        working.cancel()
        await asyncio.wait((working,))


async def _run(app: App, fetcher: Fetcher, writer: Writer | None) -> None:
    """Each kind of work has a worker of its own, or one would stall the other. When one ends, all
    do: what is half dead is not started again."""
    context: dict[str, Any] = {"fetcher": fetcher, "writer": writer}
    workers = [_worker(app, ["arxiv", "schedule"], 4, context)]
    if writer:  # twice as many as write at once: half of them may be reading at arXiv
        workers.append(
            _worker(app, [summaries.QUEUE], 2 * fetcher.settings.llm_concurrency, context)
        )
    tasks = [asyncio.create_task(one) for one in workers]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()  # once: a second time would break off what they are finishing
        await asyncio.wait(tasks)
    for task in done:
        task.result()


async def _worker(app: App, queues: list[str], jobs: int, context: dict[str, Any]) -> None:
    await app.run_worker_async(
        queues=queues,
        concurrency=jobs,
        additional_context=context,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE,
        delete_jobs="successful",
        update_heartbeat_interval=HEARTBEAT,
        stalled_worker_timeout=DEAD,
    )


def _told_to_stop() -> asyncio.Task[bool]:
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    return asyncio.create_task(told.wait())


async def _look_at_once(app: App, fetcher: Fetcher) -> None:
    """The schedule ticks once a minute; somebody who starts the program is waiting now."""
    if await is_due(fetcher, fetcher.settings.categories):
        await enqueue_look(app)
