"""Having FAQs written: asked for by readers, for the day's papers, for new versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import Clock
from app.domain.faq import Asker
from app.domain.subjects import Subjects
from app.llm.prompts import NEWEST, Prompts
from app.settings import ASKED, Settings
from app.store import faqs, papers, questions, summaries
from app.store.summaries import Summary, Wanted

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Press:
    """What FAQs are written with as things are set: the model, the prompts, in which languages."""

    settings: Settings
    prompts: Prompts
    clock: Clock

    async def ask(  # noqa: PLR0913 - all that makes a FAQ this one, and who wants it
        self,
        conn: AsyncConnection,
        paper_id: str,
        version: int,
        language: str,
        asker: Asker,
        *,
        reader: str | None = None,
    ) -> int:
        """Have a paper's FAQ written, once however many ask; its number. `reader` is a digest that
        tells who asked from others."""
        wording = self.prompts.wording(language)
        model = self.settings.llm_model
        wanted = Wanted(paper_id, version, wording.language, model, wording.version)
        return await summaries.ask(conn, wanted, asker, self.clock(), reader=reader)

    async def ask_anew(self, conn: AsyncConnection, old: Summary) -> int:
        """The same in place of one that waited for a model or prompts that are no more."""
        await summaries.cancel(conn, [old.id], self.clock())
        return await self.ask(conn, old.paper_id, old.version, old.language, old.asker)


def press(settings: Settings, clock: Clock) -> Press:
    """With the deployment's own prompts, or ours. Raises Misconfigured."""
    return Press(settings, Prompts.load(settings.summary_prompts or NEWEST), clock)


async def ask_for_day(engine: AsyncEngine, press: Press, day: date) -> int:
    """The new papers of a day in the categories that get FAQs by themselves, and the new versions
    of papers that had one. How many were asked for."""
    settings = press.settings
    async with engine.begin() as conn:
        wanted: set[tuple[str, int, str]] = set()
        if settings.summary_auto != ASKED:
            new = await papers.new_on(conn, Subjects.parse(settings.summary_auto), day)
            wanted |= {(*paper, tag) for paper in new for tag in settings.languages}
        if settings.summary_renew:
            wanted |= set(await faqs.outdated(conn, day))
        for paper_id, version, language in sorted(wanted):
            await press.ask(conn, paper_id, version, language, Asker.DAY)
    return len(wanted)


async def bring_due(engine: AsyncEngine, now: datetime) -> int:
    """Bring to a worker all that is to be worked on now and isn't on its way: what was put off, and
    what a job was lost for. How many are due."""
    async with engine.begin() as conn:
        due = await summaries.due(conn, now)
        if due:
            await summaries.enqueue(conn, due)
        await questions.enqueue(conn, await questions.due(conn))
    return len(due)


async def stop(engine: AsyncEngine, numbers: Iterable[int], at: datetime) -> list[int]:
    """Stop these FAQs; answers that are whole stay."""
    async with engine.begin() as conn:
        return await summaries.cancel(conn, list(numbers), at)
