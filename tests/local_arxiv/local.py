"""The local arXiv in a thread of the test process."""

from __future__ import annotations

import socket
from datetime import datetime
from threading import Thread
from types import TracebackType
from typing import Self

import uvicorn

from tests.local_arxiv.faults import Weather
from tests.local_arxiv.ledger import Ledger
from tests.local_arxiv.server import SimulatedClock, Site
from tests.local_arxiv.world import World


def settings_env(url: str) -> dict[str, str]:
    """The environment that makes Freshprint ask the arXiv at `url` for everything."""
    return {
        "FRESHPRINT_ARXIV_FEEDS_URL": url,
        "FRESHPRINT_ARXIV_OAI_URL": f"{url}/oai",
        "FRESHPRINT_ARXIV_API_URL": f"{url}/api/query",
        "FRESHPRINT_ARXIV_URL": url,
    }


def bound(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; callers wait in line until a server takes it over."""
    # Named TCP, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(100)
    return listener


def server(site: Site) -> uvicorn.Server:
    """A uvicorn server for a site, quiet but for warnings."""
    return uvicorn.Server(
        uvicorn.Config(site.app, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    )


class LocalArxiv:
    """Runs a world's arXiv while the context lasts: `with LocalArxiv(world, now) as arxiv: …`.

    `url` is its address, `settings_env()` what points the program at it, `ledger` what was asked
    of it, `now` its time and `weather` its faults (both settable), `site` the rest.
    """

    def __init__(self, world: World, now: datetime, page_size: int = 1_300) -> None:
        self.site = Site(world, SimulatedClock(now), page_size)
        self._server = server(self.site)
        self._socket: socket.socket | None = None
        self._thread: Thread | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self._socket = bound()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._thread
        assert self._socket
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def settings_env(self) -> dict[str, str]:
        """The FRESHPRINT_ARXIV_*_URL variables."""
        return settings_env(self.url)

    @property
    def ledger(self) -> Ledger:
        """What was asked of it."""
        return self.site.ledger

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return self.site.clock()

    @now.setter
    def now(self, moment: datetime) -> None:
        self.site.clock.set(moment)

    @property
    def weather(self) -> Weather:
        """What goes wrong."""
        return self.site.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self.site.weather = weather
