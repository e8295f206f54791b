"""An answer that grows is shown while it does, and not a moment longer."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.services import draft
from app.services.draft import Draft


async def test_words_that_come_as_the_answer_ends_do_not_keep_it_shown(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "EVERY", 0.0)
    shown: list[str] = []

    async def write(_: AsyncConnection, written: str) -> bool:
        shown.append(written)
        return True

    ours = Draft(engine, write)
    async with asyncio.timeout(3):
        async with ours.shown():
            ours.add("Because")
            while not shown:  # noqa: ASYNC110 - it is polled, not told
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)  # it waits for more
            ours.add(" so.")
    assert shown == ["<p>Because</p>"]
