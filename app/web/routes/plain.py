"""Pages and answers that need nothing from the store."""

from __future__ import annotations

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from app.web.assets import IMMUTABLE
from app.web.pages import Head, PlainPage
from app.web.site import TheSite, Words

# What only this browser's reader can use, and what changes with every visit, is not to be crawled.
_ROBOTS = "User-agent: *\nDisallow: /lang/\nDisallow: /arxiv/kimi\nDisallow: /faq\n"


async def about(request: Request, site: TheSite, words: Words) -> Response:
    """What this site is, and whom it owes its content to."""
    head = Head(
        words.say("About Freshprint"),
        words.say("What this site is, where its content comes from, and how it is kept."),
        canonical=f"{site.settings.site_url}/about",
    )
    return site.render(request, "about", PlainPage(head))


async def healthz() -> Response:
    """That the process answers: for whoever restarts it when it doesn't."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def robots() -> Response:
    """What crawlers may read."""
    return PlainTextResponse(_ROBOTS, headers={"Cache-Control": "max-age=86400"})


async def asset(digest: str, name: str, site: TheSite) -> Response:
    """A static file under its content's hash."""
    found = site.assets.get(digest, name)
    if found is None:
        raise HTTPException(404)
    return Response(
        found.content, media_type=found.media_type, headers={"Cache-Control": IMMUTABLE}
    )


async def favicon(site: TheSite) -> Response:
    """For browsers that look where they always looked."""
    found = site.assets["icon.svg"]
    return Response(
        found.content, media_type=found.media_type, headers={"Cache-Control": "max-age=86400"}
    )
