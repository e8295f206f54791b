"""Storing papers in batches: one transaction each, so that a kill costs little and nobody waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.domain.paper import Paper
from app.services.arxiv import Fetcher
from app.services.render import render_all
from app.store import intake
from app.store.intake import Stored

BATCH = 500  # papers


async def store(
    fetcher: Fetcher, papers: Sequence[Paper], *, step: str, detailed_at: datetime | None = None
) -> Stored:
    """Merge papers into what is stored, with progress told as `step`."""
    stored, done = Stored(), 0
    for batch in batches(papers):
        rendered = await render_all(batch)
        async with fetcher.engine.begin() as conn:
            stored += await intake.store_papers(conn, batch, rendered, detailed_at=detailed_at)
        done += len(batch)
        fetcher.report(step, done, len(papers))
    return stored


def batches(papers: Sequence[Paper]) -> Iterator[Sequence[Paper]]:
    """The papers, BATCH at a time."""
    return (papers[i : i + BATCH] for i in range(0, len(papers), BATCH))
