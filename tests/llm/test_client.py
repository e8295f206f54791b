from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import NamedTuple

import pytest
import structlog

from app.errors import (
    ContextOverflow,
    Dropped,
    EmptyAnswer,
    FreshprintError,
    LlmBusy,
    LlmStopped,
    LlmUnavailable,
    LlmUnreachable,
    Misconfigured,
    NoBalance,
    NoSuchModel,
    Permanent,
    Refused,
    Transient,
    Truncated,
    Unanswered,
    WrongKey,
)
from app.llm.client import Client, Endpoint, Usage
from tests.llm.asking import ask
from tests.llm.conftest import KEY, PATIENT
from tests.llm.papers import conversation
from tests.local_llm import Fault, LocalLlm, Weather, answers
from tests.local_llm.faults import HARMLESS, OVERFLOWS, TRANSIENT, UNFIT

MESSAGES = conversation().messages([])
WHOLE = answers.answer([{"role": m.role, "content": m.content} for m in MESSAGES])

MEANS: dict[Fault, type[FreshprintError]] = {
    Fault.BUSY: LlmBusy,
    Fault.BUSY_UNTIL: LlmBusy,
    Fault.BUSY_MS: LlmBusy,
    Fault.BUSY_SILENT: LlmBusy,
    Fault.OVERLOADED: LlmUnavailable,
    Fault.SERVER_ERROR: LlmUnavailable,
    Fault.BAD_GATEWAY: LlmUnavailable,
    Fault.SILENT: LlmUnreachable,
    Fault.RESET: LlmUnreachable,
    Fault.WEB_PAGE: Dropped,
    **dict.fromkeys(OVERFLOWS, ContextOverflow),
    **dict.fromkeys(UNFIT, Refused),
    Fault.WRONG_KEY: WrongKey,
    Fault.FORBIDDEN: WrongKey,
    Fault.NO_BALANCE: NoBalance,
    Fault.NO_QUOTA: NoBalance,
    Fault.SUSPENDED: NoBalance,
    Fault.RECHARGE: NoBalance,
    Fault.NO_MODEL: NoSuchModel,
    Fault.REDIRECT: LlmStopped,
    Fault.BAD_REQUEST: Unanswered,
    Fault.DROPPED: Dropped,
    Fault.TRUNCATED: Dropped,
    Fault.CORRUPT: Dropped,
    Fault.ODD_CHUNK: Dropped,
    Fault.DEEP_CHUNK: Dropped,
    Fault.STALLED: LlmUnreachable,
    Fault.ERROR_WITHIN: Dropped,
    Fault.LENGTH: Truncated,
    Fault.ODD_FINISH: Dropped,
    Fault.EMPTY: EmptyAnswer,
    Fault.ENDLESS: Truncated,
}


class Both(NamedTuple):
    """A client for a busy machine, and one for faults that are silence."""

    patient: Client
    hasty: Client

    def for_fault(self, fault: Fault) -> Client:
        return self.hasty if fault in (Fault.SILENT, Fault.STALLED) else self.patient


@pytest.fixture
def both(client: Client, hasty: Client) -> Both:
    return Both(client, hasty)


def test_every_fault_has_a_meaning_or_does_no_harm() -> None:
    assert MEANS.keys() | HARMLESS == set(Fault)
    assert all(issubclass(MEANS[fault], Transient) for fault in TRANSIENT)
    others = MEANS.keys() - TRANSIENT
    assert all(issubclass(MEANS[fault], Permanent) for fault in others)


@pytest.mark.parametrize("fault", sorted(MEANS))
async def test_a_fault_ends_as_its_error_and_never_tells_the_key(
    fault: Fault, llm: LocalLlm, both: Both, caplog: pytest.LogCaptureFixture
) -> None:
    llm.weather = Weather.of([fault], seconds=30)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as lines:
        said = await ask(both.for_fault(fault), MESSAGES, reply_tokens=100_000)
    assert type(said.error) is MEANS[fault]
    told = [*traceback.format_exception(said.error), repr(said.error), caplog.text, repr(lines)]
    assert not any(KEY in text or KEY[:12] in text for text in told)
    assert [strike.fault for strike in llm.weather.struck] == [fault]
    # the next answer is well: nothing of the fault stays (but for a connection that the other end
    # has closed and ours not noticed yet, which is one more of what passes)
    after = await ask(both.patient, MESSAGES)
    if isinstance(after.error, Transient):
        after = await ask(both.patient, MESSAGES)
    assert after.text == WHOLE


@pytest.mark.parametrize("fault", sorted(HARMLESS))
async def test_what_does_no_harm_gives_a_whole_answer(
    fault: Fault, llm: LocalLlm, client: Client
) -> None:
    llm.weather = Weather.of([fault])
    said = await ask(client, MESSAGES)
    assert said.error is None
    assert said.text == WHOLE
    assert said.usage


