"""What the model's calls took: written at each call's end, summed up for budgets and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.price import Tokens
from app.store import tables


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `purpose` is the question's key or another word, `outcome` whole or an error."""

    purpose: str
    model: str
    tokens: Tokens
    estimated: bool
    cost: Decimal | None
    outcome: str
    summary_id: int | None = None


async def keep(conn: AsyncConnection, call: Call, at: datetime) -> None:
    """Note a call, however it ended: the provider charges for it."""
    await conn.execute(
        insert(tables.llm_call).values(
            at=at,
            summary_id=call.summary_id,
            purpose=call.purpose,
            model=call.model,
            tokens_in=call.tokens.read,
            tokens_cached=call.tokens.cached,
            tokens_out=call.tokens.written,
            estimated=call.estimated,
            cost=call.cost,
            outcome=call.outcome,
        )
    )


def day_of(now: datetime) -> datetime:
    """When the day of a budget began: budgets go by days of UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def of_day(conn: AsyncConnection, now: datetime) -> Decimal:
    """The money spent in the day of `now` so far."""
    c = tables.llm_call.c
    spent = func.coalesce(func.sum(c.cost), 0)
    found = await conn.execute(select(spent).where(c.at >= day_of(now)))
    return Decimal(found.scalar_one())


_USUAL = text("""
    SELECT avg(tokens_in)::int, avg(tokens_cached)::int, avg(tokens_out)::int FROM (
        SELECT sum(tokens_in) AS tokens_in, sum(tokens_cached) AS tokens_cached,
            sum(tokens_out) AS tokens_out
        FROM llm_call JOIN (
            SELECT id FROM summary WHERE state = 'whole' ORDER BY id DESC LIMIT 100
        ) AS latest ON latest.id = summary_id
        GROUP BY summary_id
    ) AS each
""")


async def usual(conn: AsyncConnection) -> Tokens | None:
    """What the latest whole FAQs took on average; None when there is none."""
    read, cached, written = (await conn.execute(_USUAL)).one()
    return None if read is None else Tokens(read, cached, written)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a model took, all in all."""

    calls: int
    tokens_read: int
    tokens_cached: int
    tokens_written: int
    cost: float


async def by_model(conn: AsyncConnection) -> dict[str, Spent]:
    """What each model took since the beginning."""
    c = tables.llm_call.c
    cost = func.coalesce(func.sum(c.cost), 0)
    tokens = (func.sum(c.tokens_in), func.sum(c.tokens_cached), func.sum(c.tokens_out))
    found = await conn.execute(
        select(c.model, func.count(), *tokens, cost).group_by(c.model).order_by(c.model)
    )
    return {
        model: Spent(calls, read, cached, written, float(money))
        for model, calls, read, cached, written, money in found
    }
