"""The status page: days × archives, arXiv's interfaces, what is stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.paper import Kind
from app.domain.subjects import archives
from app.store import tables
from tests.web.conftest import Browser
from tests.web.dom import Node
from tests.web.made import BEFORE, DAY, NOW, Made, paper

SEEN = datetime(2026, 1, 22, 5, 2, tzinfo=UTC)


def cell(page: Node, archive: str, column: int) -> Node:
    """An archive's cell; column 0 is today."""
    (row,) = [r for r in page.one(".grid").all("tr") if r.texts("th") == [archive]]
    return row.all("td")[column]


@pytest.fixture
async def alive(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))


async def test_the_grid_has_the_latest_listing_days_and_all_archives(browser: Browser) -> None:
    browser.at(datetime(2026, 1, 25, 12, tzinfo=UTC))  # a Sunday
    page = await browser.page("/status")
    assert page.one("body")["id"] == "status"
    heads = [th.texts(".unseen")[0] for th in page.one("thead").all("th")]
    assert (heads[0], heads[-1], len(heads)) == (
        "Friday, 23 January 2026",
        "Tuesday, 6 January 2026",
        14,
    )
    assert page.one("tbody").texts("th") == [archive.name for archive in archives()]
    assert len(page.one("tbody").all("td")) == 14 * len(archives())


async def test_a_cell_tells_the_state_of_the_category_furthest_behind(
    browser: Browser, made: Made
) -> None:
    await made.listing("q-fin.ST", {"2601.00001": Kind.NEW, "2601.00002": Kind.CROSS})
    await made.listing("q-fin.TR", {"2601.00003": Kind.NEW, "2601.00001": Kind.CROSS})
    await made.listing("hep-th", {"2601.00004": Kind.NEW})
    for archive, state in (("q-fin", State.WHOLE), ("econ", State.NONE)):
        for category in next(a for a in archives() if a.name == archive).categories:
            await made.state(category.name, State.WHOLE, 1, BEFORE)
            await made.state(category.name, state, 1)
    await made.state("hep-th", State.PARTIAL, 1)
    await made.state("hep-ex", State.EXPECTED)
    page = await browser.page("/status")
    assert (cell(page, "q-fin", 0)["class"], cell(page, "q-fin", 0).text) == ("whole", "✓2")
    link = cell(page, "q-fin", 0).one("a")
    assert link["href"] == "/arxiv/q-fin?date=2026-01-22"
    assert link["aria-label"] == "q-fin, Thu 22 Jan: whole, 2 new papers"
    assert cell(page, "q-fin", 1).one("a")["href"] == "/arxiv/q-fin?date=2026-01-21"
    assert (cell(page, "q-fin", 1)["class"], cell(page, "q-fin", 1).text) == ("whole", "✓")
    told = {
        name: (cell(page, name, 0)["class"], cell(page, name, 0).one("a")["aria-label"])
        for name in ("econ", "hep-th", "hep-ex", "math-ph")
    }
    assert told == {
        "econ": ("none", "econ, Thu 22 Jan: no announcement"),
        "hep-th": ("partial", "hep-th, Thu 22 Jan: partly seen, 1 new paper"),
        "hep-ex": ("expected", "hep-ex, Thu 22 Jan: nothing seen yet"),
        "math-ph": ("unknown", "math-ph, Thu 22 Jan: not fetched"),
    }


async def test_each_source_says_how_it_has_been_answering(browser: Browser, made: Made) -> None:
    await made.source("feeds", succeeded_at=SEEN)
    await made.source(
        "oai", succeeded_at=SEEN - timedelta(days=1), failing_since=SEEN, failure="HTTP 503 <b>"
    )
    await made.source("schedule", retry_at=NOW + timedelta(minutes=4))
    page = await browser.page("/status")
    details = page.all("dl.details")[0].all("div")
    assert {d.one("dt").text: d.texts("p") for d in details} == {
        "arXiv's feeds": ["Answered at 05:02 UTC."],
        "OAI-PMH": [
            "No usable answer since 05:02 UTC. The last good one came at Wed 21 Jan 05:02 UTC.",
            "HTTP 503 <b>",
        ],
        "arXiv's list pages": ["Not asked yet."],
        "arXiv's API": ["Not asked yet."],
    }
    assert "The next look is at 09:04 UTC." in page.one(".statuses").text


