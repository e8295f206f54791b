"""Kills at random moments, a few of them: `python -m tests.bench kills` does 200."""

from __future__ import annotations

from random import Random

from tests.bench.folder import open_folder
from tests.bench.kills import wrong_with
from tests.bench.victims import Plan, opened


async def test_a_backfill_that_is_killed_and_whose_database_is_killed_ends_the_same() -> None:
    with open_folder() as folder:
        async with opened(folder / "data") as victims:
            whole = await victims.play(Plan("backfill", Random(0)))
            assert whole["paper"]
            assert whole["announcement"]
            plan = Plan("backfill", Random(4), kills=(6,), patient=False)
            assert await wrong_with(victims, plan, whole) == []
            assert victims.killed.total() > 1
            assert not [line for line in victims.said() if "Traceback" in line]
