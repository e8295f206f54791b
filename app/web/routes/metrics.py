"""`/metrics`: for Prometheus, or whatever else reads its text."""

from __future__ import annotations

from fastapi import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException

from app.web.errors import AWAY
from app.web.metrics import Snapshot, snapshot
from app.web.site import TheSite


async def scrape(site: TheSite) -> Response:
    """What this process served, and what the database knows while it is there. 404 where it is
    turned off."""
    if not site.settings.metrics:
        raise HTTPException(404)
    try:
        async with site.reading.connect() as conn:
            stored = await snapshot(conn, site.settings.categories, site.clock())
    except AWAY:  # what is looked at when something is wrong has to say so
        stored = Snapshot(site.clock())
    return Response(
        site.requests.text() + stored.text(),
        headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Cache-Control": "no-store"},
    )
