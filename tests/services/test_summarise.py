"""A FAQ is written from the full text, question after question, whatever arXiv and the model do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.faq import Asker, Reason, State
from app.llm.client import Limits
from app.services import batches
from app.services.asking import bring_due, stop
from app.services.obstacle import STOPPED
from app.services.own_question import MOST_FAILURES as MOST_TRIES
from app.services.own_question import answer_question
from app.services.summarise import MOST_FAILURES, summarise
from app.services.writer import Writer
from app.sources import api
from app.store import questions, spending, summaries, tables
from tests.local_arxiv import LocalArxiv
from tests.local_llm import LocalLlm, Model
from tests.local_llm.faults import (
    ENDLESS,
    HARMLESS,
    OVERFLOWS,
    STOPS,
    TRANSIENT,
    UNFIT,
    Fault,
    Weather,
)
from tests.writing import NIGHT, PAPERS, WORLD, asked, faq, writing

PAPER = PAPERS[0]


@pytest.fixture(scope="module")
def _arxiv() -> Iterator[LocalArxiv]:
    with LocalArxiv(WORLD, NIGHT) as local:
        yield local


@pytest.fixture
def local(_arxiv: LocalArxiv) -> LocalArxiv:
    """A local arXiv with the papers, in the night they came."""
    _arxiv.site.reset()
    _arxiv.now = NIGHT
    return _arxiv


@pytest.fixture(scope="module")
def _llm() -> Iterator[LocalLlm]:
    with LocalLlm(Model(rate=100_000)) as llm:
        yield llm


@pytest.fixture
def llm(_llm: LocalLlm) -> LocalLlm:
    """A local model in fair weather."""
    _llm.model.weather = Weather()
    _llm.model.context = 1_000_000
    _llm.ledger.asked.clear()
    return _llm


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What are minutes in reality is short."""
    quick = Limits(connect=2, begin=0.5, silence=0.5, whole=3, characters=20_000)
    monkeypatch.setattr("app.services.writer.LIMITS", quick)
    monkeypatch.setattr("app.services.summarise.BUSY", 0.05)


def first(fault: Fault, times: int) -> Weather:
    """So many requests are struck."""
    return Weather.of([fault], times=times)


def always(fault: Fault) -> Weather:
    """All are."""
    return Weather.of([fault], times=10_000)


async def stored(ours: Writer, *ids: str) -> None:
    """These papers are here."""
    fetcher = ours.fetcher
    wanted = [ArxivId.parse(paper_id) for paper_id in ids or [PAPER]]
    found = await api.fetch(fetcher.polite, fetcher.settings.arxiv_api_url, wanted)
    await batches.store(fetcher, found, step="papers")


async def answers(engine: AsyncEngine, number: int, least: int) -> None:
    """Wait until so many answers are there, or begun."""
    while len((await faq(engine, number)).answers) < least:  # noqa: ASYNC110 - another task writes
        await asyncio.sleep(0.005)


async def worked_on(ours: Writer, number: int, local: LocalArxiv, *, most: int = 40) -> int:
    """Work as the queue would, waiting as told, until it is at an end; how often it took."""
    for done in range(most):
        async with ours.fetcher.engine.connect() as conn:
            summary = await summaries.get(conn, number)
            due = await summaries.due(conn, local.now)
        assert summary
        if summary.state.is_final:
            return done
        if number not in due:
            retry_at = (await faq(ours.fetcher.engine, number)).retry_at
            assert retry_at
            local.now = retry_at
        await summarise(ours, number)
    return pytest.fail(f"never ended: {summary}")


async def test_six_questions_are_answered_from_the_full_text(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm, llm_price_in=1, llm_price_out=2) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        await summarise(ours, number)
    whole = await faq(engine, number)
    assert whole.state is State.WHOLE
    assert [answer.n for answer in whole.answers] == [1, 2, 3, 4, 5, 6]
    assert whole.answers[0].question == "What problem does this paper attempt to solve?"
    assert whole.origin == "html"
    assert all(answer.claims and answer.found == answer.claims for answer in whole.answers)
    assert f'class="evidence" href="{local.url}/' in whole.answers[0].html
    assert whole.took.tokens_in > whole.took.tokens_cached > 0
    assert whole.took.cost and whole.took.cost > 0
    assert [path for path in local.ledger.paths if PAPER in path and "/pdf/" in path] == []


