"""The writer: what FAQs are written with, put together once for a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

from app.domain.arxiv_id import ArxivId
from app.domain.evidence import Evidence
from app.domain.fulltext import ABSTRACT
from app.llm.client import Client, Endpoint, Limits
from app.services.arxiv import Fetcher
from app.services.asking import Press, press
from app.settings import Settings
from app.store.slots import Slots

LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Writer:
    """What writing a FAQ takes: arXiv for the text, the prompts, the model and its
    slots."""

    fetcher: Fetcher
    press: Press
    client: Client
    slots: Slots


def endpoint_of(settings: Settings) -> Endpoint:
    """Where the model is asked. Raises Misconfigured when its key can't be one."""
    key = settings.llm_api_key.get_secret_value()
    return Endpoint(settings.llm_base_url, settings.llm_model, key)


@asynccontextmanager
async def writer(fetcher: Fetcher) -> AsyncIterator[Writer | None]:
    """A Writer, or None when no model is set."""
    settings = fetcher.settings
    if not settings.writes_faqs:
        yield None
        return
    slots = Slots(fetcher.engine, settings.llm_concurrency, settings.llm_per_minute)
    async with Client(endpoint_of(settings), LIMITS) as client:
        yield Writer(fetcher, press(settings, fetcher.clock), client, slots)


def link_to(paper: ArxivId, arxiv_url: str) -> Callable[[Evidence], str]:
    """Where a place in a paper's text is at arXiv: a section of its HTML, a page of its PDF."""

    def link(evidence: Evidence) -> str:
        page = evidence.at.removeprefix("p")
        if page.isdigit():
            return f"{paper.pdf_url(arxiv_url)}#page={page}"
        if evidence.at == ABSTRACT:
            return paper.abs_url(arxiv_url)
        return f"{paper.html_url(arxiv_url)}#{quote(evidence.at)}"

    return link
