"""A real Chromium, and readers whose pages must not complain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.prepare import CHROMIUM

_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=_QUIET)
        yield browser
        await browser.close()


@dataclass
class Reader:
    """One reader's page, and all that went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@asynccontextmanager
async def reading(browser: Browser, site: str, **options: object) -> AsyncIterator[Reader]:
    """A fresh browser profile whose pages must not complain (a CSP violation is a complaint)."""
    context = await browser.new_context(base_url=site, **{"locale": "en-GB", **options})  # type: ignore[arg-type]
    reader = Reader(await context.new_page())
    yield reader
    await context.close()
    assert reader.complaints == []
