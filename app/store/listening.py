"""What processes tell each other through Postgres, on a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import URL

from app.store.engine import conninfo

_AGAIN = 1.0  # seconds before a lost connection is made anew

_log = structlog.get_logger(__name__)


async def heard(url: URL, channel: str) -> AsyncIterator[str]:
    """What is told on a channel, for ever. An empty word comes first, and again after a connection
    was lost: what was told meanwhile is not known."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                conninfo(url), autocommit=True, application_name="freshprint listening"
            ) as conn:
                await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                yield ""
                async for told in conn.notifies():
                    yield told.payload
        except psycopg.Error as error:
            _log.warning("the database can't be listened to", error=str(error))
        await asyncio.sleep(_AGAIN)
