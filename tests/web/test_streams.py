"""Watching a FAQ costs nothing any more when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.web import streams
from app.web.streams import Streams


async def test_news_that_come_as_the_last_watcher_goes_do_not_keep_it_watched(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def heard(*_: object) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    monkeypatch.setattr(streams, "heard", heard)
    monkeypatch.setattr(streams, "_PAUSE", 0.0)
    ours = Streams(engine)
    async with ours._watched(1) as topic:
        await topic.news(-1)
        await asyncio.sleep(0.05)  # its keeper waits for news
        topic.stale.set()
    assert topic.keeper
    async with asyncio.timeout(3):
        await asyncio.wait([topic.keeper])
    assert topic.keeper.cancelled()
