"""A paper's full text from arxiv.org: its HTML where there is one, else its PDF."""

from __future__ import annotations

from contextlib import nullcontext

from app.domain.arxiv_id import ArxivId
from app.domain.fulltext import FullText, Reason
from app.errors import BrokenAnswer, NotAtSource, NotFound, SourceRefused, TooLong, Unreadable
from app.sources import latexml, pdf
from app.sources.polite import Pace, Polite, Reply

MOST_HTML = 32 * 1024 * 1024  # bytes; the largest seen have 15 million
MOST_PDF = 96 * 1024 * 1024
TIMEOUT = 180.0  # seconds for a page or file; arXiv makes some PDFs when they are asked for


async def full_text(
    polite: Polite, base: str, paper: ArxivId, *, crawl: Pace | None = None
) -> FullText:
    """The text of a paper, in the version that `paper` names, else the current one.

    `base` is arxiv.org. With `crawl` each page also waits for a turn at a crawler's pace: for
    reading in the background, which robots.txt wants slower than a reader's own click.

    Raises Unreadable when neither has a text to be read, and Transient errors to try again after.
    """
    asking = _Asking(polite, base, paper, crawl)
    return await _from_html(asking) or await _from_pdf(asking)


class _Asking:
    """How one paper is asked for."""

    def __init__(self, polite: Polite, base: str, paper: ArxivId, crawl: Pace | None) -> None:
        self._polite, self._base, self._paper, self._crawl = polite, base, paper, crawl

    async def get(self, form: str, accept: str, max_bytes: int) -> Reply:
        """The paper as `html` or `pdf`."""
        url = f"{self._base}/{form}/{self._paper}"
        async with self._crawl.turn() if self._crawl else nullcontext():
            return await self._polite.get(url, accept=accept, timeout=TIMEOUT, max_bytes=max_bytes)


async def _from_html(asking: _Asking) -> FullText | None:
    """None where there is no HTML, or none to rely on: there is still the PDF."""
    try:
        reply = await asking.get("html", "text/html", MOST_HTML)
        return await reply.read(latexml.parse)
    except (SourceRefused, NotFound, BrokenAnswer):
        return None


async def _from_pdf(asking: _Asking) -> FullText:
    try:
        reply = await asking.get("pdf", "application/pdf", MOST_PDF)
    except NotAtSource:
        raise Unreadable(Reason.NO_FILES) from None
    except TooLong:
        raise Unreadable(Reason.COSTLY) from None
    if reply.body.lstrip()[:1] == b"<":  # arXiv says that it makes the PDF now, or that it can't
        raise BrokenAnswer("a page in place of a PDF", url=reply.url)
    return await pdf.read(reply.body)
