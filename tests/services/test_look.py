"""When arXiv is asked, and what is noted about how it went."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.subjects import Subjects
from app.errors import SourceUnavailable
from app.services import look as module
from app.services.arxiv import Fetcher
from app.services.look import is_due, look
from app.store import sources
from app.store.sources import Health
from tests.fetch import ALL, Fetching, listing, told
from tests.local_arxiv import LocalArxiv, made_up
from tests.local_arxiv.fault_kinds import Fault
from tests.local_arxiv.faults import Weather

NIGHT = datetime(2026, 1, 22, 6, tzinfo=UTC)
WORLD = made_up([date(2026, 1, 21), date(2026, 1, 22)], per_day=10)
SUBJECTS = Subjects.parse("cs.CL,cs.LG")


async def health(fetcher: Fetcher) -> Health:
    async with fetcher.engine.connect() as conn:
        return await sources.health(conn)


async def test_a_first_start_is_due_and_a_whole_day_is_not(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            assert await is_due(fetcher, SUBJECTS)
            await look(fetcher, SUBJECTS)
            assert not await is_due(fetcher, SUBJECTS)
            local.now = NIGHT + timedelta(days=1)
            assert await is_due(fetcher, SUBJECTS)


async def test_following_more_is_due_again(engine: AsyncEngine, fetching: Fetching) -> None:
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            await look(fetcher, SUBJECTS)
            assert await is_due(fetcher, SUBJECTS | Subjects.parse("hep-th"))


async def test_a_day_not_out_yet_is_looked_at_again_later_and_later(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    friday = datetime(2026, 1, 23, 5, 1, tzinfo=UTC)
    with LocalArxiv(WORLD, friday) as local:
        async with fetching(local) as fetcher:
            waits = []
            for _ in range(3):
                await look(fetcher, SUBJECTS)
                assert not await is_due(fetcher, SUBJECTS)
                retry_at = (await health(fetcher)).retry_at
                assert retry_at
                waits.append(retry_at - local.now)
                local.now = retry_at + timedelta(minutes=30)
                assert await is_due(fetcher, SUBJECTS)
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=3) < waits[-1]


async def test_silence_is_noted_with_its_beginning_and_forgotten_when_it_ends(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            local.site.weather.down = True
            with pytest.raises(SourceUnavailable):
                await look(fetcher, SUBJECTS)
            first = await health(fetcher)
            assert first.failing_since
            assert first.failure
            assert not await is_due(fetcher, SUBJECTS)
            local.now = NIGHT + timedelta(minutes=5)
            assert await is_due(fetcher, SUBJECTS)


async def test_a_mistake_of_ours_is_no_reason_to_ask_at_once(
    engine: AsyncEngine, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def mistake(*_: object) -> None:
        raise ZeroDivisionError("secret details")

    monkeypatch.setattr(module, "ingest", mistake)
    with LocalArxiv(WORLD, NIGHT) as local:
        async with fetching(local) as fetcher:
            with pytest.raises(ZeroDivisionError):
                await look(fetcher, SUBJECTS)
            assert not await is_due(fetcher, SUBJECTS)
            async with fetcher.engine.connect() as conn:
                assert (await sources.next_look(conn)).failure == "ZeroDivisionError"


async def test_a_cross_list_that_comes_late_is_there_in_the_afternoon_for_a_few_requests(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    world = made_up([date(2026, 1, 21), date(2026, 1, 22)], per_day=30, awkward_ones=False)
    with LocalArxiv(world, NIGHT) as local:
        local.weather = Weather.of([Fault.PART_OF_CROSS_LISTS], until=NIGHT + timedelta(hours=1))
        async with fetching(local) as fetcher:
            outcome = await look(fetcher, ALL)
            assert outcome.settled
            assert local.weather.struck
            local.now = NIGHT + timedelta(hours=5)
            assert not await is_due(fetcher, ALL)
            local.now = NIGHT + timedelta(hours=6, minutes=1)
            assert await is_due(fetcher, ALL)
            await look(fetcher, ALL)
            assert not await is_due(fetcher, ALL)
            local.now += timedelta(hours=6, minutes=1)
            local.ledger.reset()
            await look(fetcher, ALL)
            assert len(local.ledger.paths) <= 3  # the feed is as it was, and OAI-PMH
        for subject in ALL:
            assert await listing(engine, subject, NIGHT.date()) == told(
                local, subject, NIGHT.date()
            )
