"""Days that were missed become whole afterwards, from list pages and OAI-PMH."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.calendar import State, listing_days
from app.domain.subjects import Subjects
from app.errors import SourceUnavailable
from app.services.ingest import ingest
from app.services.look import is_due, look
from app.sources import lists as lists_source
from app.sources import oai
from app.store import looks
from app.store.pace import CRAWL, ArxivPace
from tests.fetch import ALL, Fetching, everything, listing, told
from tests.local_arxiv import LocalArxiv, made_up
from tests.local_arxiv.fault_kinds import Fault
from tests.local_arxiv.faults import Trouble, Weather

WEEK = listing_days(date(2026, 1, 21), date(2026, 1, 28))  # a weekend in it
WORLD = made_up(WEEK, per_day=25, seed=11)
SOME = Subjects.parse("cs.AI+cs.CL+cs.CV+hep-th+math+stat.ML")


def morning(day: date) -> datetime:
    return datetime.combine(day, time(6), UTC)


async def test_a_week_without_an_answer_is_whole_after_a_normal_day(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, morning(WEEK[0])) as local:
        async with fetching(local) as fetcher:
            await look(fetcher, SOME)
            local.site.weather.down = True
            for day in WEEK[1:-1]:
                local.now = morning(day)
                local.site.weather.down = True
                with pytest.raises(SourceUnavailable):
                    await look(fetcher, SOME)
            local.site.weather.down = False
            local.now = morning(WEEK[-1]) + timedelta(hours=2)
            outcome = await look(fetcher, SOME)
            assert outcome.open == ()
            assert not await is_due(fetcher, SOME)
        for day in WEEK:
            for subject in SOME:
                assert await listing(engine, subject, day) == told(local, subject, day), day
            async with engine.connect() as conn:
                assert set(await looks.states(conn, SOME, day)) == {State.WHOLE}


async def test_who_starts_on_a_weekend_reads_fridays_listing(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    friday, saturday = WEEK[2], WEEK[2] + timedelta(days=1)
    with LocalArxiv(WORLD, morning(saturday)) as local:
        async with fetching(local) as fetcher:
            outcome = await look(fetcher, SOME)
            assert set(outcome.states) == {State.NONE}
            assert not await is_due(fetcher, SOME)
        for subject in SOME:
            assert await listing(engine, subject, friday) == told(local, subject, friday)


async def test_healing_is_taken_up_where_it_was_killed(
    engine: AsyncEngine, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    saturday = morning(WEEK[2] + timedelta(days=1))
    with LocalArxiv(WORLD, saturday) as local:
        async with fetching(local) as fetcher:
            with monkeypatch.context() as patched:
                pages = lists_source.fetch
                asked = 0

                async def killed(*args: Any) -> object:
                    nonlocal asked
                    asked += 1
                    if asked > 5:
                        raise KeyboardInterrupt
                    return await pages(*args)

                patched.setattr(lists_source, "fetch", killed)
                with pytest.raises(KeyboardInterrupt):
                    await ingest(fetcher, SOME)
            local.ledger.reset()
            await ingest(fetcher, SOME)
            lists = [path for path in local.ledger.paths if path.startswith("/list/")]
            assert len(lists) == len(SOME) - 5
            healed = await everything(engine)
        for subject in SOME:
            assert await listing(engine, subject, WEEK[2]) == told(local, subject, WEEK[2])
            assert healed["announcement"]


async def test_a_high_replacement_that_no_feed_has_is_listed(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, morning(WEEK[1])) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
            high = [
                line.paper.record.id
                for line in WORLD.listing(WEEK[1], ALL.names)
                if line.paper.version > 5 and line.kind.startswith("replace")
            ]
            assert high
            in_feed = {line.paper.record.id for line in WORLD.listing(WEEK[1], ALL.names, 6)}
            assert not set(high) & in_feed
            home = WORLD.records[high[0]].categories_on(WEEK[1])[0]
            assert (await listing(engine, home, WEEK[1]))[high[0]] == "replace"


async def test_yesterdays_items_under_todays_date_are_recognised(
    engine: AsyncEngine, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sources import feeds

    parse = feeds.parse

    def redated(body: bytes) -> feeds.Feed:
        feed = parse(body)
        return feeds.Feed(WEEK[1], feed.items, feed.unread, feed.is_cut)

    with LocalArxiv(WORLD, morning(WEEK[0])) as local:
        async with fetching(local) as fetcher:
            monkeypatch.setattr(feeds, "parse", redated)
            with pytest.raises(SourceUnavailable, match="announced before"):
                await ingest(fetcher, SOME)  # nothing of ours to compare with: datestamps tell
    assert (await everything(engine))["announcement"] == []


async def test_a_high_replacement_that_oai_shows_a_day_late_is_listed_on_its_day(
    engine: AsyncEngine, fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    high = {
        line.paper.record.id
        for line in WORLD.listing(WEEK[1], ALL.names)
        if line.paper.version > 5 and line.kind.startswith("replace")
    }
    read = oai.parse

    def without_high(body: bytes) -> oai.Page:
        page = read(body)
        return replace(page, records=tuple(r for r in page.records if str(r.paper.id) not in high))

    with LocalArxiv(WORLD, morning(WEEK[1])) as local:
        async with fetching(local) as fetcher:
            with monkeypatch.context() as patched:
                patched.setattr(oai, "parse", without_high)
                await ingest(fetcher, ALL)
            local.now = morning(WEEK[2])
            await ingest(fetcher, ALL)
        for paper_id in high:
            home = WORLD.records[paper_id].categories_on(WEEK[1])[0]
            assert (await listing(engine, home, WEEK[1]))[paper_id] == "replace"


async def test_a_feed_is_not_believed_while_nothing_tells_which_day_it_is_of(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    with LocalArxiv(WORLD, morning(WEEK[1])) as local:
        local.weather = Weather([Trouble(Fault.RESET, times=1, prefix="/oai")])
        async with fetching(local) as fetcher:
            with pytest.raises(SourceUnavailable):
                await ingest(fetcher, SOME)
            assert (await everything(engine))["announcement"] == []
            await ingest(fetcher, SOME)
            listed = (await everything(engine))["announcement"]
            assert listed
            local.now = morning(WEEK[2])
            local.weather = Weather([Trouble(Fault.RESET, times=1, prefix="/oai")])
            with pytest.raises(SourceUnavailable):
                await ingest(fetcher, SOME)  # but the day before is here to compare with
            assert len((await everything(engine))["announcement"]) > len(listed)


async def test_one_list_page_a_category_is_asked_at_a_crawlers_pace(
    engine: AsyncEngine, fetching: Fetching
) -> None:
    spacing = 0.3
    with LocalArxiv(WORLD, morning(WEEK[2] + timedelta(days=1))) as local:
        async with fetching(local) as fetcher:
            slow = replace(fetcher, crawl=ArxivPace(engine, spacing, key=CRAWL))
            await ingest(slow, SOME)
            await ingest(slow, SOME)
        asked = [entry for entry in local.ledger.entries if entry.path.startswith("/list/")]
        assert len({entry.path for entry in asked}) == len(asked) == len(SOME)
        assert min(b.at - a.at for a, b in pairwise(asked)) >= spacing
