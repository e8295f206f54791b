"""Writing one FAQ: its text, then question after question, each answer kept as soon as it is whole.

Killed at any instruction, it is taken up at the question that has no answer. What stands in the
way is told by its type: what passes is tried again later, a model that answers nobody stops all of
them, and what will never do ends this one.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.domain.faq import Reason, State
from app.errors import (
    ContextOverflow,
    FreshprintError,
    LlmBusy,
    LlmStopped,
    RateLimited,
    Refused,
    Truncated,
    Unanswered,
    Unwanted,
)
from app.services.answering import answer_next
from app.services.obstacle import STOPPED, obstacle
from app.services.reading import Reading, cut_more, read
from app.services.writer import Writer
from app.store import sources, summaries
from app.store.summaries import Summary

log = structlog.get_logger(__name__)

MOST_FAILURES = 8  # in a row, after which it is given up
MOST_ENDLESS = 3  # answers in a row without an end: with luck the next one has one
STOPPED_ALL = "stopped"  # why one waits when the model answers nobody
BUSY = 20.0  # seconds to leave a model alone that is busy and doesn't say for how long
_LONGEST_WAIT = timedelta(hours=1)


async def summarise(writer: Writer, number: int) -> None:
    """Work on a FAQ until it is whole, or something stands in the way, which is noted with it."""
    async with writer.fetcher.engine.connect() as conn:
        summary = await summaries.get(conn, number)
    if summary is None or summary.state.is_final or await _is_put_off(writer, summary):
        return
    try:
        await _write(writer, summary)
    except Unwanted:
        log.info("a FAQ was stopped", paper=summary.paper_id)
    except LlmStopped as error:
        await _stop_all(writer, summary, error)
    except Unanswered as error:
        if isinstance(error, Truncated) and summary.failures + 1 < MOST_ENDLESS:
            await _try_later(writer, summary, error)
        else:
            await _fail(writer, summary, _reason(error))
    except FreshprintError as error:
        await _try_later(writer, summary, error)
    except Exception as error:
        log.exception("a mistake of ours", paper=summary.paper_id)
        await _try_later(writer, summary, error)


async def _is_put_off(writer: Writer, summary: Summary) -> bool:
    """Whether it has to wait: for its next try, for a person to act, or for another day's money."""
    fetcher, now = writer.fetcher, writer.fetcher.clock()
    waits = summary.retry_at is not None and now < summary.retry_at <= now + summaries.LONGEST_WAIT
    async with fetcher.engine.begin() as conn:
        if waits:
            return True
        if summary.state is State.POSTPONED:
            await summaries.move(conn, summary.id, State.WAITING, reason=None, retry_at=None)
        found = await obstacle(conn, fetcher.settings, now)
        # what is begun is ended: half a FAQ is money spent for nothing
        is_begun = bool(await summaries.answers(conn, summary.id))
        if found is None or (found.is_budget and is_begun):
            return False
        state = State.POSTPONED if found.is_budget else State.WAITING
        why = None if found.is_budget else STOPPED_ALL
        await summaries.move(conn, summary.id, state, reason=why, retry_at=found.until)
    log.warning("a FAQ waits", paper=summary.paper_id, until=f"{found.until:%F %T}")
    return True


async def _write(writer: Writer, summary: Summary) -> None:
    fetcher = writer.fetcher
    wording = writer.press.prompts.wording(summary.language)
    if (wording.version, fetcher.settings.llm_model) != (summary.prompt, summary.model):
        async with fetcher.engine.begin() as conn:
            await writer.press.ask_anew(conn, summary)
        return
    reading = await read(writer, summary)
    async with writer.slots.slot():
        while len(answers := await _answers(writer, summary)) < len(wording.questions):
            reading = await _next(writer, summary, reading, answers)
    await _end(writer, summary)


async def _answers(writer: Writer, summary: Summary) -> list[str]:
    async with writer.fetcher.engine.connect() as conn:
        return await summaries.answers(conn, summary.id)


async def _next(writer: Writer, summary: Summary, reading: Reading, answers: list[str]) -> Reading:
    """The next answer; or, where the model finds the text too long, the text cut more."""
    try:
        await answer_next(writer, summary, reading, answers)
    except ContextOverflow as error:
        reply = writer.fetcher.settings.reply_tokens
        size = reading.conversation.smaller(error.limit, reply)
        if size is None:
            raise
        log.info("a text is cut to fit the model", paper=summary.paper_id, characters=size)
        return await cut_more(writer, summary, reading, size)
    return reading


async def _end(writer: Writer, summary: Summary) -> None:
    now = writer.fetcher.clock()
    async with writer.fetcher.engine.begin() as conn:
        done = {"ended_at": now, "retry_at": None, "reason": None, "failures": 0}
        await summaries.move(conn, summary.id, State.WHOLE, **done)
        await sources.llm_answered(conn, now)
    log.info("a FAQ is whole", paper=summary.paper_id, language=summary.language)


async def _stop_all(writer: Writer, summary: Summary, error: LlmStopped) -> None:
    """The others find out by themselves, when it is their turn."""
    now = writer.fetcher.clock()
    async with writer.fetcher.engine.begin() as conn:
        await sources.llm_stopped(conn, now, f"{type(error).__name__}: {error}", now + STOPPED)
        wait = {"reason": STOPPED_ALL, "retry_at": now + STOPPED}
        await summaries.move(conn, summary.id, State.WAITING, **wait)
    log.error("the model answers nobody: see to it", reason=str(error))


async def _try_later(writer: Writer, summary: Summary, error: Exception) -> None:
    is_busy = isinstance(error, LlmBusy | RateLimited)
    async with writer.fetcher.engine.connect() as conn:
        now = await summaries.get(conn, summary.id)  # answers since then ended a row of failures
    failures = (now or summary).failures + (not is_busy)
    if failures >= MOST_FAILURES:
        await _fail(writer, summary, Reason.GAVE_UP)
        return
    wait = min(timedelta(seconds=10 * 2**failures), _LONGEST_WAIT)
    if isinstance(error, LlmBusy | RateLimited):
        wait = timedelta(seconds=min(error.retry_after or BUSY, _LONGEST_WAIT.total_seconds()))
    if isinstance(error, LlmBusy):
        await writer.slots.hold(wait.total_seconds())
    later = {"failures": failures, "retry_at": writer.fetcher.clock() + wait}
    async with writer.fetcher.engine.begin() as conn:
        await summaries.move(conn, summary.id, State.WAITING, reason=type(error).__name__, **later)
    log.warning(
        "a FAQ waits", paper=summary.paper_id, reason=repr(error), seconds=wait.total_seconds()
    )


async def _fail(writer: Writer, summary: Summary, reason: Reason) -> None:
    async with writer.fetcher.engine.begin() as conn:
        await summaries.move(
            conn, summary.id, State.FAILED, reason=reason.value, ended_at=writer.fetcher.clock()
        )
    log.warning("a FAQ can't be written", paper=summary.paper_id, reason=reason.value)


def _reason(error: Unanswered) -> Reason:
    for kind, reason in (
        (Refused, Reason.REFUSED),
        (ContextOverflow, Reason.TOO_LONG),
        (Truncated, Reason.TRUNCATED),
    ):
        if isinstance(error, kind):
            return reason
    return Reason.UNANSWERED