async def test_what_is_stored_and_spent_is_counted(
    browser: Browser, made: Made, engine: AsyncEngine
) -> None:
    await made.listing("cs.AI", {"2601.00001": Kind.NEW, "2601.00002": Kind.NEW})
    await made.papers(
        paper("2601.00003", submitted_at=NOW - timedelta(hours=10)),
        paper("2601.00004", submitted_at=None),
    )
    async with engine.begin() as conn:
        for key, n in (("arxiv", 1234), ("arxiv crawl", 34)):  # which are among the others
            await conn.execute(insert(tables.pace).values(key=key, next_at=NOW, requests=n))
    page = await browser.page("/status")
    details = page.all("dl.details")[1].all("div")
    assert {d.one("dt").text: d.one("dd").text for d in details} == {
        "Latest announcement": "Thursday, 22 January 2026 (4 hours ago)",
        "Newest paper": "arXiv:2601.00003 submitted 10 hours ago",
        "Papers stored": "4",
        "Lines of listings stored": "2",
        "Requests to arXiv, all in all": "1,234",
    }


async def test_a_large_table_is_estimated(
    browser: Browser, made: Made, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.store import status

    await made.listing("cs.AI", [f"2601.{n:05}" for n in range(1, 180)])
    async with engine.begin() as conn:
        await conn.execute(text("ANALYZE paper"))
        await conn.execute(text("ANALYZE announcement"))
    monkeypatch.setattr(status, "_MANY", 179)
    text_ = (await browser.page("/status")).all("dl.details")[1].text
    assert "Papers stored about 200" in text_.replace("stored", "stored ").replace("  ", " ")


async def test_whether_a_worker_lives_is_said_first(
    browser: Browser, engine: AsyncEngine, alive: None
) -> None:
    page = await browser.page("/status")
    assert page.one(".statuses").texts("p.whole") == ["1 worker is running."]
    async with engine.begin() as conn:
        await conn.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '61 s'")
        )
    page = await browser.page("/status")
    assert page.one(".statuses").texts("p.trouble") == [
        "No worker is running: nothing is fetched until one is started."
    ]


async def test_it_asks_few_questions(browser: Browser, made: Made, statements: list[str]) -> None:
    for day in (DAY, BEFORE, date(2026, 1, 20)):
        await made.listing("cs.AI", [f"2601.{day.day:02}0{n:02}" for n in range(1, 60)], day)
        await made.state("cs.AI", State.WHOLE, 60, day)
    statements.clear()
    await browser.page("/status")
    assert len(statements) <= 12


async def test_it_speaks_chinese_and_is_led_to_from_every_page(
    browser: Browser, made: Made, alive: None
) -> None:
    await made.listing("hep-th", ["2601.00001"])
    await made.state("hep-th", State.WHOLE, 1)
    page = await browser.page("/status", language="zh")
    assert page.one("h1").text == "状态"
    assert cell(page, "hep-th", 0).one("a")["aria-label"].startswith("hep-th、")
    assert "完整" in cell(page, "hep-th", 0).one("a")["aria-label"]
    assert "4小时前" in page.one("main").text
    for english in ("Status", "stored", "Latest", "worker"):
        assert english not in page.one("main").text
    footer = (await browser.page("/about")).one("footer")
    assert "/status" in [a["href"] for a in footer.all("a")]


async def test_no_two_elements_share_an_id_and_every_reference_leads_somewhere(
    browser: Browser, made: Made
) -> None:
    page = await browser.page("/status")
    ids = [n["id"] for n in page if "id" in n.attributes]
    assert len(ids) == len(set(ids))
    assert {n["aria-labelledby"] for n in page if "aria-labelledby" in n.attributes} <= set(ids)
    assert all(th["scope"] in ("col", "row") for th in page.all("th"))
    assert all(a.text or a.attributes.get("aria-label") for a in page.all("a"))
