"""Metrics in Prometheus' text: what this process served, and how the program as a whole is doing.

Each app has a registry of its own: nothing is global. What the database knows is read at scrape
time, so that every process of a site tells the same.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.calendar import listing_day, listing_days, opens_at
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.store import days, faqs, sources, spending, status
from app.store.sources import Health
from app.store.spending import Spent

DAYS = 7  # listing days whose states are told
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Requests:
    """What was asked of this process. A route is told by its pattern, never by what was asked for:
    there are millions of addresses."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._served = Counter(
            "freshprint_http_requests",
            "HTTP requests answered",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "freshprint_http_request_duration_seconds",
            "Time to the last byte of the answer",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def served(self, scope: Scope, answered: int, seconds: float) -> None:
        """Note one."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._served.labels(method, route, str(answered)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text."""
        return generate_latest(self._registry)


class Measured:
    """The layer around all others, so that crashes count too."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answered = 500

        async def send_noted(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            self._requests.served(scope, answered, time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database knows; `categories` counts categories' days by state."""

    sources: Mapping[Source, Health]
    categories: Mapping[str, int]
    newest: status.Newest
    requests: int
    jobs: Mapping[str, int]
    workers: int
    faqs: Mapping[str, int]
    spent: Mapping[str, Spent]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the program is doing at one moment."""

    now: datetime
    stored: Stored | None = None  # None: the database is away

    def text(self) -> bytes:
        """All of it in Prometheus' text."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus' writer asks for."""
        yield _one("database_up", "Whether the database answers", self.stored is not None)
        if self.stored is None:
            return
        yield from _of_sources(self.stored.sources)
        yield from _of_days(self.stored, self.now)
        yield CounterMetricFamily(
            "freshprint_arxiv_requests",
            "Requests to arXiv, of all processes",
            value=self.stored.requests,
        )
        jobs = self.stored.jobs
        yield _each("jobs", "Jobs by status; those done are not kept", "status", jobs)
        yield _one("workers_alive", "Workers whose heart beats", self.stored.workers)
        yield _each("faqs", "FAQs by state", "state", self.stored.faqs)
        yield from _of_model(self.stored.spent)


def _of_model(spent: Mapping[str, Spent]) -> Iterator[Metric]:
    meanings = {
        "calls": "Calls to the language model",
        "tokens_read": "Tokens that it read, cached ones included",
        "tokens_cached": "Tokens that it read from the provider's cache",
        "tokens_written": "Tokens that it wrote",
        "cost": "Money that it took, where prices are set",
    }
    for name, meaning in meanings.items():
        family = CounterMetricFamily(f"freshprint_llm_{name}", meaning, labels=("model",))
        for model, took in spent.items():
            family.add_metric((model,), getattr(took, name))
        yield family


def _of_sources(sources: Mapping[Source, Health]) -> Iterator[Metric]:
    yield _each(
        "source_last_success_timestamp_seconds",
        "When a source last gave a usable answer",
        "source",
        {s: h.succeeded_at.timestamp() for s, h in sources.items() if h.succeeded_at},
    )
    yield _each(
        "source_failing",
        "Whether a source's latest answer was not usable",
        "source",
        {s: h.failing_since is not None for s, h in sources.items()},
    )


def _of_days(stored: Stored, now: datetime) -> Iterator[Metric]:
    yield _each(
        "listing_categories",
        f"Categories' days by state, of the last {DAYS} listing days",
        "state",
        stored.categories,
    )
    if stored.newest.day:
        yield _one(
            "newest_announcement_age_seconds",
            "Time since the feed of the latest announced day opened",
            (now - opens_at(stored.newest.day)).total_seconds(),
        )


async def snapshot(conn: AsyncConnection, followed: Subjects, now: datetime) -> Snapshot:
    """Read one."""
    today = listing_day(now)
    shown = listing_days(today - timedelta(weeks=DAYS // 5 + 1), today)[-DAYS:]
    states = await days.states(conn, followed, shown)
    known = Tally(s.state.value for of_day in states.values() for s in of_day)
    unknown = len(shown) * len(followed) - known.total()
    stored = Stored(
        sources=await sources.healths(conn),
        categories={**known, "unknown": unknown},
        newest=await status.newest(conn),
        requests=await status.requests(conn),
        jobs=await status.jobs(conn),
        workers=(await status.workers(conn)).alive,
        faqs=await faqs.states(conn),
        spent=await spending.by_model(conn),
    )
    return Snapshot(now, stored)


def _one(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"freshprint_{name}", meaning, value=value)


def _each(name: str, meaning: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"freshprint_{name}", meaning, labels=(label,))
    for value_of, value in values.items():
        family.add_metric((value_of,), value)
    return family