async def test_a_second_language_reads_the_text_that_was_kept(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        await summarise(ours, await asked(ours, PAPER))
        local.ledger.reset()
        number = await asked(ours, PAPER, language="zh")
        await summarise(ours, number)
    assert local.ledger.paths == []
    whole = await faq(engine, number)
    assert whole.answers[0].question.startswith("这篇论文")


async def test_however_many_ask_it_is_written_once(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        numbers = await asyncio.gather(*(asked(ours, PAPER) for _ in range(20)))
        assert len(set(numbers)) == 1
        async with engine.connect() as conn:
            waiting = await conn.scalar(
                select(func.count()).select_from(tables.metadata.tables["summary"])
            )
            jobs = await conn.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs")
            assert (waiting, jobs.scalar()) == (1, 1)


async def test_a_click_raises_what_waits(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours, *PAPERS[:3])
        old = [await asked(ours, paper, asker=Asker.HISTORY) for paper in PAPERS[:2]]
        today = await asked(ours, PAPERS[2], asker=Asker.DAY)
        assert await asked(ours, PAPERS[1]) == old[1]
        async with engine.connect() as conn:
            assert await summaries.due(conn, local.now) == [old[1], today, old[0]]
            found = await conn.exec_driver_sql(
                "SELECT args->>'summary' FROM procrastinate_jobs ORDER BY priority DESC, id"
            )
            assert [int(row[0]) for row in found] == [old[1], today, old[0]]
    assert (await faq(engine, old[0])).ahead == 2


@pytest.mark.parametrize("fault", sorted(TRANSIENT))
async def test_what_passes_is_tried_again_and_nothing_of_it_is_an_answer(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, fault: Fault
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = first(fault, 2)
        assert await worked_on(ours, number, local) >= 2
        whole = await faq(engine, number)
        assert whole.state is State.WHOLE
        llm.model.weather = Weather()
        clean = await asked(ours, PAPER, language="zh")
        await summarise(ours, clean)
    assert len(whole.answers) == 6
    assert all(answer.is_whole for answer in whole.answers)


@pytest.mark.parametrize("fault", sorted(HARMLESS))
async def test_odd_manners_do_no_harm(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, fault: Fault
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = always(fault)
        await summarise(ours, number)
    assert (await faq(engine, number)).state is State.WHOLE


@pytest.mark.parametrize("fault", sorted(OVERFLOWS))
async def test_a_text_too_long_for_the_model_is_cut_more(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, fault: Fault, monkeypatch: Any
) -> None:
    monkeypatch.setattr("app.llm.conversation.LEAST", 10)
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = first(fault, 1)
        await summarise(ours, number)
    whole = await faq(engine, number)
    assert whole.state is State.WHOLE
    assert whole.cut


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        (UNFIT, Reason.REFUSED),
        (OVERFLOWS, Reason.TOO_LONG),
        (ENDLESS, Reason.TRUNCATED),
        ({Fault.BAD_REQUEST}, Reason.UNANSWERED),
    ],
)
async def test_what_will_never_do_ends_one_faq_with_a_reason(
    engine: AsyncEngine,
    local: LocalArxiv,
    llm: LocalLlm,
    faults: frozenset[Fault],
    reason: Reason,
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        for fault in sorted(faults):
            number = await asked(ours, PAPER)
            llm.model.weather = always(fault)
            await worked_on(ours, number, local)
            failed = await faq(engine, number)
            assert (failed.state, failed.reason) == (State.FAILED, reason.value), fault
            assert failed.answers == ()


@pytest.mark.parametrize("fault", sorted(STOPS))
async def test_a_model_that_answers_nobody_stops_the_queue_and_is_asked_again_later(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, fault: Fault
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours, *PAPERS[:2])
        first, second = [await asked(ours, paper) for paper in PAPERS[:2]]
        llm.model.weather = always(fault)
        await summarise(ours, first)
        requests = len(llm.ledger.asked)
        await summarise(ours, second)
        assert len(llm.ledger.asked) == requests
        for number in (first, second):
            waiting = await faq(engine, number)
            assert (waiting.state, waiting.reason) == (State.WAITING, "stopped")
        llm.model.weather = Weather()
        local.now += STOPPED
        for number in (first, second):
            await summarise(ours, number)
            assert (await faq(engine, number)).state is State.WHOLE


async def test_what_never_passes_is_given_up(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = always(Fault.SERVER_ERROR)
        assert await worked_on(ours, number, local) == MOST_FAILURES
        assert (await faq(engine, number)).reason == Reason.GAVE_UP.value
        llm.model.weather = Weather()
        assert await asked(ours, PAPER) == number  # a reader tries again
        await summarise(ours, number)
    assert (await faq(engine, number)).state is State.WHOLE


class Rough(Weather):
    """Two of three answers are broken off."""

    asked = 0

    def strikes(self, asked: Mapping[str, Any]) -> Fault | None:
        self.asked += 1
        return Fault.DROPPED if self.asked % 3 else None


async def test_failures_with_answers_between_them_are_not_added_up(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = Rough()
        failures = await worked_on(ours, number, local) - 1
    assert (await faq(engine, number)).state is State.WHOLE
    assert failures == 2 * 6 > MOST_FAILURES


async def test_it_is_taken_up_at_the_question_without_an_answer(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm.model, "rate", 1_000)  # not all in the time of one look at it
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        task = asyncio.create_task(summarise(ours, number))
        await answers(engine, number, 3)
        task.cancel()
        await asyncio.wait((task,))
        kept = [a for a in (await faq(engine, number)).answers if a.is_whole]
        assert 2 <= len(kept) < 6
        llm.ledger.asked.clear()
        await summarise(ours, number)
        assert len(llm.ledger.asked) == 6 - len(kept)
    assert (await faq(engine, number)).answers[: len(kept)] == tuple(kept)


async def test_a_stopped_one_stops_at_once_and_keeps_what_is_whole(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    llm.model.rate, before = 40, llm.model.rate
    try:
        async with writing(engine, local, llm) as ours:
            await stored(ours)
            number = await asked(ours, PAPER)
            task = asyncio.create_task(summarise(ours, number))
            await answers(engine, number, 1)
            assert await stop(engine, [number], local.now) == [number]
            await asyncio.wait_for(task, 2)
    finally:
        llm.model.rate = before
    stopped = await faq(engine, number)
    assert stopped.state is State.CANCELLED
    assert stopped.answers == ()


async def test_the_days_budget_stops_new_work_until_tomorrow(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    prices = {"llm_price_in": 100, "llm_price_out": 100, "llm_daily_budget": Decimal("0.01")}
    async with writing(engine, local, llm, **prices) as ours:
        await stored(ours, *PAPERS[:2])
        first, second = [await asked(ours, paper) for paper in PAPERS[:2]]
        await summarise(ours, first)
        await summarise(ours, second)
        assert (await faq(engine, first)).state is State.WHOLE
        postponed = await faq(engine, second)
        assert postponed.state is State.POSTPONED
        assert postponed.retry_at == NIGHT.replace(hour=0) + timedelta(days=1)
        assert await bring_due(engine, local.now) == 0
        local.now += timedelta(days=1)
        assert await bring_due(engine, local.now) == 1
        await summarise(ours, second)
    assert (await faq(engine, second)).state is State.WHOLE


async def test_without_readable_text_the_abstract_is_the_stated_fallback(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.errors import Unreadable

    async def none(*_: object, **__: object) -> None:
        raise Unreadable("encrypted")

    monkeypatch.setattr("app.services.reading.full_text", none)
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        await summarise(ours, number)
    whole = await faq(engine, number)
    assert (whole.state, whole.origin, whole.unreadable) == (State.WHOLE, "abstract", "encrypted")


async def test_what_waits_for_another_model_is_asked_of_the_one_of_now(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm, llm_model="of-yesterday") as ours:
        await stored(ours)
        old = await asked(ours, PAPER)
    async with writing(engine, local, llm) as ours:
        await summarise(ours, old)
        assert (await faq(engine, old)).state is State.CANCELLED
        async with engine.connect() as conn:
            (number,) = await summaries.due(conn, local.now)
        await summarise(ours, number)
    assert (await faq(engine, number)).model == llm.model.name


async def test_calls_that_fail_are_charged_too(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    prices = {"llm_price_in": 1, "llm_price_out": 1}
    async with writing(engine, local, llm, **prices) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        llm.model.weather = first(Fault.DROPPED, 1)
        await worked_on(ours, number, local)
    async with engine.connect() as conn:
        found = await conn.execute(select(tables.llm_call.c.outcome))
        outcomes = [row.outcome for row in found]
        assert await spending.of_day(conn, local.now) > 0
    assert sorted(outcomes) == ["Dropped", *["whole"] * 6]


async def test_no_key_is_kept_anywhere(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, capfd: pytest.CaptureFixture[str]
) -> None:
    key = "sk-very-secret-0123456789"
    async with writing(engine, local, llm, llm_api_key=key) as ours:
        await stored(ours)
        for fault in (Fault.WRONG_KEY, Fault.BAD_REQUEST, Fault.ERROR_WITHIN):
            llm.model.weather = first(fault, 1)
            await summarise(ours, await asked(ours, PAPER))
            local.now += STOPPED
    said = capfd.readouterr()
    assert key not in said.out + said.err
    async with engine.connect() as conn:
        for table in tables.metadata.sorted_tables:
            rows = (await conn.execute(select(table))).all()
            assert key not in str(rows), table.name


async def test_a_readers_own_question_is_answered_on_the_same_prefix(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm
) -> None:
    async with writing(engine, local, llm) as ours:
        await stored(ours)
        number = await asked(ours, PAPER)
        await summarise(ours, number)
        before = llm.ledger.asked[-1].messages
        async with engine.begin() as conn:
            own = await questions.ask(conn, number, "me", "Does it scale?", local.now, most=1)
            assert own
            assert await questions.ask(conn, number, "me", "And now?", local.now, most=1) is None
            other = await questions.ask(conn, number, "you", "Why?", local.now, most=1)
            assert other
        await answer_question(ours, own)
        assert llm.ledger.asked[-1].messages[: len(before)] == before
        assert "Does it scale?" in llm.ledger.asked[-1].messages[-1]["content"]
        llm.model.weather = always(Fault.SERVER_ERROR)
        for _ in range(MOST_TRIES):
            await answer_question(ours, other)
    async with engine.connect() as conn:
        answered, failed = [await questions.get(conn, q) for q in (own, other)]
        assert await questions.due(conn) == []
    assert answered
    assert answered.markdown
    assert "<p>" in answered.html
    assert failed
    assert failed.ended_at
    assert failed.markdown is None
    assert (await faq(engine, number)).state is State.WHOLE
