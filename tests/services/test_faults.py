"""Whatever arXiv does, a day ends whole, and meanwhile nothing untrue is stored of it.

Each kind of fault alone and mixtures of them by seed (see tests/local_arxiv/faults.py), looked at
again and again as the schedule would; after every look what is stored is held against what
happened.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State
from app.domain.paper import Kind
from app.domain.subjects import Subjects
from app.errors import SourceUnavailable
from app.services.arxiv import Fetcher
from app.services.look import is_due, look
from app.sources import api, oai, polite
from app.sources.polite import Polite
from app.store import sources, tables
from tests.fetch import Fetching, told
from tests.local_arxiv import LocalArxiv, from_files, made_up
from tests.local_arxiv.fault_kinds import CONTENT, Fault
from tests.local_arxiv.faults import Trouble, Weather
from tests.real import REAL

WEDNESDAY, THURSDAY = date(2026, 1, 21), date(2026, 1, 22)
MORNING = datetime(2026, 1, 22, 6, tzinfo=UTC)  # 01:00 in New York
SUBJECTS = Subjects.parse("cs.AI+cs.CL+cs.LG+quant-ph")
SMALL = made_up([WEDNESDAY, THURSDAY], per_day=14, seed=6, awkward_ones=False)
# OAI-PMH tells that a paper changed, not why: nothing proves that a cross-list is missing.
UNPROVABLE = {Fault.PART_OF_CROSS_LISTS}
DAILY = [f for f in Fault if f is not Fault.NO_ENTRIES and f not in UNPROVABLE]
# What processes can meet in a short time: these hold nobody for a minute or more.
QUICK = (Fault.RESET, Fault.TOO_MANY_UNTIL, Fault.PART_OF_NEW, Fault.TOKEN_EXPIRED)
MOST_LOOKS = 40
ROOT = Path(__file__).parents[2]

Listings = dict[tuple[date, str], dict[str, str]]


@pytest.fixture(scope="module")
def _serving() -> Iterator[LocalArxiv]:
    with LocalArxiv(SMALL, MORNING, page_size=15) as local:
        yield local


@pytest.fixture
def small(_serving: LocalArxiv) -> LocalArxiv:
    """A small arXiv in fair weather, on Thursday morning."""
    _serving.site.reset()
    _serving.now = MORNING
    return _serving


def be_patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """How long an answer is waited for."""
    defaults = Polite.get.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "timeout", seconds)
    monkeypatch.setattr(oai, "TIMEOUT", seconds)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What are minutes in reality is short; the order of things stays as it is."""
    be_patient(monkeypatch, 0.5)
    monkeypatch.setattr(polite, "HOLD", 0.02)


@dataclass(frozen=True)
class Observer:
    """Looks as the schedule does, and knows what happened: `truth` holds the days' listings."""

    local: LocalArxiv
    fetcher: Fetcher
    subjects: Subjects
    truth: Listings
    day: date = THURSDAY

    async def until_whole(self) -> int:
        """Looks until the day is whole. The number of looks that it took."""
        for done in range(MOST_LOOKS):
            if await self._is_whole():
                assert await self._nothing_untrue(), "a day is never announced as none"
                return done
            await self._wait()
            with suppress(SourceUnavailable):
                await look(self.fetcher, self.subjects)
            await self._nothing_untrue()
        return pytest.fail(f"never whole: {await self._states()}, {self.local.weather.struck}")

    async def _wait(self) -> None:
        async with self.fetcher.engine.connect() as conn:
            retry_at = (await sources.next_look(conn)).retry_at
        if retry_at is not None and retry_at > self.local.now:
            assert not await is_due(self.fetcher, self.subjects)
            self.local.now = retry_at
        assert await is_due(self.fetcher, self.subjects)

    async def _is_whole(self) -> bool:
        states = await self._states()
        today = [states.get((self.day, subject)) for subject in self.subjects]
        return all(state and state.settled for state in today)

    async def _nothing_untrue(self) -> bool:
        """No paper on a day that it was not announced on; and a category said to be whole, or to
        have had no announcement, lacks nothing. Whether any is whole."""
        listed = await self._listed()
        for place, kinds in listed.items():
            assert kinds.keys() <= self.truth.get(place, {}).keys(), f"not announced then: {place}"
        settled = [place for place, state in (await self._states()).items() if state.settled]
        for place in settled:
            assert listed[place] == self.truth.get(place, {}), f"said to be whole: {place}"
        return bool(settled)

    async def _states(self) -> dict[tuple[date, str], State]:
        d = tables.day.c
        async with self.fetcher.engine.connect() as conn:
            found = await conn.execute(select(d.day, d.subject, d.state))
            return {(row.day, row.subject): State(row.state) for row in found}

    async def _listed(self) -> Listings:
        a = tables.announcement.c
        listed: Listings = defaultdict(dict)
        async with self.fetcher.engine.connect() as conn:
            for row in await conn.execute(select(a.day, a.subject, a.paper_id, a.kind)):
                listed[row.day, row.subject][row.paper_id] = Kind(row.kind).label
        return listed


def truth(local: LocalArxiv, subjects: Subjects) -> Listings:
    days = local.site.world.days
    return {(day, subject): told(local, subject, day) for day in days for subject in subjects}


async def ends_whole(
    fetching: Fetching,
    local: LocalArxiv,
    weather: Weather,
    *,
    subjects: Subjects = SUBJECTS,
    days: Sequence[date] = (THURSDAY,),
) -> int:
    """Lets days pass, the last of them in this weather; the number of looks that it took."""
    looks = 0
    async with fetching(local) as fetcher:
        for day in days:
            local.now = morning(day)
            local.weather = weather if day == days[-1] else Weather()
            looks = await Observer(
                local, fetcher, subjects, truth(local, subjects), day
            ).until_whole()
    assert local.ledger.most_at_once == 1
    assert_asked_for_quiet_is_kept(local)
    return looks


