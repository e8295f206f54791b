"""What every answer carries and no request escapes: security headers, and a page for a crash."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_log = structlog.get_logger(__name__)


class Guard:
    """The outermost layer: adds the headers, and turns an unforeseen exception into a page."""

    def __init__(self, app: ASGIApp, crashed: Callable[[Request], Response]) -> None:
        self._app = app
        self._crashed = crashed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except ClientDisconnect:  # nobody is there to be answered
            return
        except Exception:
            _log.exception("a request failed", method=scope["method"], path=scope["path"])
            if started:
                raise
            await self._crashed(Request(scope))(scope, receive, send_guarded)


def from_here(request: Request, site_url: str) -> bool:
    """Whether a form was sent from this site's own pages, as far as the browser tells. Behind a
    proxy the site's own name is in `site_url`, not in the request."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    own = (request.headers.get("host"), urlsplit(site_url).netloc)
    return origin is None or origin.partition("://")[2] in own
