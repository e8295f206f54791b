"""The first page, its box and its picker, and what a browser keeps for its reader."""

from __future__ import annotations

import pytest

from app.domain.paper import Kind
from tests.web.conftest import Browser
from tests.web.made import AFTER, BEFORE, DAY, Made

HERE = {"origin": "https://fresh.example", "sec-fetch-site": "same-origin"}


async def test_the_readers_categories_have_their_latest_day_and_counts(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.NEW, "2601.00002": Kind.REPLACE_CROSS})
    await made.listing("cs.CL", {"2601.00003": Kind.CROSS}, BEFORE)
    page = await browser.page("/")
    assert page.one("ul.latest").texts("li") == [
        "cs.AIArtificial Intelligence 1 new, 1 replacement",
        "cs.CLComputation and Language Wed 21 Jan: 1 cross-list",
        "cs.CVComputer Vision and Pattern Recognition none",
        "cs.LGMachine Learning none",
    ]
    assert page.one("a.main-action")["href"] == "/arxiv/cs.AI+cs.CL+cs.CV+cs.LG"


async def test_all_active_categories_can_be_picked(browser: Browser) -> None:
    page = await browser.page("/")
    picker = page.one("section.picker")
    names = {n["name"] for n in picker.all("input")}
    assert {"cs", "cs.AI", "hep-th", "astro-ph", "astro-ph.GA", "econ.GN"} <= names
    assert len(picker.all("fieldset")) == len(names) >= 155
    chosen = {n["name"] for n in picker.all("input") if "checked" in n.attributes and n["value"]}
    assert chosen == {"cs.AI", "cs.CL", "cs.CV", "cs.LG"}


async def test_picking_leads_to_the_list_of_what_was_picked(browser: Browser) -> None:
    answer = await browser.client.get(
        "/arxiv", params={"cs.CY": "-", "cs.AI": "+", "math": "+", "cs.LG": "", "odd": "+"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/arxiv/math+cs.AI-cs.CY")


async def test_picking_nothing_is_told_in_words(browser: Browser) -> None:
    for path in ("/arxiv", "/arxiv?cs.AI=-"):
        page = await browser.page(path, status=400)
        assert "Choose at least one category to watch." in page.one("main").text


@pytest.mark.parametrize(
    ("words", "leads_to"),
    [
        ("cs.AI", "/arxiv/cs.AI"),
        ("cs.ai, cs.CL", "/arxiv/cs.AI+cs.CL"),
        ("cs.AI+cs.LG-cs.CY", "/arxiv/cs.AI+cs.LG-cs.CY"),
        ("2401.01234", "/arxiv/2401.01234"),
        ("see https://arxiv.org/pdf/2401.01234v2.pdf and hep-th/9901001.", None),
        ("arXiv:2401.01234", "/arxiv/2401.01234"),
    ],
)
async def test_the_box_takes_categories_ids_and_links(
    browser: Browser, words: str, leads_to: str | None
) -> None:
    answer = await browser.client.get("/arxiv", params={"q": words})
    leads_to = leads_to or "/arxiv/2401.01234v2,hep-th/9901001"
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


async def test_the_box_says_what_it_understands(browser: Browser) -> None:
    page = await browser.page("/arxiv?q=large+language+models", status=400)
    assert "is no arXiv category" in page.one("main").text
    assert "1706.03762" in page.one("main").text


async def test_what_is_kept_as_mine_is_there_on_the_next_visit(browser: Browser) -> None:
    answer = await browser.client.post(
        "/subjects", data={"math.CO": "+", "cs": "+", "cs.CY": "-"}, headers=HERE
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    page = await browser.page("/")
    assert page.one("a.main-action")["href"] == "/arxiv/cs+math.CO-cs.CY"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
async def test_another_sites_form_keeps_nothing(browser: Browser, headers: dict[str, str]) -> None:
    answer = await browser.client.post("/subjects", data={"cs.AI": "+"}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_form_too_long_to_be_ours_is_refused(browser: Browser) -> None:
    answer = await browser.client.post("/subjects", content=b"a=" + b"x" * 20_000, headers=HERE)
    assert answer.status_code == 413


@pytest.mark.parametrize("cookie", ["", "nonsense", "cs.AI-cs.AI", "x" * 3000, "\u00e9"])
async def test_a_cookie_not_in_our_words_is_as_good_as_none(browser: Browser, cookie: str) -> None:
    browser.client.headers["cookie"] = f"subjects={cookie}".encode().decode("latin-1")
    page = await browser.page("/")
    assert page.one("a.main-action")["href"] == "/arxiv/cs.AI+cs.CL+cs.CV+cs.LG"


async def test_a_day_that_only_other_categories_have_is_not_the_readers(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00001"], DAY)
    await made.listing("math.CO", ["2601.00002"], AFTER)
    page = await browser.page("/")
    assert page.one("p.day").text == "Thursday, 22 January 2026 · 1 paper"
