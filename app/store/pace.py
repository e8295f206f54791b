"""The pace of requests to arXiv: one at a time, over all processes and machines together.

A turn is a lease in the table `pace`, renewed while its request lasts: no connection is kept
during it, and a killed holder blocks the others for LEASE seconds at most. All times are the
database's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.unbroken import unbroken

LEASE = 10.0  # seconds
ARXIV = "arxiv"  # every request
CRAWL = "arxiv crawl"  # pages of arxiv.org read in the background, which robots.txt wants slower
_POLL = 0.1  # seconds between two looks at a turn that another process has

_log = structlog.get_logger(__name__)

# A dead holder may have asked as late as the end of its lease: `spacing` counts from there.
_CLAIM = text("""
    INSERT INTO pace AS p (key, next_at, holder, held_until, requests)
    VALUES (:key, clock_timestamp(), :holder, clock_timestamp() + :lease * interval '1 s', 1)
    ON CONFLICT (key) DO UPDATE
    SET holder = excluded.holder, requests = p.requests + 1,
        held_until = clock_timestamp() + :lease * interval '1 s'
    WHERE p.next_at <= clock_timestamp() AND (
        p.holder IS NULL OR p.held_until + :spacing * interval '1 s' <= clock_timestamp()
    )
    RETURNING true
""")
_RENEW = text("""
    UPDATE pace SET held_until = clock_timestamp() + :lease * interval '1 s'
    WHERE key = :key AND holder = :holder
""")
_NOT_WITHIN = text("""
    UPDATE pace SET next_at = greatest(next_at, clock_timestamp() + :seconds * interval '1 s')
    WHERE key = :key
""")
_END = text("""
    UPDATE pace SET holder = NULL, held_until = NULL,
        next_at = greatest(next_at, clock_timestamp() + :seconds * interval '1 s')
    WHERE key = :key AND holder = :holder
""")
_REMAINING = text("""
    SELECT CASE WHEN holder IS NULL
        THEN extract(epoch FROM next_at - clock_timestamp())::float8 ELSE :poll END
    FROM pace WHERE key = :key
""")


class Turn:
    """Leave to make one request, for as long as the block of `ArxivPace.turn` lasts."""

    def __init__(self, engine: AsyncEngine, spacing: float, key: str) -> None:
        self._engine = engine
        self._spacing = spacing
        self._key = key
        self._holder = uuid4().hex
        self._asked = False
        self._answered = False

    async def answered(self) -> None:
        """The response's headers are in: `spacing` counts from now, not from the turn's end."""
        self._answered = await self._note(_NOT_WITHIN, seconds=self._spacing)

    async def hold(self, seconds: float) -> None:
        """The source asked to be left alone for `seconds`: nobody asks it anything before."""
        await self._note(_NOT_WITHIN, seconds=seconds)

    async def begin(self) -> None:
        """Wait until it is our turn."""
        while not await unbroken(self._execute(_CLAIM, lease=LEASE, spacing=self._spacing)):
            remaining = await self._execute(_REMAINING, poll=_POLL)
            await asyncio.sleep(max(0.0, remaining or 0.0) + random.random() * 0.01)  # noqa: S311
        self._asked = True

    async def keep(self) -> None:
        """Renew the lease until cancelled."""
        while True:
            await asyncio.sleep(LEASE / 4)
            await self._note(_RENEW, lease=LEASE)

    async def end(self) -> None:
        """Let the next one have its turn; harmless where ours never began."""
        rest = self._spacing if self._asked and not self._answered else 0.0
        await self._note(_END, seconds=rest)

    async def _note(self, statement: TextClause, **values: object) -> bool:
        """Execute; a database that is away costs nobody the answer already in hand."""
        try:
            await self._execute(statement, **values)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("the pace of requests could not be written down", error=str(error))
            return False
        return True

    async def _execute(self, statement: TextClause, **values: object) -> Any:
        """One short statement, committed at once. Its first value, if it has any."""
        given = {"key": self._key, "holder": self._holder, **values}
        wanted = {name: given[name] for name in statement.compile().params}
        async with self._engine.connect() as connection:
            result = await connection.execute(statement, wanted)
            return result.scalar() if result.returns_rows else None


class ArxivPace:
    """At most one request at a time, and none within `spacing` seconds of the one before.

    `spacing` counts from when the answer's headers are in, since only then it is sure that
    arXiv has seen the request; where there was no answer, from the end of the turn.
    """

    def __init__(self, engine: AsyncEngine, spacing: float, key: str = ARXIV) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._spacing = spacing
        self._key = key
        self._queue = asyncio.Lock()  # within this process, in the order of asking

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for the right to make one request, and have it for the block's length."""
        turn = Turn(self._engine, self._spacing, self._key)
        async with self._queue:
            try:
                await turn.begin()
                keeper = asyncio.create_task(turn.keep())
                try:
                    yield turn
                finally:
                    keeper.cancel()
            finally:
                await unbroken(turn.end())
