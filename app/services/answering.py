"""One question: asked, shown while it is answered, its evidence looked up, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.evidence import Evidence, Found, checked
from app.domain.price import Tokens
from app.errors import FreshprintError
from app.llm.client import Usage
from app.llm.conversation import Message
from app.llm.markdown import html
from app.llm.prompts import Asked
from app.services.draft import Draft
from app.services.reading import Reading
from app.services.unwanted import Unwanted
from app.services.writer import Writer
from app.store import spending, summaries
from app.store.spending import Call
from app.store.summaries import Answer, Summary


@dataclass(slots=True)
class _Call:
    """One question being put: what was asked, the words that came, and what it took."""

    asked: Asked
    n: int
    draft: Draft
    usage: Usage | None = None


async def answer_next(
    writer: Writer, summary: Summary, reading: Reading, answers: Sequence[str]
) -> None:
    """Answer the question after `answers`, and keep the answer together with what it took.

    Raises what `Client.answer` raises, with what that took noted too; Unwanted when stopped.
    """
    asked, n = reading.conversation.wording.questions[len(answers)], len(answers) + 1
    call = _Call(asked, n, Draft(writer.fetcher.engine, summary.id, n, asked.title))
    await writer.slots.turn()
    try:
        await _listen(writer, reading.conversation.messages(answers), call)
    except FreshprintError as error:
        async with writer.fetcher.engine.begin() as conn:
            await _charge(conn, writer, summary, call, type(error).__name__)
        raise
    await _keep(writer, summary, reading, call)


async def _listen(writer: Writer, messages: Sequence[Message], call: _Call) -> None:
    """Hear the answer out, unless nobody wants it any more."""
    hearing = asyncio.create_task(_hear(writer, messages, call))
    try:
        async with call.draft.shown() as unwanted:
            await asyncio.wait((hearing, unwanted), return_when=asyncio.FIRST_COMPLETED)
            if unwanted.done() and not hearing.done():
                raise Unwanted
            await hearing
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError, FreshprintError):
            await hearing


async def _hear(writer: Writer, messages: Sequence[Message], call: _Call) -> None:
    reply = writer.fetcher.settings.llm_reply
    async with aclosing(writer.client.answer(messages, reply_tokens=reply)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Usage):
                call.usage = piece
            else:
                call.draft.add(piece)


async def _keep(writer: Writer, summary: Summary, reading: Reading, call: _Call) -> None:
    text = call.draft.text
    evidence, safe = await asyncio.to_thread(_checked, text, reading)
    found = sum(one.found is not Found.NOT_FOUND for one in evidence)
    answer = Answer(call.n, call.asked.title, text, safe, len(evidence), found)
    async with writer.fetcher.engine.begin() as conn:
        await summaries.keep_answer(conn, summary.id, answer, writer.fetcher.clock())
        await _charge(conn, writer, summary, call, "whole")


def _checked(text: str, reading: Reading) -> tuple[Sequence[Evidence], str]:
    evidence = checked(text, reading.whole)
    return evidence, html(text, evidence, reading.link)


async def _charge(
    conn: AsyncConnection, writer: Writer, summary: Summary, call: _Call, outcome: str
) -> None:
    """Note what a call took, however it ended: the provider charges for it."""
    usage = call.usage
    if usage is None:
        return
    tokens = Tokens(usage.tokens_in, usage.cached, usage.out)
    prices = writer.fetcher.settings.prices
    cost = prices.cost(tokens) if prices else None
    spent = Call(call.asked.key, usage.model, tokens, usage.estimated, cost, outcome, summary.id)
    await spending.keep(conn, spent, writer.fetcher.clock())
