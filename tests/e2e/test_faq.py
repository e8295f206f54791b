"""One click under a paper, and its questions are answered before the reader's eyes."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, expect
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.jobs.queue import queue
from app.main import create_app
from app.services import arxiv, batches
from app.services.writer import writer
from app.sources import api
from tests.e2e.conftest import DESKTOP, PHONE, reading
from tests.local_arxiv import LocalArxiv
from tests.local_llm import LocalLlm, Model
from tests.prepare import CHROMIUM
from tests.web.made import Made
from tests.writing import DAY, NIGHT, PAPERS, WORLD, settings_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"no {CHROMIUM}: tests/prepare.py installs it"
    ),
]
PAPER = PAPERS[0]


@dataclass(frozen=True)
class Running:
    """A site whose worker writes FAQs with a local model, at a rate of a test's choosing."""

    url: str
    llm: LocalLlm


@pytest.fixture
def llm() -> Iterator[LocalLlm]:
    with LocalLlm(Model(rate=20)) as llm:
        yield llm


@asynccontextmanager
async def serving(app: FastAPI, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield
    app.state.site.streams.close()
    server.should_exit = True
    await task


@pytest.fixture
async def site(engine: AsyncEngine, server_url: URL, llm: LocalLlm) -> AsyncIterator[Running]:
    with (
        LocalArxiv(WORLD, NIGHT) as local,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        settings = settings_for(local, llm)
        async with (
            arxiv.fetcher(engine, settings, lambda: NIGHT) as fetcher,
            writer(fetcher) as ours,
            queue(server_url).open_async() as jobs,
            serving(create_app(settings, engine, lambda: NIGHT), listener),
        ):
            ids = [ArxivId.parse(paper) for paper in PAPERS]
            found = await api.fetch(fetcher.polite, settings.arxiv_api_url, ids)
            await batches.store(fetcher, found, step="papers")
            await Made(engine, set(PAPERS)).listing("cs.LG", PAPERS, DAY)
            working = asyncio.create_task(
                jobs.run_worker_async(
                    queues=["faq"],
                    additional_context={"fetcher": fetcher, "writer": ours},
                    install_signal_handlers=False,
                    fetch_job_polling_interval=0.2,
                )
            )
            yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", llm)
            working.cancel()
            await asyncio.wait((working,))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
async def test_one_click_opens_the_faq_and_its_words_come_as_they_are_written(
    chromium: Browser, site: Running, viewport: dict[str, int]
) -> None:
    async with reading(chromium, site.url, viewport=viewport) as reader:
        page = reader.page
        await page.goto(f"/arxiv/cs.LG?date={DAY}")
        panel = page.locator(f"[id='kimi-container-{PAPER}'] .faq")
        await page.click(f"[id='kimi-{PAPER}']")
        await expect(panel.locator(".faq-draft .faq-a")).to_contain_text("The")
        assert await panel.locator(".faq-entry").count() == 1
        site.llm.model.rate = 5_000
        await expect(panel.locator(".faq-facts")).to_contain_text("local-model", timeout=20_000)
        assert await panel.locator(".faq-entry").count() == 6
        assert await panel.locator(".faq-draft").count() == 0
        assert await panel.locator("math").count() >= 6
        first = panel.locator("a.evidence").first
        assert re.search(rf"/(html|abs)/{PAPER}v1", await first.get_attribute("href") or "")
        await page.click(f"[id='kimi-{PAPER}']")
        await expect(panel).to_be_hidden()


async def test_a_second_reader_and_a_reload_join_where_it_is(
    chromium: Browser, site: Running
) -> None:
    async with reading(chromium, site.url) as one, reading(chromium, site.url) as two:
        await one.page.goto(f"/arxiv/{PAPER}")
        await one.page.click(f"[id='kimi-{PAPER}']")
        await expect(one.page.locator(".faq-draft")).to_be_visible()
        assert await one.page.locator(".faq button").inner_text() == "Stop"
        await two.page.goto(f"/arxiv/{PAPER}")
        await expect(two.page.locator(".faq-draft")).to_be_visible()
        assert await two.page.locator(".faq button").count() == 0  # it isn't theirs to stop
        await one.page.reload()
        await expect(one.page.locator(".faq-draft")).to_be_visible()
        await one.page.click(".faq button")
        for page in (one.page, two.page):
            await expect(page.locator(".faq-state")).to_have_text("This FAQ was stopped.")
            await expect(page.locator(".faq button")).to_have_text("Try again")
            assert await page.locator("h1").count() == 1


async def test_without_script_the_page_shows_what_there_is_and_looks_again(
    chromium: Browser, site: Running
) -> None:
    async with reading(chromium, site.url, java_script_enabled=False) as reader:
        page = reader.page
        await page.goto(f"/arxiv/cs.LG?date={DAY}")
        await page.click(f"[id='kimi-{PAPER}']")
        site.llm.model.rate = 5_000
        await page.click("text=Write the FAQ")
        # the page looks again by itself, every five seconds
        await expect(page.locator(".faq-facts")).to_contain_text("Prompts", timeout=20_000)
        assert await page.locator(".faq-entry").count() == 6


async def test_a_chinese_reader_gets_chinese_answers_and_may_change(
    chromium: Browser, site: Running
) -> None:
    site.llm.model.rate = 100_000
    async with reading(chromium, site.url, locale="zh-CN") as reader:
        page = reader.page
        await page.goto(f"/arxiv/{PAPER}")
        await page.click(f"[id='kimi-{PAPER}']")
        await expect(page.locator(".faq-q").first).to_contain_text("这篇论文试图解决什么问题")
        await expect(page.locator(".faq-facts")).to_contain_text("由机器", timeout=20_000)
        await page.click(".faq-actions a[hreflang=en]")
        await expect(page.locator(".faq-q").first).to_contain_text("What problem", timeout=20_000)
