"""English and Chinese: which one a reader gets, and that nothing is left untranslated."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from app.paths import TEMPLATES
from app.web import language
from app.web.language import Language
from tests.test_architecture import APP
from tests.web.conftest import Browser
from tests.web.made import Made

_KEYWORDS: dict[str, tuple[int, int] | None] = {
    "_": None, "gettext": None, "ngettext": (1, 2), "say": None, "plural": (1, 2),
}  # fmt: skip


def _sentences() -> Iterator[str]:
    for path in sorted((APP / "web").rglob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords=_KEYWORDS):
                yield str(message[0] if isinstance(message, tuple) else message)
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, _, said, _ in babel_extract(file, list(_KEYWORDS), [], {"trimmed": "true"}):
                yield str(said[0] if isinstance(said, tuple) else said)


@pytest.fixture(scope="module")
def chinese() -> Language:
    return language.languages()["zh"]


def test_every_sentence_is_in_chinese_with_the_same_names_in_it(chinese: Language) -> None:
    sentences = set(_sentences())
    assert len(sentences) > 80
    for sentence in sentences:
        translated = chinese.catalogue.gettext(sentence)
        if translated == sentence:
            translated = chinese.catalogue.ngettext(sentence, sentence, 1)
        assert translated != sentence, f"not translated: {sentence!r}"
        assert _names(translated) <= _names(sentence), sentence


def test_no_translation_is_of_a_sentence_nobody_says(chinese: Language) -> None:
    known = {key[0] if isinstance(key, tuple) else key for key in chinese.catalogue._catalog}  # type: ignore[attr-defined]
    assert known - {""} <= set(_sentences())


def _names(sentence: str) -> set[str]:
    template = sentence.replace("%(", "{").replace(")s", "}")
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en;q=0.5, zh-TW", "zh-CN"),
        ("fr, zh;q=0.3", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("zh;q=0.5, en-US", "en"),
        ("fr", "en"),
        ("", "en"),
        (";;,q=,zh;q=x", "en"),
        ("*", "en"),
    ],
)
async def test_the_browsers_language_is_spoken(browser: Browser, header: str, tag: str) -> None:
    answer = await browser.get("/about", accept_language=header)
    assert f'<html lang="{tag}">' in answer.text
    assert answer.headers["content-language"] == tag
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))


async def test_a_chosen_language_is_kept_and_leads_back(browser: Browser) -> None:
    page = await browser.page("/about?x=%26y")
    (other,) = [a["href"] for a in page.all("a") if a.attributes.get("hreflang") == "zh-CN"]
    answer = await browser.get(other)
    assert (answer.status_code, answer.headers["location"]) == (303, "/about?x=%26y")
    page = await browser.page("/about", language="en")
    assert page.one("html")["lang"] == "zh-CN"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "javascript:x",
        "/%09/evil.example", "%20//evil.example", "/%0d%0aSet-Cookie:x=y",
    ],
)  # fmt: skip
async def test_a_choice_of_language_leads_nowhere_else(browser: Browser, elsewhere: str) -> None:
    answer = await browser.get(f"/lang/zh?next={elsewhere}")
    assert answer.headers["location"] == "/"


async def test_a_list_is_chinese_down_to_its_days(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    page = await browser.page("/arxiv/cs.AI?month=2026-01", language="zh")
    text = page.one("main").text
    assert "2026年1月22日星期四" in text
    assert "新论文 1 篇" in text
    assert "周一" in text
    for english in ("Subjects", "Submitted", "Calendar", "January"):
        assert english not in text


def test_a_moment_names_its_day_unless_it_is_today() -> None:
    english = language.languages()["en"]
    at = datetime(2026, 1, 22, 6, 5, tzinfo=UTC)
    assert english.moment(at, at.replace(hour=23)) == "06:05 UTC"
    assert english.moment(at, at.replace(day=23)) == "Thu 22 Jan 06:05 UTC"
    assert english.day(date(2026, 1, 22)) == "Thursday, 22 January 2026"
