"""What a paper looks like, made once, at ingest: HTML with MathML, and names in letters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Paper
from app.domain.tex import is_plain, to_html, to_text
from app.store.rows import Rendered

# OAI-PMH tells again what the feed told a minute ago: a day's texts are kept.
_html = lru_cache(maxsize=4_096)(to_html)


def render(paper: Paper) -> Rendered:
    """The paper's title, abstract and names, safe to put into a page."""
    return Rendered(
        title_html=_html(paper.title),
        abstract_html=_html(paper.abstract, paragraphs=True),
        author_names=_in_letters([author.name for author in paper.authors]),
    )


def _in_letters(names: Sequence[str]) -> tuple[str, ...]:
    """Nearly all are letters alone, which can be told of all of a paper's at once."""
    return tuple(names if is_plain(" ".join(names)) else map(to_text, names))


async def render_all(papers: Sequence[Paper]) -> dict[ArxivId, Rendered]:
    """Render a batch off the event loop: readers are being served meanwhile."""
    return await asyncio.to_thread(lambda: {paper.id: render(paper) for paper in papers})
