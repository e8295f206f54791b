"""When to ask arXiv, and what to note about how it went."""

from __future__ import annotations

from datetime import date

import structlog

from app.domain.calendar import listing_day, settled, wait_before_next_look
from app.domain.subjects import Subjects
from app.errors import FreshprintError
from app.services.ingest import Fetcher, Outcome, ingest
from app.store import looks

log = structlog.get_logger(__name__)

FEEDS = "feeds"


async def is_due(fetcher: Fetcher, subjects: Subjects) -> bool:
    """Whether today's day still has something to look for, and arXiv may be asked again."""
    now = fetcher.clock()
    async with fetcher.engine.connect() as conn:
        states = await looks.states(conn, subjects, listing_day(now))
        health = await looks.health(conn, FEEDS)
    if settled(states, len(subjects)):
        return False
    return health.retry_at is None or now >= health.retry_at


async def look(fetcher: Fetcher, subjects: Subjects) -> Outcome:
    """Ingest today's day and note how it went. Raises what `ingest` raises, after noting it:
    whatever went wrong, a mistake of ours too, is no reason to ask arXiv again at once."""
    today = listing_day(fetcher.clock())
    try:
        outcome = await ingest(fetcher, subjects)
    except Exception as error:
        await _note_failure(fetcher, today, error)
        raise
    now = fetcher.clock()
    is_done = outcome.settled and outcome.day == today
    retry_at = None if is_done else now + wait_before_next_look(now, today, None)
    async with fetcher.engine.begin() as conn:
        await looks.succeeded(conn, FEEDS, now, retry_at)
    return outcome


async def _note_failure(fetcher: Fetcher, today: date, error: Exception) -> None:
    now = fetcher.clock()
    reason = str(error) if isinstance(error, FreshprintError) else type(error).__name__
    async with fetcher.engine.begin() as conn:
        since = (await looks.health(conn, FEEDS)).failing_since or now
        retry_at = now + wait_before_next_look(now, today, since)
        await looks.failed(conn, FEEDS, since, reason, retry_at)
    log.warning("the day could not be read", reason=reason, retry_at=f"{retry_at:%F %T}")
