"""A reader's own question: answered after a FAQ, in the same conversation."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.errors import FreshprintError, Transient
from app.services.answering import look_up
from app.services.draft import Draft
from app.services.hearing import Hearing
from app.services.obstacle import obstacle
from app.services.reading import read_again
from app.services.writer import Writer
from app.store import questions, summaries
from app.store.questions import Question

log = structlog.get_logger(__name__)

MOST_FAILURES = 3  # who asked is waiting: soon it is told that there will be no answer
PURPOSE = "own question"


async def answer_question(writer: Writer, number: int) -> None:
    """Answer one; what stands in the way is tried again by the schedule, a few times."""
    engine = writer.fetcher.engine
    settings, now = writer.fetcher.settings, writer.fetcher.clock()
    async with engine.begin() as conn:
        question = await questions.get(conn, number)
        if question is None or question.ended_at:
            return
        if await obstacle(conn, settings, now):  # who asks is waiting: not until tomorrow
            await questions.end(conn, number, now, None, "")
            return
    try:
        await _answer(writer, question)
    except FreshprintError as error:
        log.warning("a question is not answered", question=number, reason=repr(error))
        gives_up = not isinstance(error, Transient) or question.failures + 1 >= MOST_FAILURES
        async with engine.begin() as conn:
            await questions.failed(conn, number)
            if gives_up:
                await questions.end(conn, number, writer.fetcher.clock(), None, "")


async def _answer(writer: Writer, question: Question) -> None:
    engine = writer.fetcher.engine
    async with engine.connect() as conn:
        summary = await summaries.get(conn, question.summary_id)
        answers = await summaries.answers(conn, question.summary_id)
        before = await questions.before(conn, question)
    assert summary  # a question goes with its FAQ
    reading = await read_again(writer, summary)

    async def write(conn: AsyncConnection, words: str) -> bool:
        await questions.write(conn, question.id, words)
        return True

    hearing = Hearing(writer, summary.id, PURPOSE, Draft(engine, write))
    async with writer.slots.slot():
        text = await hearing.out(reading.conversation.asking(answers, question.words, before))
    _, safe = await asyncio.to_thread(look_up, text, reading)
    async with engine.begin() as conn:
        await questions.end(conn, question.id, writer.fetcher.clock(), text, safe)
        await hearing.charge(conn)
