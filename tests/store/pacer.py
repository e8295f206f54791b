"""A process that asks a local server for something, at arXiv's pace; quick to start."""

from __future__ import annotations

import asyncio

from app.store import pace
from app.store.engine import open_engine


def ask(url: str, port: int, spacing: float, turns: int, lease: float) -> None:
    """Make so many requests, each in its turn."""
    pace.LEASE = lease
    asyncio.run(_ask(url, port, spacing, turns))


async def _ask(url: str, port: int, spacing: float, turns: int) -> None:
    engine = open_engine(url, pool_size=2)
    paced = pace.ArxivPace(engine, spacing)
    for _ in range(turns):
        async with paced.turn() as turn:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readline()
            await turn.answered()
            await reader.read()
            writer.close()
            await writer.wait_closed()
    await engine.dispose()
