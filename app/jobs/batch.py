"""FAQs written now, for who waits at the command line: by the queue's own jobs, so that a worker
that runs beside does its share, and nothing is written twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import URL

from app.domain.arxiv_id import ArxivId
from app.domain.faq import Asker, State
from app.errors import Misconfigured, NotFound
from app.jobs.queue import queue
from app.services.arxiv import Fetcher
from app.services.asking import press
from app.services.estimate import Estimate, estimate
from app.services.writer import writer
from app.store import papers, summaries


@dataclass(frozen=True, slots=True)
class Done:
    """How it ended, in words; how many wait for another try, and how many can't be written."""

    told: str
    waiting: int = 0
    failed: int = 0


async def write_now(
    url: URL,
    fetcher: Fetcher,
    ids: Sequence[ArxivId],
    languages: Sequence[str],
    *,
    only_estimate: bool,
) -> Done:
    """Have these papers' FAQs written, and take part in it until none of them is left to do.

    Raises NotFound when a paper isn't stored, Misconfigured when no model is set.
    """
    if not fetcher.settings.writes_faqs:
        raise Misconfigured("no language model is set: FRESHPRINT_LLM_BASE_URL and _LLM_MODEL")
    numbers, expected = await _ask(fetcher, ids, languages, only_estimate=only_estimate)
    if only_estimate:
        return Done(_told(expected))
    async with writer(fetcher) as ours, queue(url).open_async() as app:
        await app.run_worker_async(
            queues=[summaries.QUEUE],
            concurrency=fetcher.settings.llm_concurrency,
            additional_context={"fetcher": fetcher, "writer": ours},
            wait=False,
            delete_jobs="successful",
        )
    return await _outcome(fetcher, numbers)


async def _ask(
    fetcher: Fetcher, ids: Sequence[ArxivId], languages: Sequence[str], *, only_estimate: bool
) -> tuple[list[int], Estimate]:
    ours = press(fetcher.settings, fetcher.clock)
    wanted = [str(paper_id.bare) for paper_id in ids]
    async with fetcher.engine.begin() as conn:
        stored = await papers.by_ids(conn, wanted)
        missing = [paper_id for paper_id in wanted if paper_id not in stored]
        if missing:
            raise NotFound(f"not stored here: {', '.join(missing[:10])}")
        expected = await estimate(conn, ours, wanted, languages)
        if only_estimate:
            return [], expected
        numbers = [
            await ours.ask(conn, paper_id, stored[paper_id].version or 1, tag, Asker.READER)
            for paper_id in wanted
            for tag in languages
        ]
    return numbers, expected


def _told(expected: Estimate) -> str:
    tokens = expected.tokens
    cost = "" if expected.cost is None else f", for about {expected.cost:.2f}"
    return (
        f"{expected.faqs} FAQs would read about {tokens.read:,} tokens ({tokens.cached:,} of them"
        f" from the provider's cache) and write {tokens.written:,}{cost}"
    )


async def _outcome(fetcher: Fetcher, numbers: Sequence[int]) -> Done:
    async with fetcher.engine.connect() as conn:
        found = [await summaries.get(conn, number) for number in numbers]
    states = Counter(summary.state for summary in found if summary)
    told = ", ".join(f"{n} {state.value}" for state, n in states.items())
    waiting = sum(n for state, n in states.items() if not state.is_final)
    return Done(f"FAQs: {told}", waiting, states[State.FAILED])