async def test_an_answer_comes_in_pieces_and_then_its_usage(llm: LocalLlm, client: Client) -> None:
    pieces = [p async for p in client.answer(MESSAGES, reply_tokens=2_000)]
    *words, usage = pieces
    assert "".join(w for w in words if isinstance(w, str)) == WHOLE
    assert len(words) > 20
    assert isinstance(usage, Usage)
    assert (usage.model, usage.finish, usage.estimated) == (llm.model.name, "stop", False)
    assert usage.tokens_in == sum(len(m.content) for m in MESSAGES) // 4
    assert usage.out > 0


async def test_what_the_provider_knew_is_counted_as_cached(llm: LocalLlm, client: Client) -> None:
    talk, given, shares = conversation(), list[str](), list[float]()
    for _ in range(6):
        said = await ask(client, talk.messages(given))
        assert said.usage
        given.append(said.text)
        shares.append(said.usage.cached / said.usage.tokens_in)
    assert shares[0] == 0
    assert min(shares[1:]) > 0.95
    assert all(asked.known > 0.95 for asked in llm.ledger.asked[1:])
    # the answer given before is in it byte by byte: all that is new is the question
    assert all(asked.continued > 0.98 for asked in llm.ledger.asked[1:])


@pytest.mark.parametrize("fault", [Fault.NO_USAGE, Fault.NO_STREAM_OPTIONS, Fault.DROPPED_AFTER])
async def test_a_usage_that_is_missing_is_estimated(
    fault: Fault, llm: LocalLlm, client: Client
) -> None:
    llm.weather = Weather.of([fault])
    usage = (await ask(client, MESSAGES)).usage
    assert usage
    assert usage.estimated
    assert usage.tokens_in > 10_000
    assert usage.out > 100


async def test_a_model_that_calls_itself_by_the_key_is_not_believed(llm: LocalLlm) -> None:
    llm.model.name = KEY
    async with Client(Endpoint(llm.base_url, KEY, KEY), PATIENT) as client:
        said = await ask(client, MESSAGES)
    assert said.usage
    assert said.usage.model == "[key]"


async def test_moonshots_usage_is_read(llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([Fault.MOONSHOT_USAGE])
    usage = (await ask(client, MESSAGES)).usage
    assert usage
    assert not usage.estimated


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.LENGTH, Fault.FILTERED, Fault.STALLED])
async def test_what_a_broken_answer_took_is_told_before_its_error(
    fault: Fault, llm: LocalLlm, both: Both
) -> None:
    llm.weather = Weather.of([fault], seconds=30)
    said = await ask(both.for_fault(fault), MESSAGES)
    assert said.error
    assert said.usage
    assert said.usage.tokens_in > 0
    assert WHOLE.startswith(said.text)


async def test_a_request_that_was_refused_took_nothing(llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([Fault.SERVER_ERROR])
    assert (await ask(client, MESSAGES)).usage is None


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [(Fault.BUSY, 7.5), (Fault.BUSY_MS, 0.25), (Fault.BUSY_UNTIL, 90)],
)
async def test_a_busy_model_says_when_to_return(
    fault: Fault, retry_after: float, llm: LocalLlm, client: Client
) -> None:
    llm.weather = Weather.of([fault], retry_after=retry_after)
    error = (await ask(client, MESSAGES)).error
    assert isinstance(error, LlmBusy)
    assert error.retry_after == pytest.approx(retry_after, abs=1 if retry_after == 90 else 0.001)


