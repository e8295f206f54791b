"""A reader walks home → list → paper → back in a real Chromium, with and without script."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import uvicorn
from playwright.async_api import Browser, expect
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.paper import Author, Kind
from app.main import create_app
from app.settings import Settings
from tests.e2e.conftest import DESKTOP, PHONE, reading
from tests.prepare import CHROMIUM
from tests.web.made import BEFORE, NOW, Made, paper, version

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"no {CHROMIUM}: tests/prepare.py installs it"
    ),
]


@pytest.fixture
async def site(engine: AsyncEngine) -> AsyncIterator[str]:
    """The site on a port of its own, two days of papers in it; the URL it is at."""
    await _fill(Made(engine))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(Settings(base_url=url), engine, lambda: NOW)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield url
        server.should_exit = True
        await serving


async def _fill(made: Made) -> None:
    await made.papers(
        paper(
            "2601.00001",
            title=r"A bound on $\sum_{i=1}^n \ell_i^2$ <script>alert(1)</script>",
            authors=tuple(Author(f"A. Author{n}") for n in range(60)),
            subjects=("cs.AI", "cs.LG"),
        )
    )
    for n, abstract in enumerate(("A bound on $x$.", "A sharp bound.", "A sharp bound."), start=1):
        versions = tuple(version(i) for i in range(1, n + 1))
        await made.papers(
            paper("2601.00098", version=n, versions=versions, abstract=abstract, withdrawn=n == 3)
        )
    kinds = {f"2601.{n:05}": Kind.NEW if n < 20 else Kind.CROSS for n in range(1, 41)}
    await made.listing("cs.AI", kinds)
    await made.listing("cs.CL", {"2601.00050": Kind.REPLACE, "2601.00002": Kind.CROSS})
    await made.listing("cs.AI", ["2601.00099"], BEFORE)
    for subject in ("cs.AI", "cs.CL"):
        await made.state(subject, State.WHOLE, 2, checked_at=NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("script", "scheme", "viewport"),
    [
        (True, "light", PHONE),
        (False, "dark", PHONE),
        (False, "light", DESKTOP),
        (True, "dark", DESKTOP),
    ],
    ids=["phone, script", "dark phone", "desktop", "dark desktop, script"],
)
async def test_a_reader_walks_home_list_paper_and_back(
    chromium: Browser, site: str, script: bool, scheme: str, viewport: dict[str, int]
) -> None:
    async with reading(
        chromium, site, java_script_enabled=script, color_scheme=scheme, viewport=viewport
    ) as reader:
        page = reader.page
        await page.goto("/")
        await expect(page.locator("body#home h1")).to_be_visible()
        await page.locator("ul.latest a", has_text="cs.AI").click()
        await expect(page.locator("body#arxiv h1")).to_have_text("cs.AI")
        await expect(page.locator("p.info")).to_have_text("Total: 40 · 19 new · 21 cross-lists")
        await expect(page.locator("div.papers > div.panel.paper")).to_have_count(25)
        await page.locator("nav.pager a[rel=next]").click()
        await expect(page.locator("span.index").first).to_have_text("#26")
        await page.go_back()
        await page.locator("[id='title-2601.00001']").click()
        await expect(page.locator("h1")).to_have_text("arXiv:2601.00001")
        await expect(page.locator("h2.title math")).to_be_visible()
        await expect(page.locator("h2.title")).to_contain_text("<script>alert(1)</script>")
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("cs.AI")
        await page.locator("nav a[rel=prev]").first.click()
        await expect(page.locator("div.paper")).to_have_attribute("id", "2601.00099")
        await page.locator("a.brand").click()
        await expect(page.locator("body#home")).to_be_visible()


async def test_authors_past_forty_unfold_without_script(chromium: Browser, site: str) -> None:
    async with reading(chromium, site, java_script_enabled=False) as reader:
        await reader.page.goto("/arxiv/2601.00001")
        last = reader.page.locator("a.author", has_text="A. Author59")
        await expect(last).to_be_hidden()
        await reader.page.get_by_text("and 20 more").click()
        await expect(last).to_be_visible()


async def test_what_changed_between_versions_unfolds_without_script(
    chromium: Browser, site: str
) -> None:
    async with reading(chromium, site, java_script_enabled=False) as reader:
        page = reader.page
        await page.goto("/arxiv/2601.00098")
        await expect(page.locator("h2.title strong")).to_have_text("Withdrawn")
        await expect(page.locator("del")).to_be_hidden()
        await page.get_by_text("What changed between the versions").click()
        await expect(page.locator("del")).to_be_visible()
        await expect(page.locator("ins")).to_contain_text("sharp")


async def test_the_status_page_leads_to_an_archives_day_and_scrolls_within_itself(
    chromium: Browser, site: str
) -> None:
    async with reading(chromium, site, java_script_enabled=False, viewport=PHONE) as reader:
        page = reader.page
        await page.goto("/about")
        await page.locator("footer").get_by_role("link", name="Status").click()
        await expect(page.locator("body#status h1")).to_have_text("Status")
        await expect(page.locator(".grid tbody th").first).to_be_in_viewport()
        await page.get_by_role("link", name=re.compile("^cs, Wed 21 Jan: partly seen")).click()
        await expect(page.locator("p.info")).to_have_text("Total: 1 · 1 new")


async def test_the_calendar_opens_and_leads_to_a_day_without_script(
    chromium: Browser, site: str
) -> None:
    async with reading(chromium, site, java_script_enabled=False) as reader:
        page = reader.page
        await page.goto("/arxiv/cs.AI")
        await page.get_by_text("Calendar").click()
        await expect(page.locator(".month td a")).to_have_count(2)
        await page.locator(".month td a").first.click()
        await expect(page.locator("p.info")).to_have_text("Total: 1 · 1 new")


async def test_categories_are_picked_shown_and_kept_without_script(
    chromium: Browser, site: str
) -> None:
    async with reading(chromium, site, java_script_enabled=False) as reader:
        page = reader.page
        await page.goto("/")
        await page.locator("input[name='cs.CL'][value='-']").check()
        await page.get_by_role("button", name="Keep as mine").click()
        await expect(page.locator("a.main-action")).to_contain_text("cs.AI+cs.CV+cs.LG-cs.CL")
        await page.locator("a.main-action").click()
        await expect(page.locator("p.info")).to_have_text("Total: 39 · 18 new · 21 cross-lists")


async def test_the_language_is_switched_and_kept(chromium: Browser, site: str) -> None:
    async with reading(chromium, site) as reader:
        page = reader.page
        await page.goto("/arxiv/cs.AI?skip=25")
        await page.get_by_role("link", name="中文").click()
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(page).to_have_url(f"{site}/arxiv/cs.AI?skip=25")
        await page.goto("/about")
        await expect(page.locator("h1")).to_have_text("关于 Freshprint")


@pytest.mark.parametrize(
    "path",
    ["/", "/arxiv/cs.AI?month=2026-01", "/arxiv/2601.00001", "/arxiv/2601.00098", "/status", "/no"],
)
async def test_nothing_is_wider_than_a_phone(chromium: Browser, site: str, path: str) -> None:
    async with reading(chromium, site, viewport={"width": 320, "height": 640}) as reader:
        await reader.page.goto(path)
        width = await reader.page.evaluate("() => document.documentElement.scrollWidth")
        reader.complaints.clear()  # the console notes that /no is a 404
        assert width == 320


async def test_every_target_is_large_enough_for_a_thumb(chromium: Browser, site: str) -> None:
    """24 CSS pixels, as WCAG 2.2 asks; links within a line of text are excepted there, and here."""
    async with reading(chromium, site, viewport=PHONE) as reader:
        for path in ("/", "/arxiv/cs.AI?month=2026-01", "/arxiv/2601.00098", "/status"):
            await reader.page.goto(path)
            small = await reader.page.evaluate(
                """() => [...document.querySelectorAll(
                    'header a, nav a, button, summary, label, .latest a, .month a, .grid a, .info a'
                    )]
                    .filter(e => e.checkVisibility())
                    .map(e => [e.textContent.trim(), e.getBoundingClientRect().height])
                    .filter(([, height]) => height < 24)"""
            )
            assert small == []


async def test_the_page_reads_whole_in_order_for_a_keyboard(chromium: Browser, site: str) -> None:
    async with reading(chromium, site, viewport=DESKTOP) as reader:
        page = reader.page
        await page.goto("/arxiv/cs.AI")
        await page.keyboard.press("Tab")
        await expect(page.locator("a.skip")).to_be_focused()
        await expect(page.locator("a.skip")).to_be_in_viewport()
        for _ in range(3):
            await page.keyboard.press("Tab")
        assert await page.evaluate(
            "() => getComputedStyle(document.activeElement).outlineStyle"
        ) == ("solid")
