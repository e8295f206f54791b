"""`kill -9` at random moments while FAQs are written, and a model that fails: the same answers?

`python -m tests.bench faq_kills [KILLS [SEED]]`. The yardstick is the same FAQs without kills and
faults. Rounds of two workers run until so many kills have hit a running process; the exit code is 1
when any round ends otherwise, or a question was put to the model more often than kills explain.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from random import Random

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.bench.ended import Ended
from tests.bench.faq_victims import QUESTIONS, Plan, Writers, opened, overlapping
from tests.bench.folder import open_folder
from tests.bench.kills import differences
from tests.bench.victims import StuckError

KILLS, SEED = 100, 1
LEAST, MOST = 8, 14  # kills meant for a round
KINDS = 4  # of faults, at most


async def bench(_: AsyncEngine) -> None:
    """Prints the counts by round and in the end."""
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    wanted, seed = (*map(int, sys.argv[2:4]), *(KILLS, SEED)[len(sys.argv[2:4]) :])
    with open_folder() as folder:
        async with opened(folder / "data") as writers:
            differing = await _all_rounds(writers, wanted, seed)
    if differing:
        sys.exit(1)


async def _all_rounds(writers: Writers, wanted: int, seed: int) -> int:
    whole = await writers.play(Plan(Random(0)))
    killed, differing, rounds, again, asked = Counter[str](), 0, 0, 0, 0
    while killed.total() < wanted:
        rounds += 1
        random = Random(f"{seed}/{rounds}")
        kills = min(random.randint(LEAST, MOST), wanted - killed.total())
        trouble = await wrong_with(writers, Plan(random, kills, KINDS), whole)
        killed += writers.killed
        differing += bool(trouble)
        extra = sum(map(len, writers.generated().values())) - writers.faqs * QUESTIONS
        again, asked = again + extra, asked + writers.faqs * QUESTIONS
        faults = Counter(strike.fault.value for strike in writers.llm.weather.struck)
        print(
            f"round {rounds}: {_told(writers.killed)}; {killed.total()} in all; {extra} answers"
            f" begun again; faults: {_told(faults)}",
            flush=True,
        )
        for line in trouble:
            print(f"    {line}")
    print(
        f"{killed.total()} kills in {rounds} rounds: {_told(killed)}; {again} answers begun again"
        f" beside {asked}; {differing} rounds differ"
    )
    return differing


async def wrong_with(writers: Writers, plan: Plan, whole: Ended) -> list[str]:
    """What is otherwise at the end of a round than without kills and faults, in words."""
    try:
        ended = await writers.play(plan)
    except StuckError as stuck:
        return [str(stuck), *writers.said()[-30:]]
    trouble = [line for name in whole for line in differences(name, whole[name], ended[name])]
    trouble += [f"shown as whole: {answer}" for answer in sorted(writers.odd)]
    for question, some in writers.generated().items():
        if len(some) > 1 + writers.killed.total():
            trouble.append(f"{question} was answered {len(some)} times")
        trouble += [f"{question} was being answered twice at once" for _ in overlapping(some)]
    return trouble


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(counts.items())) or "none"
