"""Whatever arXiv's fields hold shows as text and breaks nothing."""

from __future__ import annotations

import pytest

from app.domain.paper import Author
from tests.web.conftest import Browser
from tests.web.made import Made, paper, version

ID = "2601.00001"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></p></div><svg/onload=alert(1)>",
    r"\href{javascript:alert(1)}{click}",
    "$" + "{" * 5000 + "}" * 5000 + "$",
    "$\\frac{1}{\\text{</math><script>alert(1)</script>}}$",
    "{{ 7*7 }} {% raw %} %(n)s %s",
    "a\x00b\x08c\u202eevil\u2066\ud800",
    "&lt;script&gt; &amp;amp;",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_field_is_text_on_every_page(
    browser: Browser, made: Made, text: str
) -> None:
    stored = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    await made.papers(
        paper(
            ID, title=stored, abstract=stored, authors=(Author(stored), Author("B")),
            comment=stored, journal_ref=stored, doi=stored, licence=stored,
        )
    )  # fmt: skip
    await made.listing("cs.AI", [ID])
    for path in ("/arxiv/cs.AI", f"/arxiv/{ID}"):
        page = await browser.page(path)  # which fails where an element is not closed
        assert len(page.all("div.paper")) == 1
        assert {n.tag for n in page.one("div.paper")}.isdisjoint({"script", "img", "svg", "style"})
        for node in page:
            assert not [name for name in node.attributes if name.startswith("on")]
            assert node.attributes.get("href", "/").startswith(("/", "#", "https://", "http://"))
        assert len(page.all("a.author")) == 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_hostile_change_between_versions_is_text(
    browser: Browser, made: Made, text: str
) -> None:
    stored = text.replace("\x00", "").encode("utf-8", "ignore").decode()
    for n, words in enumerate((f"{stored} one", f"two {stored}"), start=1):
        versions = tuple(version(i) for i in range(1, n + 1))
        await made.papers(paper(ID, version=n, versions=versions, title=words, abstract=words))
    changes = (await browser.page(f"/arxiv/{ID}")).one("details.changes")
    assert len(changes.all("p.changed")) == 2
    assert {n.tag for n in changes}.isdisjoint({"script", "img", "svg", "style", "a"})
    assert not [name for n in changes for name in n.attributes if name.startswith("on")]


async def test_a_licence_is_a_link_only_where_it_is_an_address(
    browser: Browser, made: Made
) -> None:
    for n, (licence, shown, links) in enumerate(
        [
            ("javascript:alert(1)", "javascript:alert(1)", 0),
            ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0", 1),
            ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", None, 1),
        ],
        start=1,
    ):
        await made.papers(paper(f"2601.{n:05}", licence=licence))
        page = await browser.page(f"/arxiv/2601.{n:05}")
        (detail,) = [d for d in page.one("dl").all("div") if d.one("dt").text == "Licence"]
        expected = shown or "arxiv.org/licenses/nonexclusive-distrib/1.0"
        assert (detail.one("dd").text, len(detail.all("a"))) == (expected, links)
