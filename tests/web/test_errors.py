"""Errors are pages: in words, in the site's layout, telling what would work."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from app.errors import BrokenAnswer, NotFound
from app.web.routes import listing
from tests.web.conftest import Browser


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "Not here"),
        ("/static/000000000000/base.css", 404, "Not here"),
        ("/static/x/../../etc/passwd", 404, "Not here"),
        ("/lang/tlh", 404, "Not here"),
        ("/arxiv/nonsense", 400, "That can't be understood"),
        ("/arxiv/", 400, "That can't be understood"),
        ("/arxiv/%00", 400, "That can't be understood"),
        ("/arxiv/cs.AI-cs.AI", 400, "That can't be understood"),
        ("/arxiv/" + ",".join(f"2601.{n:05}" for n in range(1, 502)), 400, None),
    ],
)
async def test_an_address_that_leads_nowhere_has_a_page(
    browser: Browser, path: str, status: int, title: str | None
) -> None:
    page = await browser.page(path, status=status)
    assert page.one("h1").text == (title or "That can't be understood")
    assert page.one("header.top")


async def test_what_is_no_category_is_named_and_nothing_of_it_is_markup(browser: Browser) -> None:
    answer = await browser.get("/arxiv/<script>alert(1)<%2Fscript>")
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_another_method_is_405_and_says_which_are_allowed(browser: Browser) -> None:
    answer = await browser.client.put("/arxiv/cs.AI")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert "This address can&#39;t be asked in this way." in answer.text


async def test_a_crash_is_logged_with_its_traceback_and_shows_none(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(listing, "page", crash)
    with capture_logs() as logs:
        answer = await browser.get("/arxiv/cs.AI")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Something went wrong" in answer.text
    assert answer.headers["content-security-policy"]
    assert [(log["event"], log["exc_info"]) for log in logs] == [("a request failed", True)]


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (OperationalError("", {}, Exception("gone")), 503, "The database is restarting."),
        (ConnectionRefusedError(), 503, "The database is restarting."),
        (BrokenAnswer("cut off"), 503, "This can't be answered just now."),
        (NotFound("gone"), 404, "There is no page at this address."),
    ],
)
async def test_what_passes_is_503_and_comes_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, text: str
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(listing, "page", fail)
    answer = await browser.get("/arxiv/cs.AI")
    assert answer.status_code == status
    assert text in answer.text.replace("&#39;", "'")
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)


async def test_errors_speak_the_readers_language(browser: Browser) -> None:
    for path, title in (("/nowhere", "这里没有"), ("/arxiv/nonsense", "无法理解这个请求")):
        answer = await browser.get(path, accept_language="zh")
        assert title in answer.text
