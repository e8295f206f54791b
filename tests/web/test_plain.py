"""What every answer carries, and the answers that need no database."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Browser
from tests.web.made import Made


@pytest.mark.parametrize(
    "path",
    [
        "/", "/arxiv/cs.AI", "/about", "/status", "/metrics", "/nowhere", "/healthz", "/robots.txt",
        "/arxiv/cs.NA",
    ],
)  # fmt: skip
async def test_every_answer_has_the_security_headers(browser: Browser, path: str) -> None:
    headers = (await browser.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


async def test_no_page_has_inline_style_or_script(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    for path in ("/", "/arxiv/cs.AI", "/arxiv/2601.00001", "/about", "/status", "/nowhere"):
        answer = await browser.get(path)
        assert "<style" not in answer.text
        assert "style=" not in answer.text
        assert not re.search(r"<script(?![^>]* src=)| on\w+=| style=|<style", answer.text)
        assert " onclick" not in answer.text


async def test_assets_are_kept_for_good_under_their_hash(browser: Browser) -> None:
    page = await browser.page("/about")
    hrefs = [n["href"] for n in page.all("link") if n["href"].startswith("/static/")]
    assert len(hrefs) == 3
    for href in hrefs:
        answer = await browser.get(href)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


async def test_a_page_may_be_stored_by_nobody_but_its_reader(browser: Browser) -> None:
    assert (await browser.get("/")).headers["cache-control"] == "private, no-cache"


async def test_a_browser_that_takes_compression_gets_it(browser: Browser) -> None:
    for encoding in ("zstd", "br", "gzip"):
        answer = await browser.get("/", accept_encoding=encoding)
        assert answer.headers["content-encoding"] == encoding
        assert "Accept-Encoding" in answer.headers["vary"]


async def test_head_is_answered_like_get_without_a_body(browser: Browser) -> None:
    for path in ("/", "/about", "/healthz"):
        answer = await browser.client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_the_process_says_it_lives_and_crawlers_what_they_may_read(browser: Browser) -> None:
    assert (await browser.get("/healthz")).text == "ok\n"
    assert "Disallow: /lang/" in (await browser.get("/robots.txt")).text
    icon = await browser.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"


async def test_about_thanks_arxiv(browser: Browser) -> None:
    text = (await browser.page("/about")).one("main").text
    assert "Thank you to arXiv for use of its open access interoperability." in text
    assert "not affiliated" in text
    assert "CC0" in text


async def test_no_description_of_the_api_is_public(browser: Browser) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await browser.get(path)).status_code == 404
