"""One question: asked, shown while it is answered, its evidence looked up, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.evidence import Evidence, Found, checked
from app.llm.markdown import html
from app.services.draft import Draft
from app.services.hearing import Hearing
from app.services.reading import Reading
from app.services.writer import Writer
from app.store import summaries
from app.store.summaries import Answer, Summary


async def answer_next(
    writer: Writer, summary: Summary, reading: Reading, answers: Sequence[str]
) -> None:
    """Answer the question after `answers`, and keep the answer together with what it took.

    Raises what `Hearing.out` raises.
    """
    asked, n = reading.conversation.wording.questions[len(answers)], len(answers) + 1

    async def write(conn: AsyncConnection, words: str) -> bool:
        return await summaries.write(conn, summary.id, n, asked.title, words)

    hearing = Hearing(writer, summary.id, asked.key, Draft(writer.fetcher.engine, write))
    text = await hearing.out(reading.conversation.messages(answers))
    evidence, safe = await asyncio.to_thread(look_up, text, reading)
    found = sum(one.found is not Found.NOT_FOUND for one in evidence)
    answer = Answer(n, asked.title, text, safe, len(evidence), found)
    async with writer.fetcher.engine.begin() as conn:
        if await summaries.keep_answer(conn, summary.id, answer, writer.fetcher.clock()):
            await hearing.charge(conn)


def look_up(text: str, reading: Reading) -> tuple[Sequence[Evidence], str]:
    """An answer's evidence, looked up in the paper, and the answer as safe HTML."""
    evidence = checked(text, reading.whole)
    return evidence, html(text, evidence, reading.link)
