"""The list page of an expression and a day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.domain.calendar import State
from app.domain.paper import Author, Kind
from tests.web.conftest import Browser
from tests.web.made import AFTER, BEFORE, DAY, Made, paper

_ALL_KINDS = {
    "2601.00004": Kind.REPLACE_CROSS,
    "2601.00003": Kind.REPLACE,
    "2601.00002": Kind.CROSS,
    "2601.00001": Kind.NEW,
}


async def test_the_latest_announced_day_is_shown_in_arxivs_order(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00009"], BEFORE)
    await made.listing("cs.AI", _ALL_KINDS)
    page = await browser.page("/arxiv/cs.AI")
    assert page.one("p.info").text == "Total: 4 · 1 new · 1 cross-list · 2 replacements"
    assert [p["id"] for p in page.all("div.paper")] == [
        "2601.00001",
        "2601.00002",
        "2601.00003",
        "2601.00004",
    ]
    assert page.texts("h2.section") == ["New 1", "Cross-lists 1", "Replacements 2"]
    assert page.texts("span.index") == ["#1", "#2", "#3", "#4"]
    assert "Thursday, 22 January 2026" in page.one("main").text


async def test_fewer_papers_than_a_page_let_no_older_ones_in(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", [f"2601.000{n:02}" for n in range(30, 60)], BEFORE)
    await made.listing("cs.AI", ["2601.00001"])
    assert len((await browser.page("/arxiv/cs.AI")).all("div.paper")) == 1


async def test_a_date_shows_that_day_and_the_way_to_its_neighbours(
    browser: Browser, made: Made
) -> None:
    for day, paper_id in ((BEFORE, "2601.00001"), (DAY, "2601.00002"), (AFTER, "2601.00003")):
        await made.listing("cs.AI", [paper_id], day)
    page = await browser.page("/arxiv/cs.AI?date=2026-01-22")
    assert [p["id"] for p in page.all("div.paper")] == ["2601.00002"]
    links = {n["rel"]: n["href"] for n in page.all("a") if "rel" in n.attributes}
    assert links["prev"] == "/arxiv/cs.AI?date=2026-01-21"
    assert links["next"] == "/arxiv/cs.AI?date=2026-01-23"


async def test_a_union_has_each_paper_once_with_its_best_kind(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.CROSS, "2601.00002": Kind.NEW})
    await made.listing("cs.CL", {"2601.00001": Kind.NEW, "2601.00003": Kind.REPLACE})
    for expression in ("cs.AI,cs.CL", "cs.CL+cs.AI", "cs.AI%2Bcs.CL"):
        page = await browser.page(f"/arxiv/{expression}")
        assert page.one("p.info").text == "Total: 3 · 2 new · 1 replacement"


async def test_a_difference_leaves_out_what_the_other_category_lists(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.NEW, "2601.00002": Kind.NEW})
    await made.listing("cs.LG", {"2601.00003": Kind.NEW})
    await made.listing("cs.CY", {"2601.00002": Kind.CROSS, "2601.00004": Kind.NEW})
    page = await browser.page("/arxiv/cs.AI+cs.LG-cs.CY")
    assert [p["id"] for p in page.all("div.paper")] == ["2601.00001", "2601.00003"]
    assert page.one("p.names").text == (
        "Artificial Intelligence, Machine Learning, without Computers and Society"
    )


async def test_an_archive_is_all_of_its_categories(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.listing("cs.SE", ["2601.00002"])
    await made.listing("math.CO", ["2601.00003"])
    page = await browser.page("/arxiv/cs")
    assert [p["id"] for p in page.all("div.paper")] == ["2601.00001", "2601.00002"]
    assert len((await browser.page("/arxiv/cs-cs.SE")).all("div.paper")) == 1


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("/arxiv/cs.NA", "/arxiv/math.NA"),
        ("/arxiv/CS.ai?date=2026-01-22&show=50", "/arxiv/cs.AI?date=2026-01-22&show=50"),
        ("/arxiv/cs.AI/", "/arxiv/cs.AI"),
        ("/arxiv/cs.AI%20cs.CL", "/arxiv/cs.AI+cs.CL"),
        ("/arxiv/cs.AI+eess.SY-cs.SY", "/arxiv/cs.AI-eess.SY"),
    ],
)
async def test_an_alias_or_another_spelling_leads_to_the_canonical_address(
    browser: Browser, given: str, canonical: str
) -> None:
    answer = await browser.get(given)
    assert (answer.status_code, answer.headers["location"]) == (301, canonical)


async def test_a_long_day_is_paged_and_keeps_its_count(browser: Browser, made: Made) -> None:
    kinds = {
        f"2601.{n:05}": Kind.NEW if n <= 30 else Kind.CROSS if n <= 50 else Kind.REPLACE
        for n in range(1, 61)
    }
    await made.listing("cs.AI", kinds)
    first = await browser.page("/arxiv/cs.AI")
    assert (len(first.all("div.paper")), first.texts("h2.section")) == (25, ["New 30"])
    pager = first.one("nav.pager")
    assert "1–25 of 60" in pager.text
    assert [a["href"] for a in pager.all("a")] == [
        "/arxiv/cs.AI?date=2026-01-22&skip=25",
        "/arxiv/cs.AI?date=2026-01-22&show=all",
    ]
    second = await browser.page("/arxiv/cs.AI?skip=25")
    assert second.texts("h2.section") == ["New 30", "Cross-lists 20"]
    assert second.texts("span.index")[0] == "#26"
    assert [a["href"] for a in second.one("p.info").all("a")] == [
        "/arxiv/cs.AI?date=2026-01-22#new",
        "#cross-lists",
        "/arxiv/cs.AI?date=2026-01-22&skip=50#replacements",
    ]
    last = await browser.page("/arxiv/cs.AI?skip=50")
    assert len(last.all("div.paper")) == 10
    assert [a["rel"] for a in last.one("nav.pager").all("a") if "rel" in a.attributes] == ["prev"]
    whole = await browser.page("/arxiv/cs.AI?show=all")
    assert (len(whole.all("div.paper")), whole.all("nav.pager")) == (60, [])
    past = await browser.page("/arxiv/cs.AI?skip=500")
    assert "Past the end: there are 60 papers." in past.one("nav.pager").text


@pytest.mark.parametrize(
    "query",
    [
        "show=0", "show=-1", "show=2001", "show=ten", "show=1e3", "show=٣", "skip=-1", "skip=x",
        "skip=99999999999999999999", "date=yesterday", "date=2026-02-30", "date=1990-01-01",
        "date=20260122", "date=2026-01-22T00:00", "month=2026", "month=2026-13", "date=%00",
    ],
)  # fmt: skip
async def test_a_parameter_that_makes_no_sense_is_told_in_words(
    browser: Browser, query: str
) -> None:
    page = await browser.page(f"/arxiv/cs.AI?{query}", status=400)
    assert page.one("h1").text == "That can't be understood"
    assert "/arxiv/cs.AI" in [a["href"] for a in page.one("main").all("a")]


async def test_an_empty_parameter_is_as_good_as_none(browser: Browser, made: Made) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    page = await browser.page("/arxiv/cs.AI?date=&show=&skip=&month=&sort=0&highlight=1")
    assert len(page.all("div.paper")) == 1


async def test_the_calendar_knows_which_days_had_an_announcement(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00001"], date(2025, 12, 31))
    await made.listing("cs.AI", ["2601.00002"], BEFORE)
    await made.listing("cs.AI", ["2601.00003", "2601.00004"])
    await made.listing("math.CO", ["2601.00005"], date(2026, 1, 20))
    calendar = (await browser.page("/arxiv/cs.AI?show=50")).one("details.calendar")
    assert "open" not in calendar.attributes
    days = {a.text: a["href"] for td in calendar.all("td") for a in td.all("a")}
    assert days == {
        "21": "/arxiv/cs.AI?date=2026-01-21&show=50",
        "22": "/arxiv/cs.AI?date=2026-01-22&show=50",
    }
    assert [td.text for td in calendar.all("td") if "aria-current" in td.attributes] == ["22"]
    turned = (await browser.page("/arxiv/cs.AI?month=2026-01")).one("details.calendar")
    assert "open" in turned.attributes
    counts = [a.one("small").text for td in turned.all("td") for a in td.all("a")]
    assert counts == ["1", "2"]
    back = turned.one("p.turn").all("a")[0]["href"]
    assert back == "/arxiv/cs.AI?date=2026-01-22&month=2025-12#calendar"
    earlier = (await browser.page(back.partition("#")[0])).one("details.calendar")
    assert [a["href"] for td in earlier.all("td") for a in td.all("a")] == [
        "/arxiv/cs.AI?date=2025-12-31"
    ]


async def test_names_and_titles_are_shown_in_letters_and_maths_as_mathml(
    browser: Browser, made: Made
) -> None:
    await made.papers(
        paper("2601.00001", title=r"Bounds on $\ell_2$ & Erd\H{o}s", abstract="One.\n\n  Two $x$.")
    )
    await made.listing("cs.AI", ["2601.00001"])
    page = await browser.page("/arxiv/cs.AI")
    title = page.one("#title-2601.00001")
    assert title.all("math")
    assert title.text.endswith("& Erdős")
    assert "Paul Erdős" in page.texts("a.author")
    assert [n.tag for n in page.one("#summary-2601.00001")] == ["p", "br", "br", "math", "mi"]


async def test_more_than_forty_authors_are_folded_and_all_there(
    browser: Browser, made: Made
) -> None:
    await made.papers(
        paper("2601.00001", authors=tuple(Author(f"A. Author{n}") for n in range(3000))),
        paper("2601.00002", authors=tuple(Author(f"A. Author{n}") for n in range(40))),
    )
    await made.listing("cs.AI", ["2601.00001", "2601.00002"])
    page = await browser.page("/arxiv/cs.AI")
    many, few = page.one("#authors-2601.00001"), page.one("#authors-2601.00002")
    assert (len(many.all("a.author")), len(many.one("span.folded").all("a.author"))) == (3000, 2960)
    assert many.one("label").text == "and 2960 more"
    assert (len(few.all("a.author")), few.all("span.folded")) == (40, [])


async def test_a_page_asks_few_questions_however_many_papers(
    browser: Browser, made: Made, statements: list[str]
) -> None:
    for subject in ("cs.AI", "cs.CL", "cs.LG"):
        await made.listing(subject, [f"2601.{n:05}" for n in range(1, 120)])
    for path in ("/arxiv/cs.AI", "/arxiv/cs.AI+cs.CL+cs.LG?show=all&month=2026-01", "/"):
        statements.clear()
        await browser.page(path)
        assert len(statements) <= 8


async def test_a_paper_never_announced_in_these_categories_is_on_no_list(
    browser: Browser, made: Made
) -> None:
    await made.papers(paper("2601.00001", subjects=("cs.AI",)))
    await made.listing("cs.CL", ["2601.00002"])
    page = await browser.page("/arxiv/cs.AI")
    assert (page.one("p.info").text, page.all("div.paper")) == ("Total: 0", [])


async def test_on_a_later_day_the_latest_list_is_shown_and_todays_state_told(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state("cs.AI", State.WHOLE, 1)
    await made.state("cs.AI", State.EXPECTED, 0, AFTER)
    browser.at(datetime(2026, 1, 23, 6, tzinfo=UTC))
    page = await browser.page("/arxiv/cs.AI")
    assert page.texts("p.status") == [
        "Whole: 1 paper.",
        "Today's listing, Friday, 23 January 2026, has not shown anything here yet.",
    ]
    assert len(page.all("div.paper")) == 1
