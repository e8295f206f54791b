"""When to ask arXiv, and what to note about how it went."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import structlog

from app.domain.calendar import State, listing_day, opens_at, settled, wait_before_next_look
from app.domain.subjects import Subjects
from app.errors import FreshprintError, RateLimited
from app.services.arxiv import Fetcher
from app.services.heal import open_days
from app.services.ingest import Outcome, ingest
from app.store import looks, sources

log = structlog.get_logger(__name__)

PAST = timedelta(hours=6)  # between looks for what comes late to days that are here


async def is_due(fetcher: Fetcher, subjects: Subjects) -> bool:
    """Whether today's or a past day has something to look for, and arXiv may be asked again."""
    now = fetcher.clock()
    today = listing_day(now)
    async with fetcher.engine.connect() as conn:
        schedule = await sources.next_look(conn)
        states = await looks.states(conn, subjects, today)
    # a wait that no look would have set comes from a clock that has been put back since
    if schedule.retry_at is not None and now < schedule.retry_at <= now + PAST:
        return False
    if not settled(states, len(subjects)) or await open_days(fetcher, subjects, today):
        return True
    return State.WHOLE in states and _is_long_ago(schedule.succeeded_at, now)


def _is_long_ago(looked_at: datetime | None, now: datetime) -> bool:
    """Cross-lists may come late to a day that is whole: nothing but its own feed tells of them."""
    return looked_at is not None and now - looked_at >= PAST


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
    async with fetcher.engine.begin() as conn:
        await sources.looked(conn, now, _again(now, today, outcome))
    return outcome


def _again(now: datetime, today: date, outcome: Outcome) -> datetime | None:
    if not (outcome.settled and outcome.day == today):
        return now + wait_before_next_look(now, today, None)
    return min(now + PAST, opens_at(today + timedelta(days=1))) if outcome.open else None


async def _note_failure(fetcher: Fetcher, today: date, error: Exception) -> None:
    now = fetcher.clock()
    reason = str(error) if isinstance(error, FreshprintError) else type(error).__name__
    asked_for = (error.retry_after or 0) if isinstance(error, RateLimited) else 0
    async with fetcher.engine.begin() as conn:
        since = (await sources.next_look(conn)).failing_since or now
        wait = wait_before_next_look(now, today, since)
        retry_at = now + max(wait, timedelta(seconds=asked_for))
        await sources.look_failed(conn, since, reason, retry_at)
    log.warning("the day could not be read", reason=reason, retry_at=f"{retry_at:%F %T}")
