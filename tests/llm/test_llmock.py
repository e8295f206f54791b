"""The client against llmock's faults, and llmock's verdict on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from llmock.pytest_plugin import LLMock

from app.errors import (
    ContextOverflow,
    Dropped,
    FreshprintError,
    LlmBusy,
    LlmUnavailable,
    LlmUnreachable,
    NoSuchModel,
    Transient,
    WrongKey,
)
from app.llm.client import Client, Endpoint
from tests.llm.asking import Said, ask
from tests.llm.conftest import HASTY, PATIENT
from tests.llm.papers import conversation

MESSAGES = conversation().messages([])


@pytest.fixture
async def client(llmock: LLMock) -> AsyncIterator[Client]:
    async with Client(endpoint(llmock), PATIENT) as client:
        yield client


@pytest.fixture
async def first(name: str, client: Client, llmock: LLMock) -> AsyncIterator[Client]:
    """Who asks first: where the fault is silence, somebody hasty."""
    async with Client(endpoint(llmock), HASTY) as hasty:
        yield hasty if name in ("slow", "slow first word", "stall") else client


def endpoint(llmock: LLMock) -> Endpoint:
    return Endpoint(llmock.base_url(), "gpt-4o", "sk-test-0123456789")


async def patiently(first: Client, client: Client, tries: int = 3) -> Said:
    """As a caller would: again after what passes, when the model says or a little later."""
    said = await ask(first, MESSAGES)
    for n in range(1, tries):
        if not isinstance(said.error, Transient):
            break
        wait = getattr(said.error, "retry_after", None)
        await asyncio.sleep(0.05 * 3**n if wait is None else wait)
        said = await ask(client, MESSAGES)
    return said


FAULTS: dict[str, tuple[Callable[[LLMock], object], type[FreshprintError]]] = {
    "rate limit": (lambda mock: mock.rate_limit(retry_after=0.2), LlmBusy),
    "server error": (lambda mock: mock.fail(500), LlmUnavailable),
    "outage": (lambda mock: mock.fail(502), LlmUnavailable),
    "slow": (lambda mock: mock.delay(5), LlmUnreachable),
    "slow first word": (lambda mock: mock.slow_first_token(5), LlmUnreachable),
    "disconnect": (lambda mock: mock.disconnect(after_chunks=3), Dropped),
    "truncate": (lambda mock: mock.truncate(after_chunks=3), Dropped),
    "corrupt": (lambda mock: mock.corrupt(after_chunks=3), Dropped),
    "stall": (lambda mock: mock.stall(after_chunks=3, seconds=5), LlmUnreachable),
    "overflow": (lambda mock: mock.context_overflow(), ContextOverflow),
    "wrong key": (lambda mock: mock.fail(401), WrongKey),
    "no model": (lambda mock: mock.fail(404), NoSuchModel),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_of_llmocks_ends_as_its_error(
    name: str, llmock: LLMock, first: Client
) -> None:
    strike, means = FAULTS[name]
    strike(llmock)
    assert isinstance((await ask(first, MESSAGES)).error, means)


@pytest.mark.parametrize("name", FAULTS)
async def test_llmock_finds_a_patient_caller_resilient(
    name: str, llmock: LLMock, first: Client, client: Client
) -> None:
    strike, means = FAULTS[name]
    strike(llmock)
    said = await patiently(first, client)
    if issubclass(means, Transient):
        assert said.error is None
        assert said.text
    llmock.assert_resilient()


async def test_llmocks_context_window_is_respected(llmock: LLMock, client: Client) -> None:
    llmock.limits(context_window=4_000)
    talk = conversation()
    for _ in range(20):
        said = await ask(client, talk.messages([]), reply_tokens=200)
        if not isinstance(said.error, ContextOverflow):
            break
        size = talk.smaller(said.error.limit, 200)
        assert size
        talk = talk.fitted(size)
    assert said.error is None
    assert said.text


async def test_a_scripted_answer_comes_through(llmock: LLMock, client: Client) -> None:
    llmock.reply('It is $x^2$ [S1: "sparse attention"].')
    said = await ask(client, MESSAGES)
    assert said.text == 'It is $x^2$ [S1: "sparse attention"].'
    assert said.usage
    assert replace(said.usage, tokens_in=0, out=0, model="").finish == "stop"
