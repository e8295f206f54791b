"""How many answers the model may write at once, and how soon after each other they may begin, over
all workers of all machines. A slot is a lease in table `pace`, renewed while it is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.pace import LEASE
from app.store.unbroken import unbroken

_POLL = 0.2  # seconds between two tries for a slot that other processes have

_log = structlog.get_logger(__name__)

_MAKE = text("""
    INSERT INTO pace (key, next_at) SELECT 'llm ' || n, clock_timestamp()
    FROM generate_series(1, :count) AS n ON CONFLICT DO NOTHING
""")
_TAKE = text("""
    UPDATE pace SET holder = :holder, requests = requests + 1,
        held_until = clock_timestamp() + :lease * interval '1 s'
    WHERE key = (
        SELECT key FROM pace
        WHERE key = ANY(SELECT 'llm ' || n FROM generate_series(1, :count) AS n)
            AND (holder IS NULL OR held_until < clock_timestamp())
        LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING key
""")
_RENEW = text("""
    UPDATE pace SET held_until = clock_timestamp() + :lease * interval '1 s'
    WHERE key = :key AND holder = :holder
""")
_GIVE_BACK = text("""
    UPDATE pace SET holder = NULL, held_until = NULL WHERE key = :key AND holder = :holder
""")
# Each takes the next free moment, and waits for it by itself.
_NEXT = text("""
    INSERT INTO pace AS p (key, next_at) VALUES ('llm', clock_timestamp())
    ON CONFLICT (key) DO UPDATE
    SET next_at = greatest(p.next_at + :spacing * interval '1 s', clock_timestamp())
    RETURNING extract(epoch FROM next_at - clock_timestamp())::float8
""")
_HOLD = text("""
    INSERT INTO pace AS p (key, next_at)
    VALUES ('llm', clock_timestamp() + :seconds * interval '1 s')
    ON CONFLICT (key) DO UPDATE SET next_at = greatest(p.next_at, excluded.next_at)
""")


class Slots:
    """`count` slots, and at most `per_minute` calls a minute where that is given."""

    def __init__(self, engine: AsyncEngine, count: int, per_minute: float | None = None) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._count = count
        self._spacing = 60 / per_minute if per_minute else 0.0
        self._here = asyncio.Semaphore(count)  # who waits in this process doesn't poll

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot, and have it for the block's length."""
        holder = uuid4().hex
        async with self._here:
            key = await self._take(holder)
            keeper = asyncio.create_task(self._keep(key, holder))
            try:
                yield
            finally:
                keeper.cancel()
                await unbroken(self._give_back(key, holder))

    async def turn(self) -> None:
        """Wait until a call may begin."""
        async with self._engine.connect() as conn:
            wait = (await conn.execute(_NEXT, {"spacing": self._spacing})).scalar_one()
        await asyncio.sleep(max(0.0, wait))

    async def hold(self, seconds: float) -> None:
        """The endpoint asked to be left alone: no call begins before."""
        async with self._engine.connect() as conn:
            await conn.execute(_HOLD, {"seconds": seconds})

    async def _take(self, holder: str) -> str:
        async with self._engine.connect() as conn:
            await conn.execute(_MAKE, {"count": self._count})
        given = {"holder": holder, "lease": LEASE, "count": self._count}
        while True:
            async with self._engine.connect() as conn:
                key: str | None = (await conn.execute(_TAKE, given)).scalar_one_or_none()
            if key is not None:
                return key
            await asyncio.sleep(_POLL)

    async def _keep(self, key: str, holder: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 4)
            try:
                async with self._engine.connect() as conn:
                    await conn.execute(_RENEW, {"key": key, "holder": holder, "lease": LEASE})
            except (SQLAlchemyError, OSError) as error:
                _log.warning("a slot could not be renewed", error=str(error))

    async def _give_back(self, key: str, holder: str) -> None:
        try:
            async with self._engine.connect() as conn:
                await conn.execute(_GIVE_BACK, {"key": key, "holder": holder})
        except (SQLAlchemyError, OSError) as error:  # it ends by itself
            _log.warning("a slot could not be given back", error=str(error))
