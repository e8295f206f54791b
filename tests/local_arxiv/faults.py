"""How arXiv fails. One middleware, before any protocol: what fails, fails here."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Weather:
    """What goes wrong now; switched by tests and by `POST /_down`."""

    def __init__(self) -> None:
        self.down = False

    def refusal(self, scope: Scope) -> PlainTextResponse | None:
        """The answer that a request gets instead of its own, if any."""
        if self.down:
            return PlainTextResponse("Service Unavailable", 503)
        headers = dict(scope["headers"])
        if not headers.get(b"user-agent") or not headers.get(b"accept"):
            return PlainTextResponse("Not Acceptable", 406)  # seen from the real one
        return None


class Weathered:
    """Middleware: answers with a fault where there is one."""

    def __init__(self, app: ASGIApp, weather: Weather) -> None:
        self._app, self._weather = app, weather

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with a fault."""
        served = scope["type"] != "http" or scope["path"].startswith("/_")
        refusal = None if served else self._weather.refusal(scope)
        await (refusal or self._app)(scope, receive, send)
