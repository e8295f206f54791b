"""What keeps the model from being asked at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from app.settings import Settings
from app.store import sources, spending

STOPPED = timedelta(minutes=10)  # before a model that answered nobody is tried again


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Until when nothing new is asked: the day's budget is spent, or the model answers nobody."""

    until: datetime
    is_budget: bool


async def obstacle(conn: AsyncConnection, settings: Settings, now: datetime) -> Obstacle | None:
    """What stands in the way at `now`, if anything does."""
    model = await sources.llm(conn)
    # a longer wait comes from a clock that has been put back since
    if model.retry_at is not None and now < model.retry_at <= now + STOPPED:
        return Obstacle(model.retry_at, is_budget=False)
    budget = settings.llm_daily_budget
    if budget is not None and await spending.of_day(conn, now) >= budget:
        return Obstacle(spending.day_of(now) + timedelta(days=1), is_budget=True)
    return None
