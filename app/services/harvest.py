"""Reading OAI-PMH: all that changed at arXiv since a day."""

from __future__ import annotations

from datetime import date

import structlog

from app.domain.arxiv_id import ArxivId
from app.domain.reconcile import Record
from app.domain.subjects import Subjects
from app.errors import TokenExpired
from app.services.arxiv import Fetcher
from app.sources import oai

log = structlog.get_logger(__name__)

TRIES = 3  # arXiv's resumption tokens end at midnight UTC, in the middle of a harvest too


async def harvest(fetcher: Fetcher, subjects: Subjects, since: date) -> list[Record]:
    """Every record of these categories with a datestamp from `since` on, the latest of each paper.

    Raises what `oai.pages` raises; an expired token costs only what came after the last datestamp.
    """
    found: dict[ArxivId, Record] = {}
    for _ in range(TRIES - 1):
        try:
            await _read(fetcher, subjects, since, found)
        except TokenExpired:
            since = max((record.datestamp for record in found.values()), default=since)
        else:
            return list(found.values())
    await _read(fetcher, subjects, since, found)
    return list(found.values())


async def _read(
    fetcher: Fetcher, subjects: Subjects, since: date, found: dict[ArxivId, Record]
) -> None:
    pages = oai.pages(
        fetcher.polite,
        fetcher.settings.arxiv_oai_url,
        from_day=since,
        set_spec=subjects.oai_set(),
    )
    async for page in pages:
        found.update((record.paper.id, record) for record in page.records)
        if page.unread:
            log.warning("records make no sense", count=len(page.unread), records=page.unread[:5])
        fetcher.report("details", len(found), page.complete_size or 0)
