"""What userscripts, feed readers and scrapers made for the reference look for on a page."""

from __future__ import annotations

import pytest

from tests.web.conftest import Browser
from tests.web.dom import Node
from tests.web.made import Made, paper

ID = "2601.00001"


@pytest.fixture
async def stored(made: Made) -> None:
    await made.papers(paper(ID, subjects=("cs.CL", "cs.AI", "cs.LG")))
    await made.listing("cs.CL", [ID])


@pytest.mark.parametrize("path", ["/arxiv/cs.CL", f"/arxiv/{ID}"])
async def test_every_hook_is_there(browser: Browser, stored: None, path: str) -> None:
    page = await browser.page(path)
    assert page.one("body")["id"] == "arxiv"
    assert page.one("h1").text
    assert page.one("p.info").text.startswith("Total: 1")
    (panel,) = [
        n for n in page.one("div.papers").children if isinstance(n, Node) and n.tag == "div"
    ]
    assert (panel["id"], panel["class"], panel["keywords"]) == (ID, "panel paper", "")
    title = panel.one("h2.title")
    assert title.one("span.index").text == "#1"
    assert title.one("a.title-link")["id"] == f"title-{ID}"
    assert title.one("a.title-link")["href"] == f"/arxiv/{ID}"
    pdf = title.one("a.title-pdf")
    assert (pdf["id"], pdf["data"]) == (f"pdf-{ID}", f"https://arxiv.org/pdf/{ID}")
    assert pdf.one(f"sup#pdf-stars-{ID}")
    assert title.one(".title-kimi")["href"] == f"/arxiv/{ID}?faq=1#kimi-container-{ID}"
    for hook in (".title-copy", ".title-rel"):
        assert "hidden" in title.one(hook).attributes
    assert title.one(f"sup#kimi-stars-{ID}")
    assert panel.one("p.authors")["id"] == f"authors-{ID}"
    assert panel.texts("a.author") == ["Ada Lovelace", "Paul Erdős"]
    assert panel.one("p.summary")["id"] == f"summary-{ID}"
    assert panel.one("p.subjects")["id"] == f"subjects-{ID}"
    assert [panel.one(f"a.subject-{n}").text for n in (1, 2, 3)] == ["cs.CL", "cs.AI", "cs.LG"]
    assert panel.one("p.date")["id"] == f"date-{ID}"
    assert panel.one("span.date-data").text == "2026-01-20 06:18:10 UTC"
    assert panel.one(f"#pdf-container-{ID}")
    assert panel.one(f"#kimi-container-{ID}")


async def test_the_index_leads_to_the_source(browser: Browser, stored: None) -> None:
    page = await browser.page("/arxiv/cs.CL")
    assert page.one("a.source")["href"] == f"https://arxiv.org/abs/{ID}"


async def test_total_is_said_in_the_same_words_in_every_language(
    browser: Browser, stored: None
) -> None:
    page = await browser.page("/arxiv/cs.CL", language="zh-CN")
    assert page.one("p.info").text.startswith("Total: 1")


async def test_home_is_known_by_its_body(browser: Browser) -> None:
    assert (await browser.page("/")).one("body")["id"] == "home"
