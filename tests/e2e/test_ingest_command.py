"""`freshprint ingest` as a process: killed at any moment, and several at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.ingest import ingest
from app.store import tables
from tests.fetch import ALL, Fetching, everything
from tests.local_arxiv import LocalArxiv, made_up

NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)
WORLD = made_up([date(2026, 1, 21), NOW.date()], per_day=120, seed=5)
ROOT = Path(__file__).parents[2]


def start(local: LocalArxiv, database_url: str, spacing: float = 0) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **local.settings_env(),
        "FRESHPRINT_DATABASE_URL": database_url,
        "FRESHPRINT_NOW": NOW.isoformat(),
        "FRESHPRINT_ARXIV_SPACING": str(spacing),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "app", "ingest"],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("asked", [1, 2, 4])
async def test_killed_at_any_moment_the_next_run_ends_the_same(
    engine: AsyncEngine, database_url: str, fetching: Fetching, asked: int
) -> None:
    with LocalArxiv(WORLD, NOW, page_size=60) as local:
        async with fetching(local) as fetcher:
            await ingest(fetcher, ALL)
            whole = await everything(engine)
            async with engine.begin() as conn:
                for table in reversed(tables.metadata.sorted_tables):
                    await conn.execute(table.delete())
            local.ledger.reset()
            victim = start(local, database_url)
            while len(local.ledger.entries) < asked:
                assert victim.poll() is None
                await asyncio.sleep(0.01)
            await asyncio.sleep(Random(asked).uniform(0, 0.4))
            victim.kill()
            victim.communicate()
            await ingest(fetcher, ALL)
    assert await everything(engine) == whole


async def test_several_at_once_keep_the_pace_together(
    engine: AsyncEngine, database_url: str
) -> None:
    spacing = 0.4
    with LocalArxiv(WORLD, NOW) as local:
        fetchers = [start(local, database_url, spacing) for _ in range(3)]
        said = [fetcher.communicate()[1] for fetcher in fetchers]
        assert [fetcher.returncode for fetcher in fetchers] == [0, 0, 0], said
        assert local.ledger.closest is not None
        assert local.ledger.closest >= spacing
        assert local.ledger.most_at_once == 1
        assert {e.user_agent[:11] for e in local.ledger.entries} == {"freshprint/"}
