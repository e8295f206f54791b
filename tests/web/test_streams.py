"""Watching a FAQ costs nothing any more when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.faq import Asker, State
from app.services.asking import press
from app.settings import Settings
from app.store import summaries
from app.store.summaries import Answer
from app.web import streams
from app.web.language import languages
from app.web.streams import Streams
from tests.web.made import NOW, Made, paper


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


async def test_a_slow_reader_misses_nothing_of_the_end(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Made(engine).papers(paper("2601.00001"))
    number = await asked(engine)
    ours = Streams(engine)
    frames: list[bytes] = []
    words = languages()["en"]
    async with asyncio.timeout(10):
        async for frame in ours.events([number], words):
            frames.append(frame)
            await asyncio.sleep(0.05)  # slower than what comes
            if len(frames) == 2:
                for n in range(1, 7):
                    async with engine.begin() as conn:
                        await summaries.move(conn, number, State.ANSWERING)
                        answer = Answer(n, "Q?", "A", f"<p>{n}</p>", 0, 0)
                        await summaries.keep_answer(conn, number, answer, NOW)
                async with engine.begin() as conn:
                    await summaries.move(conn, number, State.WHOLE, ended_at=NOW)
    told = b"".join(frames).decode()
    assert all(f"<p>{n}</p>" in told for n in range(1, 7))
    assert '"open": false' in told


async def asked(engine: AsyncEngine) -> int:
    settings = Settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="m")
    async with engine.begin() as conn:
        return await press(settings, lambda: NOW).ask(conn, "2601.00001", 1, "en", Asker.READER)
