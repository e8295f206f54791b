"""A writer pointed at a local arXiv and a local model, and what it wrote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.faq import Asker
from app.services import arxiv
from app.services.asking import press
from app.services.writer import Writer, writer
from app.settings import Settings
from app.store import faqs, tables
from app.store.faqs import Faq
from tests.local_arxiv import LocalArxiv, made_up
from tests.local_llm import LocalLlm

DAY = date(2026, 1, 21)
NIGHT = datetime(2026, 1, 21, 9, tzinfo=UTC)
WORLD = made_up([DAY], per_day=12, seed=4, awkward_ones=False)
PAPERS = [str(line.paper.record.id) for line in WORLD.listing(DAY, ("cs.LG",))]


def settings_for(local: LocalArxiv, llm: LocalLlm, **values: Any) -> Settings:
    """Everything local, at no spacing."""
    return Settings(
        arxiv_feeds_url=local.url,
        arxiv_oai_url=f"{local.url}/oai",
        arxiv_api_url=f"{local.url}/api/query",
        arxiv_url=local.url,
        arxiv_spacing=0,
        arxiv_crawl_spacing=0,
        **{
            "llm_base_url": llm.base_url,
            "llm_model": llm.model.name,
            "llm_api_key": llm.model.key or "sk-local-0123456789abcdef",
            **values,
        },
    )


@asynccontextmanager
async def writing(
    engine: AsyncEngine, local: LocalArxiv, llm: LocalLlm, **values: Any
) -> AsyncIterator[Writer]:
    """A writer with these settings."""
    settings = settings_for(local, llm, **values)
    async with (
        arxiv.fetcher(engine, settings, lambda: local.now) as fetcher,
        writer(fetcher) as ours,
    ):
        assert ours
        yield ours


async def asked(
    ours: Writer, paper_id: str, *, language: str = "en", asker: Asker = Asker.READER
) -> int:
    """A reader has asked for a FAQ."""
    async with ours.fetcher.engine.begin() as conn:
        return await press(ours.fetcher.settings, ours.fetcher.clock).ask(
            conn, paper_id, 1, language, asker
        )


async def faq(engine: AsyncEngine, number: int) -> Faq:
    """How a FAQ stands."""
    async with engine.connect() as conn:
        found = await faqs.get(conn, number)
    assert found
    return found


async def written(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    """All that is written, but for times: to compare ends."""
    s, a = tables.summary.c, tables.answer.c
    async with engine.connect() as conn:
        found = await conn.execute(
            select(s.paper_id, s.language, s.state, a.n, a.markdown, a.html, a.found)
            .join_from(tables.summary, tables.answer, a.summary_id == s.id, isouter=True)
            .order_by(s.paper_id, s.language, a.n)
        )
        return [tuple(row) for row in found]
