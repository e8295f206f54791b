"""One paper's page, and several papers on one."""

from __future__ import annotations

import pytest

from app.domain.paper import Author, Kind
from tests.web.conftest import Browser
from tests.web.made import BEFORE, DAY, Made, paper, version


async def test_a_papers_page_tells_all_that_is_known_of_it(browser: Browser, made: Made) -> None:
    await made.papers(
        paper(
            "2601.00001",
            subjects=("cs.CL", "cs.AI"),
            version=2,
            versions=(version(1), version(2)),
            comment="12 pages, 3 figures",
            journal_ref="J. Irrepr. 1 (2026)",
            doi="10.1000/a b",
            licence="http://creativecommons.org/licenses/by-nc-sa/4.0/",
        )
    )
    await made.listing("cs.CL", {"2601.00001": Kind.NEW}, BEFORE)
    await made.listing("cs.AI", {"2601.00001": Kind.CROSS}, BEFORE)
    await made.listing("cs.CL", {"2601.00001": Kind.REPLACE}, DAY)
    page = await browser.page("/arxiv/2601.00001")
    details = {d.one("dt").text: d.one("dd") for d in page.one("dl.details").all("div")}
    assert {name: dd.text for name, dd in details.items()} == {
        "On arXiv": "abstract, PDF, HTML (newer papers only)",
        "Comment": "12 pages, 3 figures",
        "Journal reference": "J. Irrepr. 1 (2026)",
        "DOI": "10.1000/a b",
        "Announced on Thursday, 22 January 2026": "cs.CL (replacement)",
        "Announced on Wednesday, 21 January 2026": "cs.CL (new), cs.AI (cross-list)",
        "Versions": "v1 2026-01-20 06:18:10 UTC, v2 2026-01-21 06:18:10 UTC",
        "Licence": "CC BY-NC-SA 4.0",
    }
    assert details["DOI"].one("a")["href"] == "https://doi.org/10.1000/a%20b"
    announced = details["Announced on Wednesday, 21 January 2026"].all("a")
    assert announced[0]["href"] == "/arxiv/cs.CL?date=2026-01-21&show=all#2601.00001"


async def test_the_head_tells_reference_managers_what_it_is(browser: Browser, made: Made) -> None:
    await made.papers(
        paper("2601.00001", title="On $x$", authors=(Author("A B"), Author("C D")), doi="10.1/x")
    )
    page = await browser.page("/arxiv/2601.00001")
    assert {n: page.meta(f"citation_{n}") for n in ("title", "authors", "date", "year", "doi")} == {
        "title": "On x",
        "authors": "A B; C D",
        "date": "2026-01-20",
        "year": "2026",
        "doi": "10.1/x",
    }
    assert page.meta("citation_pdf_url") == "https://arxiv.org/pdf/2601.00001"
    assert str(page.meta("citation_abstract")).startswith("We consider 2601.00001")
    assert page.one("title").text == "On x · Freshprint"


async def test_several_papers_stand_in_the_order_asked_for_each_once(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001"), paper("hep-th/9901001"), paper("2601.00003"))
    page = await browser.page("/arxiv/2601.00003,hep-th/9901001,2601.00001")
    assert [p["id"] for p in page.all("div.paper")] == [
        "2601.00003",
        "hep-th/9901001",
        "2601.00001",
    ]
    assert page.texts("span.index") == ["#1", "#2", "#3"]
    assert page.meta("citation_title") is None


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("2601.00001,2601.00002,2601.00001v2", "2601.00001,2601.00002"),
        ("math.CA/0611800", "math/0611800"),
        ("arXiv:2601.00001v3", "2601.00001v3"),
        ("https://arxiv.org/abs/2601.00001", "2601.00001"),
        ("2601.00001,", "2601.00001"),
    ],
)
async def test_another_form_of_an_id_leads_to_the_canonical_address(
    browser: Browser, given: str, canonical: str
) -> None:
    answer = await browser.get(f"/arxiv/{given}")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/arxiv/{canonical}")


async def test_a_version_is_kept_in_the_links(browser: Browser, made: Made) -> None:
    await made.papers(paper("2601.00001", version=3))
    page = await browser.page("/arxiv/2601.00001v2")
    pdf = page.one("a.title-pdf")
    assert pdf["href"] == pdf["data"] == "https://arxiv.org/pdf/2601.00001v2"
    assert page.one("div.paper")["id"] == "2601.00001"
    assert page.one("h1").text == "arXiv:2601.00001v2"


async def test_an_old_id_has_a_page_of_its_own(browser: Browser, made: Made) -> None:
    await made.papers(paper("hep-th/9901001", subjects=("hep-th",)))
    page = await browser.page("/arxiv/hep-th/9901001")
    assert page.one("a.title-link")["href"] == "/arxiv/hep-th/9901001"


