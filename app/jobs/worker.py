"""The worker: takes jobs until it is told to stop."""

from __future__ import annotations

from procrastinate import App
from sqlalchemy import URL

from app.jobs.queue import enqueue_look, queue
from app.services.ingest import Fetcher
from app.services.look import is_due

# Told to stop, a worker finishes or hands back within 10 s (systemd and Docker kill after that).
GRACE = 8.0


async def work(url: URL, fetcher: Fetcher) -> None:
    """Run jobs from the database at `url` until SIGINT or SIGTERM."""
    async with queue(url).open_async() as app:
        await _look_at_once(app, fetcher)
        await app.run_worker_async(
            concurrency=4,
            additional_context={"fetcher": fetcher},
            shutdown_graceful_timeout=GRACE,
            delete_jobs="successful",
            update_heartbeat_interval=5,
            stalled_worker_timeout=20,
        )


async def _look_at_once(app: App, fetcher: Fetcher) -> None:
    """The schedule ticks once a minute; somebody who starts the program is waiting now."""
    if await is_due(fetcher, fetcher.settings.categories):
        await enqueue_look(app)
