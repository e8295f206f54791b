"""`/metrics`, in Prometheus' text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State
from app.domain.subjects import Subjects
from app.main import create_app
from app.settings import Settings
from app.store import tables
from app.web.routes import listing
from app.web.routes import metrics as route
from tests.web.conftest import Browser
from tests.web.made import BEFORE, NOW, Made

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(browser: Browser) -> Samples:
    answer = await browser.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((f"freshprint_{name}", frozenset(labels.items())))


async def test_requests_are_counted_by_the_routes_pattern(browser: Browser) -> None:
    for path in ("/about", "/about", "/lang/tlh", "/arxiv/nonsense", "/arxiv/other", "/a/b/c"):
        await browser.get(path)
    await browser.client.request("BREW", "/about")
    samples = await scraped(browser)
    asked = {labels: n for (name, labels), n in samples.items() if name.endswith("requests_total")}
    assert {tuple(sorted(dict(k).items())): n for k, n in asked.items() if k} == {
        (("method", "GET"), ("route", "/about"), ("status", "200")): 2,
        (("method", "GET"), ("route", "/lang/{code}"), ("status", "404")): 1,
        (("method", "GET"), ("route", "/arxiv/{text:path}"), ("status", "400")): 2,
        (("method", "GET"), ("route", "none"), ("status", "404")): 1,
        (("method", "other"), ("route", "/about"), ("status", "405")): 1,
    }
    took = of(samples, "http_request_duration_seconds_count", method="GET", route="/about")
    assert took == 2


async def test_a_crash_counts_as_500(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(listing, "page", crash)
    await browser.get("/arxiv/cs.AI")
    samples = await scraped(browser)
    labels = {"method": "GET", "route": "/arxiv/{text:path}", "status": "500"}
    assert of(samples, "http_requests_total", **labels) == 1


async def test_what_the_database_knows_is_told(
    browser: Browser, made: Made, engine: AsyncEngine
) -> None:
    await made.listing("cs.AI", ["2601.00001"])
    await made.state("cs.AI", State.PARTIAL, 1)
    await made.state("cs.CL", State.WHOLE, 1)
    await made.state("cs.AI", State.WHOLE, 1, BEFORE)
    await made.state("cs.AI", State.NONE, 1, NOW.date() - timedelta(days=30))
    await made.source("feeds", succeeded_at=NOW)
    await made.source("oai", failing_since=NOW, failure="HTTP 503")
    async with engine.begin() as conn:
        await conn.execute(insert(tables.pace).values(key="arxiv", next_at=NOW, requests=12))
        await conn.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
        await conn.execute(
            text("INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('q', 't')")
        )
    samples = await scraped(browser)
    assert of(samples, "database_up") == 1
    assert of(samples, "source_last_success_timestamp_seconds", source="feeds") == NOW.timestamp()
    assert of(samples, "source_last_success_timestamp_seconds", source="oai") is None
    assert of(samples, "source_failing", source="feeds") == 0
    assert of(samples, "source_failing", source="oai") == 1
    states = {s: of(samples, "listing_categories", state=s) for s in ("partial", "whole", "none")}
    assert states == {"partial": 1, "whole": 2, "none": None}
    all_of_them = 7 * len(Subjects.everything())
    assert of(samples, "listing_categories", state="unknown") == all_of_them - 3
    assert of(samples, "newest_announcement_age_seconds") == 4 * 3600
    assert of(samples, "arxiv_requests_total") == 12
    assert of(samples, "jobs", status="todo") == 1
    assert of(samples, "workers_alive") == 1


async def test_without_a_database_it_says_so(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("", {}, Exception("gone"))

    monkeypatch.setattr(route, "snapshot", fail)
    samples = await scraped(browser)
    assert of(samples, "database_up") == 0
    assert of(samples, "workers_alive") is None


@pytest.fixture
async def unmeasured(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(metrics=False), engine, lambda: NOW)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://fresh.example") as client:
        yield client


async def test_turned_off_it_is_not_there(unmeasured: httpx.AsyncClient) -> None:
    assert (await unmeasured.get("/metrics")).status_code == 404


async def test_two_sites_in_one_process_count_apart(
    browser: Browser, unmeasured: httpx.AsyncClient
) -> None:
    await unmeasured.get("/about")
    samples = await scraped(browser)
    assert not [name for name, labels in samples if ("route", "/about") in labels]
