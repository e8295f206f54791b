"""FAQs on pages, and the calls that clients of the reference make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.faq import Asker, Reason, State
from app.domain.price import Tokens
from app.main import create_app
from app.services.asking import press
from app.settings import Settings
from app.store import spending, summaries
from app.store.spending import Call
from app.store.summaries import Answer
from tests.web import dom
from tests.web.conftest import Browser
from tests.web.made import NOW, Made, paper

ID = "2601.00001"
SET = Settings(
    base_url="https://fresh.example",
    llm_base_url="http://127.0.0.1:9/v1",
    llm_model="kimi-test",
    llm_price_in=Decimal(1),
    llm_price_out=Decimal(1),
)
HERE = {"sec-fetch-site": "same-origin", "accept-language": "en"}


@pytest.fixture
async def stored(made: Made) -> None:
    await made.papers(paper(ID, version=2))


@pytest.fixture
async def site(engine: AsyncEngine, stored: None) -> AsyncIterator[httpx.AsyncClient]:
    """A site with a model set, and nobody who works."""
    app = create_app(SET, engine, lambda: NOW)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://fresh.example", headers=HERE
    ) as client:
        yield client


async def whole(engine: AsyncEngine, *, version: int = 2, language: str = "en") -> int:
    """A FAQ that was written."""
    async with engine.begin() as conn:
        number = await press(SET, lambda: NOW).ask(conn, ID, version, language, Asker.DAY)
        for n in range(1, 7):
            answer = Answer(n, f"Question {n}?", f"*Answer* {n} <b>", f"<p>Answer {n}</p>", 2, 1)
            await summaries.keep_answer(conn, number, answer, NOW)
        call = Call("method", "kimi-test", Tokens(9000, 8000, 70), False, Decimal("0.5"), "whole",
                    number)  # fmt: skip
        await spending.keep(conn, call, NOW)
        cut = [["S5", "5 Proofs", 1200]]
        await summaries.move(conn, number, State.ANSWERING, origin="html", cut=cut, hidden=7)
        await summaries.move(conn, number, State.WHOLE, ended_at=NOW)
    return number


async def waiting(engine: AsyncEngine) -> int:
    async with engine.begin() as conn:
        return await press(SET, lambda: NOW).ask(conn, ID, 2, "en", Asker.READER)


async def page(site: httpx.AsyncClient, path: str, status: int = 200) -> dom.Node:
    answer = await site.get(path)
    assert answer.status_code == status, answer.text[:500]
    return dom.parse(answer.text)


async def test_a_whole_faq_tells_what_it_was_made_from_and_took(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    await whole(engine)
    panel = (await page(site, f"/arxiv/{ID}")).one(f"#kimi-container-{ID}").one("section.faq")
    assert panel.texts("p.faq-q") == [f"{n}. Question {n}?" for n in range(1, 7)]
    facts = " ".join(panel.texts("li"))
    for told in (
        "a machine (kimi-test)", "2026-01-22 09:00 UTC, of version 2", "arXiv's HTML",
        "1,200 characters were left out: 5 Proofs", "no reader sees were left out: 7",
        "found in the text: 6 of 12", "9,000 read (8,000 from the cache), 70 written",
        "Cost: 0.5000", "Prompts: v1-",
    ):  # fmt: skip
        assert told in facts


async def test_without_a_model_the_page_says_how_to_turn_faqs_on(
    browser: Browser, stored: None
) -> None:
    shown = await browser.page(f"/arxiv/{ID}?faq=1")
    assert "FRESHPRINT_LLM_BASE_URL" in shown.one(".faq-state").text
    answer = await browser.client.post(f"/faq?paper={ID}", headers=HERE)
    assert answer.status_code == 303


async def test_asking_without_script_leads_to_the_page_where_it_comes_in(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    answer = await site.post(f"/faq?paper={ID}&language=zh")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/arxiv/{ID}?faq=zh#kimi-container-{ID}"
    shown = await page(site, answer.headers["location"])
    assert "In the queue: this one is next." in shown.one(".faq-state").text
    assert shown.one("section.faq")["lang"] == "zh"


async def test_another_site_cannot_have_one_written(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    cross = {"sec-fetch-site": "cross-site"}
    assert (await site.post(f"/faq?paper={ID}", headers=cross)).status_code == 403
    assert (await site.get(f"/arxiv/kimi?paper={ID}", headers=cross)).status_code == 403
    async with engine.connect() as conn:
        assert await summaries.due(conn, NOW) == []


async def test_an_older_versions_faq_says_so_and_offers_a_new_one(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    old = await whole(engine, version=1)
    shown = await page(site, f"/arxiv/{ID}")
    assert "of version 1; the paper is at version 2" in shown.one("section.faq").text
    assert shown.one("section.faq").one("button").text == "Write one for version 2"
    await site.post(f"/faq?paper={ID}")
    new = await whole(engine, version=2)
    shown = await page(site, f"/arxiv/{ID}")
    links = [n["href"] for n in shown.one("p.faq-others").all("a")]
    assert links == [f"/arxiv/{ID}?faq=en&of={old}#kimi-container-{ID}", f"/faq/{old}/beside/{new}"]
    assert "of version 1" in (await page(site, links[0])).one("section.faq").text
    beside = await page(site, links[1])
    assert beside.texts("h2") == [
        "version 1, kimi-test (English)",
        "version 2, kimi-test (English)",
    ]


async def test_only_who_alone_asked_may_stop_it(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    await site.post(f"/faq?paper={ID}")
    (number,) = await due(engine)
    mine = site.cookies.get("reader")
    assert mine
    site.cookies.clear()
    assert (await site.post(f"/faq/{number}/stop")).status_code == 403
    site.cookies.set("reader", mine)
    assert (await site.post(f"/faq/{number}/stop")).status_code == 303
    assert await due(engine) == []
    await site.post(f"/faq?paper={ID}")
    site.cookies.clear()
    await site.post(f"/faq?paper={ID}")  # now two want it
    site.cookies.clear()
    site.cookies.set("reader", mine)
    shown = await page(site, f"/arxiv/{ID}")
    assert "Stop" not in [button.text for button in shown.all("button")]


async def due(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as conn:
        return await summaries.due(conn, NOW)


async def test_clients_of_the_reference_get_questions_and_answers_in_turn(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    await whole(engine)
    for method in ("GET", "POST"):
        answer = await site.request(method, f"/arxiv/kimi?paper={ID}")
        assert answer.headers["content-type"].startswith("text/html")
        shown = dom.parse(f"<main>{answer.text}</main>")
        assert shown.texts("p.faq-q") == [f"Question {n}?" for n in range(1, 7)]
        assert shown.texts("div.faq-a") == [f"*Answer* {n} <b>" for n in range(1, 7)]


async def test_streams_are_not_compressed(engine: AsyncEngine, site: httpx.AsyncClient) -> None:
    number = await whole(engine)
    for path in (f"/faq/events?of={number}", f"/arxiv/kimi?paper={ID}"):
        answer = await site.get(path, headers={"accept-encoding": "zstd, br, gzip"})
        assert "Question 6?" in answer.text
        assert "content-encoding" not in answer.headers


async def test_progress_is_a_place_in_the_queue_or_a_share(
    engine: AsyncEngine, made: Made, site: httpx.AsyncClient
) -> None:
    assert (await site.get(f"/arxiv/progress?paper={ID}")).status_code == 404
    await made.papers(*(paper(f"2601.0010{n}") for n in range(3)))
    for n in range(3):
        await site.post(f"/faq?paper=2601.0010{n}")
    number = await waiting(engine)
    assert (await site.get(f"/arxiv/progress?paper={ID}")).text == "-3"
    async with engine.begin() as conn:
        await summaries.move(conn, number, State.ANSWERING)
        await summaries.keep_answer(conn, number, Answer(1, "Q", "A", "A", 0, 0), NOW)
    assert (await site.get(f"/arxiv/progress?paper={ID}")).text == "0.167"
    async with engine.begin() as conn:
        await summaries.move(conn, number, State.WHOLE, ended_at=NOW)
    assert (await site.get(f"/arxiv/progress?paper={ID}")).text == "1"


async def test_own_questions_are_off_unless_set(
    engine: AsyncEngine, site: httpx.AsyncClient
) -> None:
    number = await whole(engine)
    assert "own question" not in (await site.get(f"/arxiv/{ID}")).text
    answer = await site.post(f"/faq/{number}/question", data={"words": "Why?"})
    assert answer.status_code == 404


async def test_a_reader_sees_the_own_question_and_others_do_not(
    engine: AsyncEngine, stored: None
) -> None:
    number = await whole(engine)
    app = create_app(SET.model_copy(update={"own_questions": 2}), engine, lambda: NOW)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://fresh.example", headers=HERE
    ) as one:
        where = f"/faq/{number}/question"
        assert (await one.post(where, data={"words": "Why <b>?"})).status_code == 303
        shown = await page(one, f"/arxiv/{ID}")
        assert shown.one(".faq-own").one(".faq-q").text == "Why <b>?"
        assert "is being answered" in shown.one(".faq-own").text
        assert (await one.post(where, data={"words": " "})).status_code == 303
        assert (await one.post(where, data={"words": "How?"})).status_code == 303
        assert (await one.post(where, data={"words": "When?"})).status_code == 429
        one.cookies.clear()
        assert "Why" not in (await one.get(f"/arxiv/{ID}")).text
        cross = {"sec-fetch-site": "cross-site"}
        assert (await one.post(where, data={"words": "x"}, headers=cross)).status_code == 403


@pytest.mark.parametrize(
    ("state", "values", "said"),
    [
        (State.READING, {}, "full text is being read"),
        (State.ANSWERING, {}, "Waiting for the language model. Answered so far: 0."),
        (State.POSTPONED, {"retry_at": NOW + timedelta(days=1)}, "written tomorrow"),
        (State.WAITING, {"reason": "stopped"}, "answers nobody now"),
        (State.WAITING, {"reason": "Dropped"}, "tried again in a moment"),
        *((State.FAILED, {"reason": r.value, "ended_at": NOW}, ".") for r in Reason),
    ],
)
async def test_every_state_is_said_in_words(
    engine: AsyncEngine, site: httpx.AsyncClient, state: State, values: dict[str, object], said: str
) -> None:
    number = await waiting(engine)
    async with engine.begin() as conn:
        if state in (State.FAILED,):
            await summaries.move(conn, number, State.ANSWERING)
        await summaries.move(conn, number, state, **values)
    assert said in (await page(site, f"/arxiv/{ID}")).one(".faq-state").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/faq?paper=nonsense", 400),
        ("/faq?paper=2612.99999", 404),
        ("/faq", 400),
        ("/faq/events?of=1,x", 400),
        ("/faq/events", 400),
        ("/faq/events?of=99999999999999999999", 400),
        ("/faq/1/beside/2", 404),
        ("/arxiv/kimi?paper=2612.99999", 404),
        ("/arxiv/kimi", 400),
        ("/arxiv/progress?paper=", 400),
        (f"/arxiv/{ID}?faq=%00%22%3E&of=-1", 200),
        (f"/arxiv/{ID}?faq=en&of=123", 200),
    ],
)
async def test_bad_input_has_a_clear_answer(
    site: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await site.get(path)).status_code == status