async def test_it_is_asked_once_whatever_happens(llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([Fault.OVERLOADED], times=3)
    await ask(client, MESSAGES)
    assert len(llm.ledger.asked) == 1


@pytest.mark.parametrize("fault", sorted(OVERFLOWS - {Fault.TOO_LARGE}))
async def test_an_overflow_tells_the_limit(fault: Fault, llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([fault])
    error = (await ask(client, MESSAGES)).error
    assert isinstance(error, ContextOverflow)
    assert error.limit == 8192


async def test_after_a_real_overflow_a_smaller_paper_is_read(llm: LocalLlm, client: Client) -> None:
    llm.model.context = 9_000
    talk = conversation()
    error = (await ask(client, talk.messages([]))).error
    assert isinstance(error, ContextOverflow)
    size = talk.smaller(error.limit, 1_000)
    assert size
    said = await ask(client, talk.fitted(size).messages([]), reply_tokens=1_000)
    assert said.error is None


async def test_an_answer_in_other_words_is_remembered(llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([Fault.NO_STREAM_OPTIONS, Fault.NEW_MAXIMUM])
    await ask(client, MESSAGES)
    await ask(client, MESSAGES)
    bodies = [asked.body for asked in llm.ledger.asked]
    assert [asked.outcome for asked in llm.ledger.asked][-1] == "whole"
    assert len(bodies) == 4
    assert bodies[-1]["max_completion_tokens"] == 2_000
    assert "stream_options" not in bodies[-1]
    assert "max_tokens" not in bodies[-1]


async def test_too_many_at_once_are_told_so(llm: LocalLlm, client: Client) -> None:
    llm.model.concurrency, llm.model.rate = 2, 200
    said = await asyncio.gather(*(ask(client, MESSAGES) for _ in range(4)))
    errors = [s.error for s in said if s.error]
    assert len(errors) == 2
    assert all(isinstance(error, LlmBusy) for error in errors)
    assert llm.ledger.most_at_once == 2


@pytest.mark.parametrize("way", ["close", "cancel"])
async def test_who_stops_listening_closes_the_connection_at_once(
    way: str, llm: LocalLlm, client: Client
) -> None:
    llm.model.rate = 30
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(client.answer(MESSAGES, reply_tokens=2_000)) as pieces:
            async for _ in pieces:
                heard.set()
                if way == "close":
                    return

    task = asyncio.create_task(listen())
    await heard.wait()
    if way == "cancel":
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await _until(lambda: llm.ledger.asked[0].outcome == "closed")
    assert llm.ledger.at_once == 0


async def test_a_cancel_before_the_first_word_closes_too(llm: LocalLlm, client: Client) -> None:
    llm.model.first = 30
    task = asyncio.create_task(ask(client, MESSAGES))
    await _until(lambda: bool(llm.ledger.asked))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await _until(lambda: llm.ledger.asked[0].outcome == "closed")


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - it happens in the server's thread
            await asyncio.sleep(0.01)


async def test_an_answer_without_end_is_read_no_further(llm: LocalLlm, client: Client) -> None:
    llm.weather = Weather.of([Fault.ENDLESS])
    said = await ask(client, MESSAGES)
    assert isinstance(said.error, Truncated)
    assert len(said.text) == PATIENT.characters


async def test_an_answer_may_begin_late_but_then_not_be_silent(llm: LocalLlm) -> None:
    endpoint = Endpoint(llm.base_url, llm.model.name, KEY)
    llm.model.first = 1.2
    async with Client(endpoint, replace(PATIENT, silence=0.6)) as client:
        llm.weather = Weather.of([Fault.STALLED], seconds=30)
        began = time.monotonic()
        said = await ask(client, MESSAGES)
        assert isinstance(said.error, LlmUnreachable)
        assert said.text  # it was waited for
        assert time.monotonic() - began < 20


async def test_an_answer_that_trickles_is_over_in_time(llm: LocalLlm) -> None:
    llm.model.rate = 10
    endpoint = Endpoint(llm.base_url, llm.model.name, KEY)
    async with Client(endpoint, replace(PATIENT, whole=1)) as client:
        began = time.monotonic()
        said = await ask(client, MESSAGES)
    assert isinstance(said.error, LlmUnreachable)
    assert time.monotonic() - began < 10  # it would take sixteen seconds


async def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Client(Endpoint(f"http://127.0.0.1:{port}/v1", "m", KEY), PATIENT) as client:
        assert isinstance((await ask(client, MESSAGES)).error, LlmUnreachable)
        with pytest.raises(LlmUnreachable):
            await client.models()


async def test_no_key_is_needed_where_none_is_wanted(llm: LocalLlm) -> None:
    async with Client(Endpoint(llm.base_url, llm.model.name), PATIENT) as client:
        assert (await ask(client, MESSAGES)).error is None


@pytest.mark.parametrize("key", ["sk-1\n", "sk-é", "sk 1"])
def test_an_odd_key_is_not_told(key: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        Endpoint("http://127.0.0.1/v1", "m", key)
    assert "sk" not in str(raised.value)


def test_an_endpoint_does_not_show_its_key() -> None:
    assert KEY not in repr(Endpoint("http://127.0.0.1/v1", "m", KEY))


async def test_the_models_tell_whether_the_key_is_right(llm: LocalLlm, client: Client) -> None:
    assert await client.models() == (llm.model.name,)
    llm.model.key = "another"
    with pytest.raises(WrongKey):
        await client.models()


async def test_an_endpoint_may_name_no_models(llm: LocalLlm) -> None:
    async with Client(Endpoint(f"{llm.url}/v2", "m", KEY), PATIENT) as client:
        assert await client.models() == ()


def test_the_openai_package_is_imported_only_by_who_asks() -> None:
    code = "import sys, app.llm.client; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