def morning(day: date) -> datetime:
    """One o'clock in New York."""
    return datetime.combine(day, time(6), UTC)


def assert_asked_for_quiet_is_kept(local: LocalArxiv) -> None:
    for strike in local.weather.struck:
        if strike.fault is Fault.TOO_MANY_UNTIL:
            until = strike.at + local.weather.retry_after
            assert not [e for e in local.ledger.entries if strike.at < e.at < until]


def everywhere(fault: Fault) -> list[Trouble]:
    """A fault of the first answers, of feeds and of OAI-PMH."""
    if fault in CONTENT:
        return [Trouble(fault, times=2)]
    return [Trouble(fault, times=1, prefix=prefix) for prefix in ("/rss", "/oai")]


@pytest.mark.parametrize("fault", DAILY)
async def test_a_day_is_whole_after_a_fault(
    engine: AsyncEngine, fetching: Fetching, small: LocalArxiv, fault: Fault
) -> None:
    weather = Weather(everywhere(fault))
    assert 1 <= await ends_whole(fetching, small, weather) <= 6
    assert {strike.fault for strike in weather.struck} == {fault}


@pytest.mark.parametrize("fault", sorted(CONTENT - UNPROVABLE))
async def test_the_day_after_a_day_is_whole_when_it_is_told_truly_an_hour_later(
    engine: AsyncEngine, fetching: Fetching, small: LocalArxiv, fault: Fault
) -> None:
    weather = Weather.of([fault], until=MORNING + timedelta(hours=1), times=1_000)
    await ends_whole(fetching, small, weather, days=(WEDNESDAY, THURSDAY))
    assert weather.struck


@pytest.mark.parametrize("seed", range(50))
async def test_a_day_is_whole_after_a_mixture_of_faults(
    engine: AsyncEngine, fetching: Fetching, small: LocalArxiv, seed: int
) -> None:
    await ends_whole(fetching, small, Weather.mixed(seed, DAILY))


@pytest.mark.skipif(REAL is None, reason="no real data beside the project")
async def test_a_real_day_is_whole_after_faults(
    engine: AsyncEngine, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert REAL is not None
    be_patient(monkeypatch, 60)
    world = from_files(REAL / "three-weeks", WEDNESDAY, THURSDAY)
    faults = [Fault.YESTERDAY_AS_TODAY, Fault.TRUNCATED, Fault.SHUFFLED, Fault.UNKNOWN_TO_OAI]
    weather = Weather.of(faults, times=1)
    with LocalArxiv(world, MORNING) as local:
        await ends_whole(fetching, local, weather)
    assert {strike.fault for strike in weather.struck} == set(faults)


async def test_retry_after_is_kept(
    engine: AsyncEngine, fetching: Fetching, small: LocalArxiv
) -> None:
    weather = Weather.of([Fault.TOO_MANY_UNTIL], times=1, retry_after=1)
    assert await ends_whole(fetching, small, weather) == 2


async def test_a_resumption_may_take_long(
    engine: AsyncEngine,
    fetching: Fetching,
    small: LocalArxiv,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    be_patient(monkeypatch, 60)  # 180 in reality, where arXiv takes 90
    weather = Weather.of([Fault.SLOW_RESUMPTION], times=1, seconds=0.7)
    assert await ends_whole(fetching, small, weather) == 1
    assert weather.struck


@pytest.mark.parametrize("fault", [Fault.NO_ENTRIES, Fault.EMPTY, Fault.RATE_EXCEEDED])
async def test_the_api_is_never_understood_to_have_nothing(
    engine: AsyncEngine, fetching: Fetching, small: LocalArxiv, fault: Fault
) -> None:
    wanted = [ArxivId.parse(paper_id) for paper_id in list(SMALL.records)[:3]]
    small.weather = Weather.of([fault], times=1)
    async with fetching(small) as fetcher:
        url = fetcher.settings.arxiv_api_url
        with pytest.raises(SourceUnavailable):
            await api.fetch(fetcher.polite, url, wanted)
        found = await api.fetch(fetcher.polite, url, wanted)
    assert {paper.id for paper in found} == set(wanted)


async def test_four_processes_keep_the_pace_whatever_the_weather(
    engine: AsyncEngine, database_url: str, fetching: Fetching, small: LocalArxiv
) -> None:
    spacing = 0.15
    small.weather = Weather.of(QUICK, times=1, retry_after=1)
    running = [ingesting(small, database_url, spacing) for _ in range(4)]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    assert {strike.fault for strike in small.weather.struck} == set(QUICK)
    assert small.ledger.most_at_once == 1
    assert small.ledger.closest is not None
    assert small.ledger.closest >= spacing
    assert_asked_for_quiet_is_kept(small)
    async with fetching(small) as fetcher:
        await Observer(small, fetcher, SUBJECTS, truth(small, SUBJECTS)).until_whole()


def ingesting(local: LocalArxiv, database_url: str, spacing: float) -> subprocess.Popen[str]:
    """A shell that runs the command until arXiv has given usable answers: 75 says it hasn't."""
    again = f"until {sys.executable} -m app ingest; do [ $? = 75 ] || exit 1; done"
    environment = {
        **os.environ,
        **local.settings_env(),
        "FRESHPRINT_DATABASE_URL": database_url,
        "FRESHPRINT_NOW": MORNING.isoformat(),
        "FRESHPRINT_ARXIV_SPACING": str(spacing),
        "FRESHPRINT_CATEGORIES": str(SUBJECTS),
    }
    return subprocess.Popen(
        ["/bin/sh", "-c", again],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
