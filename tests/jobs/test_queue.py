"""The job queue on a real Postgres: one look at a time, and none lost with its worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
from procrastinate import App
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.subjects import Subjects
from app.jobs.queue import enqueue_look, queue
from app.services import batches
from app.services.arxiv import Fetcher
from app.services.asking import bring_due
from app.sources import api
from app.store import looks, summaries
from tests.fetch import Fetching
from tests.local_arxiv import LocalArxiv, made_up
from tests.local_llm import LocalLlm, Model
from tests.writing import NIGHT as WRITTEN_AT
from tests.writing import PAPERS, asked, faq, writing
from tests.writing import WORLD as WRITTEN

NIGHT = datetime(2026, 1, 22, 6, tzinfo=UTC)
WORLD = made_up([date(2026, 1, 22)], per_day=10)


@pytest.fixture
async def jobs(engine: AsyncEngine, server_url: URL) -> AsyncIterator[App]:
    async with queue(server_url).open_async() as app:
        yield app


_LOOKS = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'look' ORDER BY id"


async def statuses(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as conn:
        found = await conn.execute(text(_LOOKS))
        return list(found.scalars())


async def run(jobs: App, fetcher: Fetcher, **options: object) -> None:
    await jobs.run_worker_async(
        wait=False,
        install_signal_handlers=False,
        listen_notify=False,
        queues=["arxiv"],
        additional_context={"fetcher": fetcher, "writer": None},
        **options,  # type: ignore[arg-type]
    )


async def test_a_look_waits_once_however_often_it_is_asked_for(
    engine: AsyncEngine, jobs: App
) -> None:
    await asyncio.gather(*(enqueue_look(jobs) for _ in range(5)))
    assert await statuses(engine) == ["todo"]


async def test_a_look_reads_the_day(engine: AsyncEngine, jobs: App, fetching: Fetching) -> None:
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            await enqueue_look(jobs)
            await run(jobs, fetcher)
            local.ledger.reset()
            await enqueue_look(jobs)
            await run(jobs, fetcher)
            assert local.ledger.paths == []  # it was whole already
    assert await statuses(engine) == ["succeeded", "succeeded"]
    async with engine.connect() as conn:
        states = await looks.states(conn, Subjects.everything(), NIGHT.date())
    assert all(state.settled for state in states)


async def test_arxivs_silence_fails_no_job(
    engine: AsyncEngine, jobs: App, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, NIGHT) as local:
        local.site.weather.down = True
        async with fetching(local) as fetcher:
            await enqueue_look(jobs)
            await run(jobs, fetcher)
    assert await statuses(engine) == ["succeeded"]


@pytest.mark.parametrize("another_waits", [False, True])
async def test_a_killed_workers_look_is_taken_up(
    engine: AsyncEngine, jobs: App, fetching: Fetching, another_waits: bool
) -> None:
    await enqueue_look(jobs)
    dead = await jobs.job_manager.register_worker()
    taken = await jobs.job_manager.fetch_job(["arxiv"], worker_id=dead)
    assert taken is not None
    if another_waits:  # as a new worker's first act has it
        await enqueue_look(jobs)
    await take_up_stalled(jobs)
    assert "doing" in await statuses(engine)  # its heart still beats
    async with engine.begin() as conn:
        await conn.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
        )
    await take_up_stalled(jobs)
    assert await statuses(engine) == ["todo"]
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            await run(jobs, fetcher)
        assert local.ledger.paths
    assert await statuses(engine) == ["succeeded"]


async def take_up_stalled(jobs: App) -> None:
    await jobs.tasks["take up stalled jobs"].func(timestamp=0)


async def test_faqs_are_written_by_jobs_and_brought_again_when_a_job_was_lost(
    engine: AsyncEngine, jobs: App
) -> None:
    with LocalArxiv(WRITTEN, WRITTEN_AT) as local, LocalLlm(Model(rate=100_000)) as llm:
        async with writing(engine, local, llm) as ours:
            ids = [ArxivId.parse(paper) for paper in PAPERS[:2]]
            url = ours.fetcher.settings.arxiv_api_url
            found = await api.fetch(ours.fetcher.polite, url, ids)
            await batches.store(ours.fetcher, found, step="papers")
            numbers = [await asked(ours, paper) for paper in PAPERS[:2]]
            async with engine.begin() as conn:
                await conn.execute(text("DELETE FROM procrastinate_jobs WHERE id = 1"))
            context = {"fetcher": ours.fetcher, "writer": ours}
            await write(jobs, context)
            assert [(await faq(engine, n)).is_whole for n in numbers] == [False, True]
            assert await bring_due(engine, local.now) == 1
            assert await bring_due(engine, local.now) == 1
            await write(jobs, context)
            assert [(await faq(engine, n)).is_whole for n in numbers] == [True, True]
            assert await bring_due(engine, local.now) == 0
            assert len(llm.ledger.asked) == 12


async def write(jobs: App, context: dict[str, object]) -> None:
    await jobs.run_worker_async(
        wait=False,
        install_signal_handlers=False,
        listen_notify=False,
        queues=["faq"],
        additional_context=context,
    )


async def test_the_days_papers_get_theirs_by_themselves_where_that_is_set(
    engine: AsyncEngine, jobs: App
) -> None:
    with LocalArxiv(WRITTEN, WRITTEN_AT) as local, LocalLlm(Model(rate=100_000)) as llm:
        async with writing(
            engine, local, llm, categories="cs", summary_auto="cs.CV", summary_languages="en"
        ) as ours:
            await enqueue_look(jobs)
            await jobs.run_worker_async(
                wait=False,
                install_signal_handlers=False,
                listen_notify=False,
                queues=["arxiv"],
                additional_context={"fetcher": ours.fetcher, "writer": ours},
            )
            async with engine.connect() as conn:
                due = await summaries.due(conn, local.now)
                papers = {(await faq(engine, number)).paper_id for number in due}
    assert papers
    new = {line.paper.record.id for line in WRITTEN.listing(WRITTEN_AT.date(), ("cs.CV",))
           if line.kind == "new"}  # fmt: skip
    assert papers == new