async def test_a_paper_not_stored_is_404_with_a_link_to_arxiv(browser: Browser) -> None:
    page = await browser.page("/arxiv/2601.00001v2", status=404)
    assert "This paper isn't stored here." in page.one("main").text
    assert "https://arxiv.org/abs/2601.00001v2" in [a["href"] for a in page.one("main").all("a")]


async def test_of_several_papers_the_missing_are_named(browser: Browser, made: Made) -> None:
    await made.papers(paper("2601.00001"))
    page = await browser.page("/arxiv/2601.00001,2601.00002")
    assert len(page.all("div.paper")) == 1
    assert page.one("p.status").text == "Not stored here: arXiv:2601.00002"


async def test_a_paper_without_a_time_has_the_day_it_was_announced(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001", submitted_at=None))
    await made.listing("cs.AI", ["2601.00001"])
    for path in ("/arxiv/2601.00001", "/arxiv/cs.AI"):
        page = await browser.page(path)
        assert page.one("p.date").text == "Announced 2026-01-22"


async def test_a_withdrawn_paper_is_marked_on_its_page_and_in_lists(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001", withdrawn=True), paper("2601.00002"))
    await made.listing("cs.AI", ["2601.00001", "2601.00002"])
    for path in ("/arxiv/2601.00001", "/arxiv/cs.AI"):
        page = await browser.page(path)
        assert page.texts(".withdrawn") == ["Withdrawn"]
        assert page.one("#2601.00001").one("h2.title").one("strong.withdrawn")
        page = await browser.page(path, language="zh")
        assert page.texts(".withdrawn") == ["已撤稿"]


async def test_what_changed_between_versions_is_told_word_by_word(
    browser: Browser, made: Made
) -> None:
    first = {"title": "On $x + y$ and trees", "abstract": "We prove a <b> & bound."}
    second = {**first, "abstract": "We prove a sharp <b> & bound for trees."}
    third = {**second, "title": "On $x + z$ and trees"}
    for n, fields in enumerate((first, second, third), start=1):
        versions = tuple(version(i) for i in range(1, n + 1))
        await made.papers(paper("2601.00001", version=n, versions=versions, **fields))
    changes = (await browser.page("/arxiv/2601.00001")).one("details.changes")
    assert changes.texts("h3") == [
        "v2 → v3 2026-01-22 06:18:10 UTC",
        "v1 → v2 2026-01-21 06:18:10 UTC",
    ]
    assert changes.texts("p.unchanged") == ["The abstract is unchanged.", "The title is unchanged."]
    assert changes.texts("p.changed") == [
        "On Removed: x+y Added: x+z and trees",
        "We prove a Added: sharp <b> & Removed: bound. Added: bound for trees.",
    ]
    assert [len(node.all("math")) for node in changes.all("del")] == [1, 0]


async def test_versions_whose_words_were_never_seen_are_told_as_such(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001", version=3, versions=(version(1), version(3))))
    page = await browser.page("/arxiv/2601.00001")
    changes = page.one("details.changes")
    assert changes.texts("h3") == ["v1 → v3 2026-01-22 06:18:10 UTC"]
    assert changes.one("p.unchanged").text.startswith("What changed is not known")
    assert "不知道改了什么" in (await browser.get("/arxiv/2601.00001", accept_language="zh")).text


async def test_a_version_that_only_the_feed_told_of_is_compared_too(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001", versions=(version(1),), abstract="One."))
    await made.papers(paper("2601.00001", version=2, abstract="Two."))
    page = await browser.page("/arxiv/2601.00001")
    assert page.one("details.changes").texts("h3") == ["v1 → v2"]
    assert page.one("details.changes").texts("p.changed") == ["Removed: One. Added: Two."]
    assert "v2" in page.one("dl.details").text


async def test_one_version_or_several_papers_have_no_changes(browser: Browser, made: Made) -> None:
    await made.papers(
        paper("2601.00001"), paper("2601.00002", version=2, versions=(version(1), version(2)))
    )
    for path in ("/arxiv/2601.00001", "/arxiv/2601.00001,2601.00002"):
        assert not (await browser.page(path)).all("details.changes")


async def test_a_papers_page_asks_few_questions(
    browser: Browser, made: Made, statements: list[str]
) -> None:
    await made.papers(paper("2601.00001", version=2, versions=(version(1), version(2))))
    statements.clear()
    await browser.page("/arxiv/2601.00001")
    assert len(statements) <= 8


async def test_ids_and_categories_dont_mix(browser: Browser) -> None:
    page = await browser.page("/arxiv/2601.00001,cs.AI", status=400)
    assert "Not every part of this address is an arXiv identifier." in page.one("main").text
