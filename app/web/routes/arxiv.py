"""`/arxiv/…`: a list or papers; `/arxiv?…`: from the home page's forms to one of these."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from app.domain.selection import Selection
from app.web import address
from app.web.picker import picked
from app.web.routes import listing, papers
from app.web.site import TheSite, Words


async def page(text: str, request: Request, site: TheSite, words: Words) -> Response:
    """The page of what stands in the address, sent to its canonical address where it has one."""
    what = address.read(text)
    if not _is_canonical(text, what):
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(address.href(what) + query, 301)
    if isinstance(what, Selection):
        return await listing.page(what, request, site, words)
    return await papers.page(what, request, site, words)


async def find(request: Request) -> Response:
    """Where the words of the box, or the categories picked, lead. Raises BadInput."""
    words = request.query_params.get("q", "").strip()
    what = address.read_words(words) if words else picked(request.query_params)
    return RedirectResponse(address.href(what), 303)


def _is_canonical(text: str, what: address.Papers | Selection) -> bool:
    """Whether names are written as arXiv writes them. `,` for `+` and any order are as good: links
    made for the reference have both, and not every client follows a redirect."""
    if isinstance(what, Selection):
        return sorted(text.replace(",", "+")) == sorted(str(what))
    return text == str(what)
