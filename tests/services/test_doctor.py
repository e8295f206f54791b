"""What doctor finds, and what it advises."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app import clock
from app.domain.calendar import State
from app.domain.price import Tokens
from app.domain.subjects import Subjects
from app.services import doctor
from app.services.doctor import Finding, examine
from app.settings import Settings
from app.store import spending, tables
from app.store.spending import Call
from tests.local_arxiv.local import LocalArxiv
from tests.local_arxiv.made_up import made_up
from tests.local_llm import LocalLlm, Model

DAY = datetime(2026, 1, 22, 9, tzinfo=UTC)
Found = dict[str, Finding]
Examine = Callable[..., Awaitable[Found]]


@pytest.fixture
async def examined(database_url: str, tmp_path: Path) -> AsyncIterator[Examine]:
    """Doctor's findings by name, beside a local arXiv that answers."""
    with LocalArxiv(made_up([DAY.date()]), DAY) as arxiv:

        async def look(**values: object) -> Found:
            settings = Settings(
                database_url=database_url,
                data_dir=tmp_path,
                arxiv_feeds_url=arxiv.url,
                arxiv_oai_url=f"{arxiv.url}/oai",
                arxiv_api_url=f"{arxiv.url}/api/query",
                arxiv_url=arxiv.url,
                arxiv_spacing=0,
                contact="me@example.org",
                categories=Subjects.parse("cs.AI+cs.CL"),
            ).model_copy(update=values)
            return {finding.what: finding for finding in await examine(settings)}

        yield look


@pytest.fixture
async def worker(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await conn.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))


async def _states(engine: AsyncEngine, **states: State) -> None:
    async with engine.begin() as conn:
        for name, state in states.items():
            row = {"subject": name.replace("_", "."), "day": DAY.date(), "state": state.value}
            await conn.execute(insert(tables.day).values(row))


async def test_all_is_well_where_all_is_well(
    examined: Examine, engine: AsyncEngine, worker: None
) -> None:
    await _states(engine, cs_AI=State.WHOLE, cs_CL=State.NONE)
    found = await examined(now=DAY)
    assert {f.what for f in found.values() if not f.is_well} == set()
    assert list(found) == [
        "disk", "contact", "database", "tables", "language model", "arXiv's feeds",
        "arXiv's OAI-PMH", "clock", "last look", "day", "worker",
    ]  # fmt: skip
    assert found["day"].seen == ("2026-01-22, of 2 categories: 1 whole, 1 without announcement")
    assert found["worker"].seen == "1 running"
    assert found["clock"].seen.startswith("set by FRESHPRINT_NOW: 2026-01-22 09:00")


async def test_a_clock_that_others_agree_with_is_well(examined: Examine) -> None:
    found = await examined()
    assert found["clock"].seen == "as the database's and arXiv's, within 60 s"
    assert found["clock"].is_well


@pytest.mark.parametrize(("off", "word"), [(300, "ahead of"), (-90, "behind")])
async def test_a_clock_that_is_off_is_told_by_how_much(
    examined: Examine, monkeypatch: pytest.MonkeyPatch, off: int, word: str
) -> None:
    real = clock.clock()
    monkeypatch.setattr(doctor, "clock", lambda _: lambda: real() + timedelta(seconds=off))
    found = (await examined())["clock"]
    assert not found.is_well
    told = re.fullmatch(rf"(\d+) s {word} the database's, (\d+) s {word} arXiv's", found.seen)
    assert told
    assert all(abs(int(n) - abs(off)) <= 3 for n in told.groups())  # headers have whole seconds
    assert "NTP" in found.advice


async def test_a_dead_worker_is_missed(
    examined: Examine, engine: AsyncEngine, worker: None
) -> None:
    async with engine.begin() as conn:
        await conn.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = '2026-01-22 05:00+00'")
        )
    found = (await examined(now=DAY))["worker"]
    assert (found.is_well, found.seen) == (
        False,
        "none is running; one was at 2026-01-22 05:00 UTC",
    )
    assert "freshprint worker" in found.advice


@pytest.mark.parametrize(
    ("at", "is_well"),
    [
        (datetime(2026, 1, 22, 9, tzinfo=UTC), True),
        (datetime(2026, 1, 22, 18, tzinfo=UTC), False),  # 13 hours after the feed turned to it
    ],
)
async def test_a_day_that_is_not_whole_is_amiss_only_when_it_is_late(
    examined: Examine, engine: AsyncEngine, at: datetime, is_well: bool
) -> None:
    await _states(engine, cs_AI=State.PARTIAL)
    found = (await examined(now=at))["day"]
    assert found.seen == "2026-01-22, of 2 categories: 1 partly seen, 1 not looked for yet"
    assert (found.is_well, bool(found.advice)) == (is_well, not is_well)


async def test_a_weekend_has_no_day_to_look_for(examined: Examine) -> None:
    found = (await examined(now=datetime(2026, 1, 24, 20, tzinfo=UTC)))["day"]
    assert found.is_well
    assert "Saturdays and Sundays" in found.seen


async def test_a_source_that_fails_is_told_with_its_reason(
    examined: Examine, engine: AsyncEngine
) -> None:
    async with engine.begin() as conn:
        await conn.execute(
            insert(tables.source).values(name="oai", failing_since=DAY, failure="HTTP 503")
        )
    found = (await examined(now=DAY))["last look"]
    assert (found.is_well, found.seen) == (False, "failing since 2026-01-22 09:00 UTC: HTTP 503")


async def test_tables_of_another_release_are_the_first_thing_to_see_to(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def older(_: AsyncEngine) -> tuple[str, str | None]:
        return "0009", None

    monkeypatch.setattr(doctor, "head_and_current", older)
    found = await examined(now=DAY)
    assert list(found)[-1] == "tables"
    assert found["tables"].advice == "run `freshprint migrate`"


async def test_a_database_that_is_away_ends_it_with_advice(examined: Examine) -> None:
    found = await examined(database_url="postgresql://nobody@127.0.0.1:1/none")
    assert list(found) == ["disk", "contact", "database"]
    assert not found["database"].is_well
    assert "FRESHPRINT_DATABASE_URL" in found["database"].advice


async def test_the_language_model_is_asked_whether_it_would_answer(
    examined: Examine, worker: None, engine: AsyncEngine
) -> None:
    assert "none is set" in (await examined())["language model"].seen
    with LocalLlm(Model(key="sk-right-0123456789")) as llm:
        how = {"llm_base_url": llm.base_url, "llm_model": llm.model.name}
        right = {**how, "llm_api_key": SecretStr("sk-right-0123456789")}
        well = (await examined(**right))["language model"]
        assert well.is_well
        wrong = await examined(**how, llm_api_key=SecretStr("sk-wrong-9876543210"))
        assert not wrong["language model"].is_well
        assert "sk-wrong" not in str(wrong)
        other = (await examined(**{**right, "llm_model": "gone"}))["language model"]
        assert not other.is_well
        assert llm.model.name in other.advice
        priced = {"llm_daily_budget": Decimal(1), **right}
        async with engine.begin() as conn:
            call = Call("method", "m", Tokens(1, 0, 1), False, Decimal(2), "whole")
            await spending.keep(conn, call, datetime.now(UTC))
        assert "LLM_DAILY_BUDGET" in (await examined(**priced))["language model"].advice
    away = (await examined(**right))["language model"]
    assert not away.is_well
