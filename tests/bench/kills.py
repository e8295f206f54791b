"""`kill -9` at random moments of worker, ingest, backfill and database: is the end still the same?

`python -m tests.bench kills [KILLS [SEED]]`. The yardstick is the same work without kills. Rounds
of the real commands run on a database of their own until so many kills have hit a running process;
the exit code is 1 when any round ends otherwise than without kills.
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import cycle
from random import Random

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.bench.ended import Ended
from tests.bench.folder import open_folder
from tests.bench.victims import DATABASE, SPACING, WORK, Plan, StuckError, Victims, opened

KILLS, SEED = 200, 1
LEAST, MOST = 2, 8  # kills that are meant for a step: it may be done before
ORDER = ("ingest", "backfill", "ingest", "backfill", "worker")  # a dead worker is waited for
PATIENT = 7  # every so many-th round


async def bench(_: AsyncEngine) -> None:
    """Prints the counts by round and in the end."""
    wanted, seed = (*map(int, sys.argv[2:4]), *(KILLS, SEED)[len(sys.argv[2:4]) :])
    with open_folder() as folder:
        async with opened(folder / "data") as victims:
            differing = await _all_rounds(victims, wanted, seed)
    if differing:
        sys.exit(1)


async def _all_rounds(victims: Victims, wanted: int, seed: int) -> int:
    whole = {kind: await victims.play(Plan(kind, Random(0))) for kind in WORK}
    killed, differing, rounds = Counter[str](), 0, 0
    for kind in cycle(ORDER):
        if killed.total() >= wanted:
            break
        rounds += 1
        plan = _plan(kind, f"{seed}/{rounds}", wanted - killed.total(), rounds % PATIENT == 0)
        trouble = await wrong_with(victims, plan, whole[kind])
        killed += victims.killed
        differing += bool(trouble)
        print(f"round {rounds}, {kind}: killed {_told(victims.killed)}; {killed.total()} in all")
        for line in trouble:
            print(f"    {line}")
    print(f"{killed.total()} kills in {rounds} rounds: {_told(killed)}; {differing} rounds differ")
    return differing


def _plan(kind: str, seed: str, left: int, patient: bool) -> Plan:
    random = Random(seed)
    steps = [random.randint(LEAST, MOST) for _ in WORK[kind].times]
    while sum(steps) > left:
        steps[steps.index(max(steps))] -= 1
    return Plan(kind, random, tuple(steps), patient)


async def wrong_with(victims: Victims, plan: Plan, whole: Ended) -> list[str]:
    """What is otherwise at the end of a round than without kills, in words."""
    try:
        ended = await victims.play(plan)
    except StuckError as stuck:
        return [str(stuck), *victims.said()[-30:]]
    ledger = victims.local.ledger
    trouble = [line for name in whole for line in differences(name, whole[name], ended[name])]
    if ledger.most_at_once > 1:
        trouble.append(f"{ledger.most_at_once} requests at once")
    if ledger.closest is not None and ledger.closest < SPACING:
        trouble.append(f"two requests within {ledger.closest:.3f} s")
    return trouble


def differences(name: str, whole: list[str], ended: list[str]) -> list[str]:
    """What is missing or too many, in words."""
    missing, added = sorted({*whole} - {*ended}), sorted({*ended} - {*whole})
    told = [f"{name}: {len(missing)} rows missing, {len(added)} too many"]
    told += [f"  - {row[:300]}" for row in missing[:3]] + [f"  + {row[:300]}" for row in added[:3]]
    return told if missing or added else []


def _told(killed: Counter[str]) -> str:
    return (
        ", ".join(f"{killed[name]} of {name}" for name in (*WORK, DATABASE) if killed[name])
        or "none"
    )
