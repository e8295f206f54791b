"""Kills while FAQs are written, a few of them: `python -m tests.bench faq_kills` does 100."""

from __future__ import annotations

from random import Random

from tests.bench.faq_kills import wrong_with
from tests.bench.faq_victims import QUESTIONS, Plan, opened
from tests.bench.folder import open_folder


async def test_faqs_whose_workers_and_database_are_killed_end_the_same() -> None:
    with open_folder() as folder:
        async with opened(folder / "data", papers=2, rate=100_000) as writers:
            whole = await writers.play(Plan(Random(0)))
            assert len(whole["answer"]) == writers.faqs * QUESTIONS
            writers.llm.model.rate = 250
            plan = Plan(Random(3), kills=5, faults=2, pause=1.5)
            assert await wrong_with(writers, plan, whole) == []
            assert writers.killed.total() > 1
