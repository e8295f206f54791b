"""A local arXiv of two invented days, started once for each file that asks it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.local_arxiv import LocalArxiv, World, made_up
from tests.local_arxiv.reading import MORNING, THURSDAY, WEDNESDAY


@pytest.fixture(scope="module")
def world() -> World:
    return made_up([WEDNESDAY, THURSDAY], per_day=60)


@pytest.fixture(scope="module")
def _serving(world: World) -> Iterator[LocalArxiv]:
    with LocalArxiv(world, MORNING, page_size=40) as local:
        yield local


@pytest.fixture
def arxiv(_serving: LocalArxiv) -> LocalArxiv:
    _serving.site.reset()
    _serving.now = MORNING
    return _serving


@pytest.fixture
def client(arxiv: LocalArxiv) -> Iterator[httpx.Client]:
    headers = {"User-Agent": "freshprint-tests", "Accept": "*/*"}
    with httpx.Client(base_url=arxiv.url, headers=headers) as client:
        yield client
