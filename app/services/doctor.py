"""What is wrong, in words, and what to do about it: one finding per thing that can go wrong."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import clock
from app.domain.calendar import State, is_weekend, listing_day, opens_at
from app.domain.reconcile import SILENCE
from app.errors import FreshprintError
from app.llm.client import Client
from app.services.arxiv import Fetcher, fetcher
from app.services.asking import press
from app.services.writer import endpoint_of
from app.settings import PREFIX, Settings
from app.store import looks, sources, spending, status
from app.store.engine import open_engine, sqlalchemy_url
from app.store.migrate import head_and_current
from app.store.postgres import database

PATIENCE = 12.0  # seconds to wait for an answer, turn included
OFF = timedelta(seconds=60)  # by which clocks may differ
LOW_DISK = 1 << 30  # bytes; a year of all arXiv's metadata takes about as much

_STATES = {
    State.WHOLE: "whole",
    State.NONE: "without announcement",
    State.PARTIAL: "partly seen",
    State.EXPECTED: "not seen yet",
}


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
        tables = await _tables(engine)
        yield tables
        if not tables.is_well:  # all else is written there, the pace of requests too
            return
        yield await _model(engine, settings)
        async with fetcher(engine, settings, clock(settings.now)) as ours:
            asking = [_reachable(ours, *item) for item in _addresses(settings).items()]
            answers = await asyncio.gather(*asking)
            for finding, _ in answers:
                yield finding
            async with engine.connect() as conn:
                yield await _clock(conn, ours, [ahead for _, ahead in answers if ahead is not None])
                yield await _last_look(conn, ours)
                yield await _day(conn, ours)
                yield await _worker(conn)


def _disk(settings: Settings) -> Finding:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Finding("disk", False, _first_line(error), f"set {PREFIX}DATA_DIR to another place")
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


async def _model(engine: AsyncEngine, settings: Settings) -> Finding:
    """The language model: that it can be asked, and that nothing stopped the FAQs."""
    if not settings.writes_faqs:
        return Finding(
            "language model",
            True,
            "none is set: no FAQs are written",
            f"set {PREFIX}LLM_BASE_URL, {PREFIX}LLM_API_KEY and {PREFIX}LLM_MODEL to have them",
        )
    try:
        press(settings, clock(settings.now))
        async with asyncio.timeout(PATIENCE), Client(endpoint_of(settings)) as client:
            models = await client.models()
    except (FreshprintError, TimeoutError) as error:
        seen = f"{settings.llm_base_url}: {_first_line(error)}"
        advice = f"see {PREFIX}LLM_BASE_URL, {PREFIX}LLM_API_KEY and {PREFIX}SUMMARY_PROMPTS"
        return Finding("language model", False, seen, advice)
    if models and settings.llm_model not in models:
        seen = f"{settings.llm_base_url} has no {settings.llm_model!r}"
        return Finding("language model", False, seen, f"it has {', '.join(models[:10])}")
    now, budget = clock(settings.now)(), settings.llm_daily_budget
    async with engine.connect() as conn:
        health = await sources.llm(conn)
        spent = await spending.of_day(conn, now)
    if health.failing_since:
        advice = "FAQs go on by themselves once it answers"
        return Finding("language model", False, f"stopped: {health.failure}", advice)
    seen = f"{settings.llm_model} at {settings.llm_base_url}"
    if budget is not None:
        seen += f"; {spent:.2f} of today's {budget:.2f} spent"
    is_spent = budget is not None and spent >= budget
    advice = f"new FAQs wait for tomorrow, or a greater {PREFIX}LLM_DAILY_BUDGET"
    return Finding("language model", True, seen, advice if is_spent else "")


def _addresses(settings: Settings) -> dict[str, str]:
    return {
        "arXiv's feeds": f"{settings.arxiv_feeds_url}/rss/econ.TH",  # one of the smallest
        "arXiv's OAI-PMH": f"{settings.arxiv_oai_url}?verb=Identify",
    }


async def _reachable(ours: Fetcher, what: str, address: str) -> tuple[Finding, timedelta | None]:
    """Whether it answers, and how far its clock is ahead of ours. Takes a turn like every request:
    when arXiv asked for quiet, even doctor keeps it."""
    advice = "check the network; Freshprint goes on trying by itself"
    try:
        async with asyncio.timeout(PATIENCE):
            reply = await ours.polite.get(address, accept="application/xml", timeout=PATIENCE)
    except FreshprintError as error:
        return Finding(what, False, f"can't be reached: {_first_line(error)}", advice), None
    except TimeoutError:
        seen = f"can't be reached now: no turn to ask within {PATIENCE:.0f} s"
        quiet = "arXiv asked for quiet, or a long answer is coming in"
        return Finding(what, False, seen, quiet), None
    ahead = reply.date - ours.clock() if reply.date else None
    return Finding(what, True, f"answers at {address}"), ahead


async def _clock(conn: AsyncConnection, ours: Fetcher, arxiv_ahead: Sequence[timedelta]) -> Finding:
    """Ours beside the database's and arXiv's: which day it is, and when to look, hang on it."""
    if ours.settings.now:
        return Finding("clock", True, f"set by {PREFIX}NOW: {ours.clock():%F %T} UTC")
    off = {"the database's": await status.database_time(conn) - ours.clock()}
    if arxiv_ahead:
        off["arXiv's"] = min(arxiv_ahead, key=abs)
    wrong = {whose: ahead for whose, ahead in off.items() if abs(ahead) > OFF}
    if not wrong:
        return Finding("clock", True, f"as {' and '.join(off)}, within {OFF.seconds} s")
    seen = ", ".join(f"{_apart(ahead)} {whose}" for whose, ahead in wrong.items())
    return Finding("clock", False, seen, "have this machine's clock set by NTP")


def _apart(ahead: timedelta) -> str:
    return f"{abs(ahead).total_seconds():.0f} s {'behind' if ahead > timedelta() else 'ahead of'}"


async def _last_look(conn: AsyncConnection, ours: Fetcher) -> Finding:
    health = await sources.health(conn)
    today = listing_day(ours.clock())
    if health.failing_since is not None:
        return Finding(
            "last look",
            False,
            f"failing since {health.failing_since:%F %R} UTC: {health.failure}",
            f"next try at {health.retry_at:%F %R} UTC" if health.retry_at else "",
        )
    if health.succeeded_at is None:
        return Finding("last look", True, f"none yet; arXiv's day is {today}")
    return Finding("last look", True, f"{health.succeeded_at:%F %R} UTC; arXiv's day is {today}")


async def _day(conn: AsyncConnection, ours: Fetcher) -> Finding:
    """Today's listing. Late is what takes longer than half a day: by then arXiv has told all."""
    followed, now = ours.settings.categories, ours.clock()
    today = listing_day(now)
    if is_weekend(today):
        return Finding("day", True, f"{today}: arXiv lists nothing on Saturdays and Sundays")
    states = Counter(await looks.states(conn, followed, today))
    seen = [f"{states[state]} {text}" for state, text in _STATES.items() if states[state]]
    unknown = len(followed) - states.total()
    seen += [f"{unknown} not looked for yet"] if unknown else []
    done = unknown == 0 and all(state.settled for state in states)
    late = not done and now > opens_at(today) + SILENCE
    return Finding(
        "day",
        not late,
        f"{today}, of {len(followed)} categories: {', '.join(seen)}",
        "it is looked for again by itself; what stands in the way is said above" if late else "",
    )


async def _worker(conn: AsyncConnection) -> Finding:
    workers = await status.workers(conn)
    if workers.alive:
        return Finding("worker", True, f"{workers.alive} running")
    last = f"; one was at {workers.seen_at:%F %R} UTC" if workers.seen_at else ""
    return Finding(
        "worker",
        False,
        f"none is running{last}",
        "start `freshprint up`, or `freshprint worker`: nothing is fetched without",
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
