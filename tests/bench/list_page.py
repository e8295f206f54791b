"""A list page of 25 papers, and a day of 400 on one, at 100,000 papers stored.

The yardstick is a page of the same bytes, kept in memory, through the same application: what
remains is reading the database and filling the template.
"""

from __future__ import annotations

import html
import time
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles

import httpx
from fastapi import FastAPI, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import clock
from app.domain.paper import Announcement, Kind, Paper
from app.main import create_app
from app.settings import Settings
from app.store import intake
from app.store.rows import Rendered

COUNT, A_DAY, ROUNDS = 100_000, 400, 60
LAST = date(2026, 1, 22)


async def bench(engine: AsyncEngine) -> None:
    """Prints medians and 99th percentiles, and the ratio to the constant page."""
    from tests.bench.papers import papers

    await _fill(engine, papers(COUNT))
    app = create_app(Settings(), engine, clock(datetime(2026, 1, 22, 12, tzinfo=UTC)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
        for name, query in (("25 papers", ""), (f"{A_DAY} papers", "&show=all")):
            address = f"/arxiv/cs.LG?date={LAST}{query}"
            body = (await client.get(address)).raise_for_status().content
            _constant(app, body)
            ours, fixed = await _times(client, address), await _times(client, "/constant")
            print(
                f"{name:<11} {median(ours):6.1f} ms median, {_p99(ours):6.1f} ms p99,"
                f" {len(body) / 1024:6.0f} KiB; constant page {median(fixed):5.1f} ms"
                f" = {median(ours) / median(fixed):.1f} times"
            )


def _constant(app: FastAPI, body: bytes) -> None:
    app.router.routes[:] = [r for r in app.router.routes if getattr(r, "path", "") != "/constant"]

    async def constant() -> Response:
        return Response(body, media_type="text/html")

    app.add_api_route("/constant", constant)
    app.router.routes.insert(0, app.router.routes.pop())


async def _times(client: httpx.AsyncClient, address: str) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        (await client.get(address)).raise_for_status()
        times.append((time.perf_counter() - began) * 1_000)
    return times


async def _fill(engine: AsyncEngine, some: list[Paper]) -> None:
    """Each paper announced in cs.LG and its own categories, 400 a weekday, backwards from LAST."""
    day = LAST
    for i in range(0, len(some), A_DAY):
        batch = some[i : i + A_DAY]
        looks = {p.id: _plain(p) for p in batch}
        lines = [
            Announcement(day, subject, p.id, Kind.NEW, p.id.ordinal)
            for p in batch
            for subject in {"cs.LG", *p.subjects}
        ]
        async with engine.begin() as conn:
            await intake.store_papers(conn, batch, looks, detailed_at=None)
            await intake.announce(conn, lines)
        day -= timedelta(days=3 if day.weekday() == 0 else 1)
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="AUTOCOMMIT")
        await conn.execute(text("VACUUM ANALYZE"))


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]


def _plain(paper: Paper) -> Rendered:
    """Without maths: rendering is measured elsewhere, and 100,000 would take minutes here."""
    names = tuple(author.name for author in paper.authors)
    return Rendered(html.escape(paper.title), html.escape(paper.abstract), names)
