"""A worker that is told to stop ends in order."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.faq import State
from tests.bench import newsroom
from tests.bench.newsroom import asked, environment, running, stored
from tests.local_llm import LocalLlm
from tests.writing import faq

_JOBS = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'summarise'")


async def test_told_to_stop_a_worker_finishes_the_faq_it_is_at(engine: AsyncEngine) -> None:
    with LocalLlm(newsroom.model(200, 20)) as llm:
        (number,) = await asked(engine, newsroom.settings(llm.url), await stored(engine, 1, 9_000))
        async with running(
            "app", "worker", env=environment(engine, llm.url, 1), stderr=PIPE
        ) as worker:
            while not (await faq(engine, number)).answers:  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)
            worker.terminate()
            assert worker.stderr
            told = await worker.stderr.read()
            assert await worker.wait() == 0
    assert b"Traceback" not in told
    assert (await faq(engine, number)).state is State.WHOLE
    async with engine.connect() as conn:
        assert await conn.scalar(_JOBS) == 0
