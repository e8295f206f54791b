"""The local arXiv as an ASGI app: rss, oai, api and the pages for people under one address.

/rss/NAMES  /atom/NAMES  /oai  /api/query
/list/NAME/new  /list/NAME/recent (or pastweek)  /abs/ID  /html/ID  /pdf/ID
GET /_ledger          what was asked for, how close together, how many at once
POST /_clock          {"now": ISO}: sets the simulated time, which runs on from there
POST /_down           true or false: answer 503 to all
POST /_weather        {"faults": ["reset", …], "seed": 1, "share": 0.5, "times": 3}: see faults.py
POST /_reset          forget the ledger, be up again
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.local_arxiv.api import Api
from tests.local_arxiv.fault_content import TRUE, Content
from tests.local_arxiv.faults import Weather, Weathered
from tests.local_arxiv.feeds import Feeds
from tests.local_arxiv.ledger import Ledger, Watched
from tests.local_arxiv.lists import Lists
from tests.local_arxiv.oai import Oai
from tests.local_arxiv.pages import Pages
from tests.local_arxiv.reply import Reply
from tests.local_arxiv.world import World

Handler = Callable[[Request], Awaitable[Response]]


class SimulatedClock:
    """A clock that can be set and runs on."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def set(self, now: datetime) -> None:
        """From here on it is this time; UTC where it names no zone."""
        aware = now if now.tzinfo else now.replace(tzinfo=UTC)
        self._start, self._began = aware.astimezone(UTC), time.monotonic()

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)


class Site:
    """A world being served: its clock, its ledger, its weather, and the app."""

    def __init__(self, world: World, clock: SimulatedClock, page_size: int = 1_300) -> None:
        self.world, self.clock = world, clock
        self.ledger, self.weather = Ledger(), Weather()  # a test may set another weather
        self._feeds, self.oai = Feeds(world), Oai(world, page_size)
        self._api, self._pages, self._lists = Api(world), Pages(world), Lists(world)
        self.app = Starlette(
            routes=[*self._protocols(), *self._controls()],
            middleware=[
                Middleware(Watched, ledger=self.ledger),
                Middleware(Weathered, weather=lambda: self.weather, clock=clock),
            ],
        )

    def _protocols(self) -> list[Route]:
        return [
            Route("/rss/{names}", self._feed("rss")),
            Route("/atom/{names}", self._feed("atom")),
            Route("/oai", _http(self._oai)),
            Route("/api/query", _http(lambda r: self._api.reply(r.query_params, self.clock()))),
            Route("/list/{name}/new", self._page(self._lists.new)),
            Route("/list/{name}/recent", self._recent()),
            Route("/list/{name}/pastweek", self._recent()),
            Route("/abs/{name:path}", self._page(self._pages.abstract)),
            Route("/html/{name:path}", self._page(self._pages.html)),
            Route("/pdf/{name:path}", self._page(self._pages.pdf)),
        ]

    def _oai(self, request: Request) -> Reply:
        return self.oai.reply(request.query_params.multi_items(), self.clock(), _content(request))

    def _feed(self, form: str) -> Handler:
        return _http(
            lambda request: self._feeds.reply(
                form,
                request.path_params["names"],
                self.clock(),
                request.headers,
                _content(request),
            )
        )

    def _recent(self) -> Handler:
        return _http(
            lambda request: self._lists.recent(
                request.path_params["name"], self.clock(), request.query_params
            )
        )

    def _page(self, page: Callable[[str, datetime], Reply]) -> Handler:
        return _http(lambda request: page(request.path_params["name"], self.clock()))

    def _controls(self) -> list[Route]:
        async def ledger(_: Request) -> Response:
            return JSONResponse(self.ledger.summary())

        async def clock(request: Request) -> Response:
            self.clock.set(datetime.fromisoformat((await request.json())["now"]))
            return JSONResponse({"now": self.clock().isoformat()})

        async def down(request: Request) -> Response:
            self.weather.down = bool(await request.json())
            return JSONResponse({"down": self.weather.down})

        async def weather(request: Request) -> Response:
            self.weather = Weather.from_json(await request.json())
            return JSONResponse({"faults": [trouble.fault for trouble in self.weather.troubles]})

        async def reset(_: Request) -> Response:
            self.reset()
            return JSONResponse({})

        return [
            Route("/_ledger", ledger),
            Route("/_clock", clock, methods=["POST"]),
            Route("/_down", down, methods=["POST"]),
            Route("/_weather", weather, methods=["POST"]),
            Route("/_reset", reset, methods=["POST"]),
        ]

    def reset(self) -> None:
        """As freshly started, but for the clock."""
        self.ledger.reset()
        self.weather = Weather()


def _content(request: Request) -> Content:
    return cast(Content, request.scope.get("content", TRUE))


def _http(answer: Callable[[Request], Reply]) -> Handler:
    async def handle(request: Request) -> Response:
        reply = answer(request)
        headers = {**reply.headers, "Content-Type": reply.content_type}
        return Response(reply.body, reply.status, headers)

    return handle
