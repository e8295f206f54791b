"""Who asked for what, when, and how many at once: whether arXiv's limits are kept."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: `at` is when it came in monotonic seconds, `beside` how many others it met."""

    at: float
    method: str
    path: str  # with its query
    user_agent: str
    client: str  # address and port: one connection
    beside: int


class Ledger:
    """Every request since the last reset, those to `/_…` left out."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.in_flight = 0

    def add(self, scope: Scope) -> None:
        """Notes a request that has just arrived."""
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
        host, port = scope["client"] or ("", 0)
        client = f"{host}:{port}"
        self.entries.append(
            Entry(time.monotonic(), scope["method"], path, agent, client, self.in_flight)
        )

    def reset(self) -> None:
        """Forgets all requests."""
        self.entries = []

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order, with queries."""
        return [entry.path for entry in self.entries]

    @property
    def closest(self) -> float | None:
        """The shortest time between two arrivals in seconds; None for fewer than two."""
        return min((b.at - a.at for a, b in pairwise(self.entries)), default=None)

    @property
    def most_at_once(self) -> int:
        """The most requests in flight at the same time."""
        return max((entry.beside + 1 for entry in self.entries), default=0)

    def summary(self) -> dict[str, Any]:
        """The whole as JSON."""
        return {
            "count": len(self.entries),
            "closest": self.closest,
            "most_at_once": self.most_at_once,
            "connections": len({entry.client for entry in self.entries}),
            "user_agents": sorted({entry.user_agent for entry in self.entries}),
            "by_prefix": dict(Counter(map(_prefix, self.paths))),
            "paths": self.paths,
        }


def _prefix(path: str) -> str:
    return "/" + path[1:].partition("?")[0].partition("/")[0]


class Watched:
    """Middleware: keeps the ledger. It stands outermost, so that faults are counted as well."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self._app, self._ledger = app, ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts a request in and out."""
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self._app(scope, receive, send)
            return
        self._ledger.add(scope)
        self._ledger.in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._ledger.in_flight -= 1
