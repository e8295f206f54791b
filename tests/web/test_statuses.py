"""How whole a day is, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.calendar import State
from app.domain.paper import Kind
from tests.web.conftest import Browser
from tests.web.made import AFTER, BEFORE, DAY, NOW, Made

SEEN = datetime(2026, 1, 22, 5, 2, tzinfo=UTC)
CHECKED = datetime(2026, 1, 22, 6, 12, tzinfo=UTC)


@pytest.fixture
async def older(made: Made) -> None:
    """So that the day shown is not the first one."""
    await made.listing("cs.AI", ["2601.00100"], BEFORE)
    await made.state("cs.AI", State.WHOLE, 1, BEFORE)


async def _said(browser: Browser, path: str) -> list[str]:
    return (await browser.page(path)).texts("p.status")


async def test_a_whole_day_says_when_it_was_checked(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", ["2601.00001", "2601.00002"])
    await made.state("cs.AI", State.WHOLE, 2, seen_at=SEEN, known=2, checked_at=CHECKED)
    assert await _said(browser, "/arxiv/cs.AI") == [
        "Whole: 2 papers, checked against OAI-PMH at 06:12 UTC."
    ]
    browser.at(NOW + timedelta(days=30))
    assert await _said(browser, "/arxiv/cs.AI?date=2026-01-22") == [
        "Whole: 2 papers, checked against OAI-PMH at Thu 22 Jan 06:12 UTC."
    ]


async def test_a_day_checked_against_a_list_page_says_so(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state(
        "cs.AI", State.WHOLE, 1, seen_at=SEEN, known=1, checked_at=CHECKED, checked_by="list"
    )
    assert await _said(browser, "/arxiv/cs.AI") == [
        "Whole: 1 paper, checked against arXiv's list page at 06:12 UTC."
    ]
    later = CHECKED + timedelta(hours=1)
    await made.state("cs.CL", State.NONE, checked_at=later, checked_by="oai")
    await made.listing("cs.LG", ["2601.00001"])
    await made.state("cs.LG", State.WHOLE, 1, checked_at=SEEN, checked_by="oai")
    assert await _said(browser, "/arxiv/cs.AI+cs.CL+cs.LG") == [
        "Whole: 1 paper, checked against OAI-PMH at 05:02 UTC."
    ]


async def test_a_day_of_an_import_says_that_its_listing_was_not_read(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", ["2512.00001"], BEFORE - timedelta(days=1))
    assert await _said(browser, f"/arxiv/cs.AI?date={BEFORE - timedelta(days=1)}") == [
        "This day's listing was not read: its papers are told from ids, submission times and"
        " imported data."
    ]


async def test_a_day_seen_in_the_feed_only_says_so_and_when_the_next_look_is(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state("cs.AI", State.PARTIAL, 1, seen_at=SEEN)
    await made.source("schedule", succeeded_at=SEEN, retry_at=NOW + timedelta(minutes=4))
    assert await _said(browser, "/arxiv/cs.AI") == [
        "1 paper seen in arXiv's feed so far, not yet checked against a second source."
        " The next look is at 09:04 UTC."
    ]


async def test_a_day_of_which_more_is_known_says_how_much(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state("cs.AI", State.PARTIAL, 1, seen_at=SEEN, known=132, checked_at=CHECKED)
    assert await _said(browser, "/arxiv/cs.AI") == ["1 of 132 papers so far."]


async def test_of_several_categories_the_one_furthest_behind_decides(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.NEW})
    await made.state("cs.AI", State.WHOLE, 1, seen_at=SEEN, known=1, checked_at=CHECKED)
    await made.state("cs.CL", State.PARTIAL, 0, seen_at=SEEN)
    await made.state("cs.LG", State.NONE, 0, seen_at=SEEN)
    assert await _said(browser, "/arxiv/cs.AI+cs.CL+cs.LG") == [
        "1 paper so far; 1 of 3 categories are not whole yet."
    ]
    assert await _said(browser, "/arxiv/cs.AI+cs.LG+cs.RO") == [
        "Whole: 1 paper, checked against OAI-PMH at 06:12 UTC. 1 category has not been fetched."
    ]


async def test_a_day_not_announced_yet_says_when_the_feed_opened(
    browser: Browser, made: Made, older: None
) -> None:
    await made.state("cs.AI", State.EXPECTED, seen_at=SEEN)
    assert await _said(browser, "/arxiv/cs.AI?date=2026-01-22") == [
        "Not announced yet: arXiv's feed of this day opened at 05:00 UTC and is still empty."
    ]


async def test_days_without_an_announcement_say_why(
    browser: Browser, made: Made, older: None
) -> None:
    await made.state("cs.AI", State.NONE)
    said = {
        "2026-01-22": "Nothing was announced in these categories on this day.",
        "2026-01-24": "arXiv has no listings on Saturdays and Sundays.",
        "2026-01-23": "This day is still to come: arXiv's feed opens at Fri 23 Jan 05:00 UTC.",
        "2026-01-20": "This day has not been fetched.",
    }
    for day, sentence in said.items():
        assert await _said(browser, f"/arxiv/cs.AI?date={day}") == [sentence]


async def test_a_weekend_shows_fridays_list_and_says_when_the_next_is(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.listing("cs.AI", ["2601.00002"], AFTER)
    await made.state("cs.AI", State.WHOLE, 1, AFTER)
    browser.at(datetime(2026, 1, 24, 12, tzinfo=UTC))
    assert await _said(browser, "/arxiv/cs.AI") == [
        "Whole: 1 paper.",
        "No listing today: arXiv has none on Saturdays and Sundays."
        " The next is that of Monday, 26 January 2026, from Mon 26 Jan 05:00 UTC.",
    ]


async def test_a_holiday_and_a_day_not_looked_for_yet_are_told_apart(
    browser: Browser, made: Made
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state("cs.AI", State.WHOLE, 1)
    browser.at(datetime(2026, 1, 23, 5, tzinfo=UTC))
    day = "Friday, 23 January 2026"
    assert (await _said(browser, "/arxiv/cs.AI"))[1] == (
        f"Today's listing, {day}, has not been looked for yet."
    )
    await made.state("cs.AI", State.NONE, 0, AFTER)
    said = (await _said(browser, "/arxiv/cs.AI"))[1]
    assert said == f"Nothing was announced in these categories today, {day}."


@pytest.mark.parametrize("path", ["/", "/arxiv/cs.AI"])
async def test_that_arxiv_cant_be_reached_is_said_on_every_page_of_papers(
    browser: Browser, made: Made, path: str
) -> None:
    await made.source(failing_since=SEEN, failure="no connection")
    await made.source("schedule", failing_since=SEEN, retry_at=NOW + timedelta(minutes=1))
    page = await browser.page(path)
    assert page.one("p.trouble").text == (
        "arXiv can't be reached since 05:02 UTC. Trying again at 09:01 UTC."
    )


@pytest.mark.parametrize("path", ["/", "/arxiv/cs.AI"])
async def test_the_first_day_coming_in_refreshes_itself_until_it_is_there(
    browser: Browser, made: Made, path: str
) -> None:
    def refreshes(page: object) -> bool:
        return any(
            n.attributes.get("http-equiv") == "refresh"
            for n in page.all("meta")  # type: ignore[attr-defined]
        )

    page = await browser.page(path)
    assert page.texts("p.status") == [
        "The first day is coming in: 0 papers so far. This page refreshes itself."
    ]
    assert refreshes(page)
    await made.listing("cs.AI", ["2601.00001", "2601.00002"])
    await made.state("cs.AI", State.PARTIAL, 2, seen_at=NOW - timedelta(minutes=3))
    page = await browser.page(path)
    assert page.texts("p.status") == [
        "The first day is coming in: 2 papers so far. This page refreshes itself."
    ]
    assert refreshes(page)
    browser.at(NOW + timedelta(minutes=13))
    assert not refreshes(await browser.page(path))


async def test_a_first_start_on_a_weekend_waits_without_refreshing(browser: Browser) -> None:
    browser.at(datetime(2026, 1, 24, 12, tzinfo=UTC))
    page = await browser.page("/arxiv/cs.AI")
    assert page.texts("p.status") == ["arXiv has no listings on Saturdays and Sundays."]
    assert not [n for n in page.all("meta") if "http-equiv" in n.attributes]


async def test_home_tells_the_state_of_the_readers_latest_day(
    browser: Browser, made: Made, older: None
) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.NEW, "2601.00002": Kind.CROSS})
    for subject in ("cs.AI", "cs.CL", "cs.CV", "cs.LG"):
        await made.state(subject, State.WHOLE, 2, DAY, checked_at=CHECKED)
    page = await browser.page("/")
    assert page.texts("p.status") == ["Whole: 2 papers, checked against OAI-PMH at 06:12 UTC."]
    assert page.one("p.day").text == "Thursday, 22 January 2026 · 2 papers"
