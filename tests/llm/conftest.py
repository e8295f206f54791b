"""A local model, started once for the files that ask it, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from app.llm.client import Client, Endpoint, Limits
from tests.local_llm import LocalLlm, Model

KEY = "sk-proj-Zy9xW8vU7tS6rQ5pO4nM3lK2"
# Patience for a busy machine; only what is about silence is hasty.
PATIENT = Limits(connect=10, begin=30, silence=30, whole=60, characters=6_000)
HASTY = replace(PATIENT, begin=1.5, silence=0.5)


@pytest.fixture(scope="module")
def _serving() -> Iterator[LocalLlm]:
    with LocalLlm(Model(rate=20_000)) as local:
        yield local


@pytest.fixture
def llm(_serving: LocalLlm) -> LocalLlm:
    _serving.reset()
    _serving.model.__dict__.update(
        Model(rate=20_000, ledger=_serving.ledger, weather=_serving.weather).__dict__
    )
    return _serving


@pytest.fixture
async def client(llm: LocalLlm) -> AsyncIterator[Client]:
    async with Client(Endpoint(llm.base_url, llm.model.name, KEY), PATIENT) as client:
        yield client


@pytest.fixture
async def hasty(llm: LocalLlm) -> AsyncIterator[Client]:
    async with Client(Endpoint(llm.base_url, llm.model.name, KEY), HASTY) as client:
        yield client
