"""What is wrong, in words, and what to do about it: one finding per thing that can go wrong."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import clock
from app.domain.calendar import listing_day
from app.errors import FreshprintError
from app.services.arxiv import fetcher
from app.services.ingest import Fetcher
from app.services.look import FEEDS
from app.settings import PREFIX, Settings
from app.sources.polite import Polite
from app.store import looks
from app.store.engine import open_engine, sqlalchemy_url
from app.store.migrate import head_and_current
from app.store.postgres import database

PATIENCE = 12.0  # seconds to wait for an answer, turn included
LOW_DISK = 1 << 30  # bytes; a year of all arXiv's metadata takes about as much


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do when it isn't well."""

    what: str
    is_well: bool
    seen: str
    advice: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    return [finding async for finding in _findings(settings)]


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield _disk(settings)
    yield _contact(settings)
    async with AsyncExitStack() as stack:
        try:
            url = sqlalchemy_url(await stack.enter_async_context(database(settings)))
            engine = open_engine(url)
            stack.push_async_callback(engine.dispose)
            yield await _database(engine)
        except (FreshprintError, SQLAlchemyError, OSError) as error:
            yield Finding(
                "database",
                False,
                _first_line(error),
                f"see {PREFIX}DATABASE_URL and {settings.data_dir}/postgres.log",
            )
            return
        yield await _tables(engine)
        async with fetcher(engine, settings, clock(settings.now)) as ours:
            asking = [_reachable(ours.polite, *item) for item in _addresses(settings).items()]
            for finding in await asyncio.gather(*asking):
                yield finding
            yield await _last_look(ours)


def _disk(settings: Settings) -> Finding:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data_dir).free
    return Finding(
        "disk",
        free >= LOW_DISK,
        f"{free / (1 << 30):.1f} GiB free in {settings.data_dir}",
        "" if free >= LOW_DISK else f"make room, or move {PREFIX}DATA_DIR",
    )


def _contact(settings: Settings) -> Finding:
    if settings.contact:
        return Finding("contact", True, f"arXiv sees {settings.user_agent!r}")
    return Finding(
        "contact",
        True,
        "none given",
        f"set {PREFIX}CONTACT to an e-mail address: arXiv asks robots to say whose they are",
    )


async def _database(engine: AsyncEngine) -> Finding:
    async with engine.connect() as conn:
        server = await conn.scalar(text("SHOW server_version"))
    return Finding("database", True, f"Postgres {server}")


async def _tables(engine: AsyncEngine) -> Finding:
    head, current = await head_and_current(engine)
    if head == current:
        return Finding("tables", True, f"at revision {head}")
    return Finding(
        "tables",
        False,
        f"at {current or 'none'}, this release needs {head}",
        "run `freshprint migrate`",
    )


def _addresses(settings: Settings) -> dict[str, str]:
    return {
        "arXiv's feeds": f"{settings.arxiv_feeds_url}/rss/econ.TH",  # one of the smallest
        "arXiv's OAI-PMH": f"{settings.arxiv_oai_url}?verb=Identify",
    }


async def _reachable(polite: Polite, what: str, address: str) -> Finding:
    """Takes a turn like every request: when arXiv asked for quiet, even doctor keeps it."""
    advice = "check the network; Freshprint goes on trying by itself"
    try:
        async with asyncio.timeout(PATIENCE):
            await polite.get(address, accept="application/xml", timeout=PATIENCE)
    except FreshprintError as error:
        return Finding(what, False, f"can't be reached: {_first_line(error)}", advice)
    except TimeoutError:
        seen = f"can't be reached now: no turn to ask within {PATIENCE:.0f} s"
        return Finding(what, False, seen, "arXiv asked for quiet, or a long answer is coming in")
    return Finding(what, True, f"answers at {address}")


async def _last_look(ours: Fetcher) -> Finding:
    async with ours.engine.connect() as conn:
        try:
            health = await looks.health(conn, FEEDS)
        except SQLAlchemyError:  # no tables yet: said above
            return Finding("last look", True, "none yet")
    today = listing_day(ours.clock())
    if health.failing_since is not None:
        return Finding(
            "last look",
            False,
            f"failing since {health.failing_since:%F %R} UTC: {health.failure}",
            f"next try at {health.retry_at:%F %R} UTC",
        )
    if health.succeeded_at is None:
        return Finding("last look", True, f"none yet; arXiv's day is {today}")
    return Finding("last look", True, f"{health.succeeded_at:%F %R} UTC; arXiv's day is {today}")


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
