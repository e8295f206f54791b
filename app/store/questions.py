"""Readers' own questions to papers: each seen by who asked it only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store import tables
from app.store.summaries import QUEUE

TASK = "answer a question"

_q = tables.question.c


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its answer so far; ended without `markdown`, it can't be answered."""

    id: int
    summary_id: int
    words: str
    markdown: str | None
    html: str
    failures: int
    ended_at: datetime | None


_COLUMNS = tuple(_q[name] for name in Question.__dataclass_fields__)
# Who asks is waiting: before all FAQs.
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 40, 'question ' || :id, 'question ' || :id,
            jsonb_build_object('question', CAST(:id AS bigint)), NULL)
        ::procrastinate_job_to_defer_v1])
    WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs AS j
        WHERE j.lock = 'question ' || :id AND j.status IN ('todo', 'doing'))
""")
# One reader's questions are counted one after another, however many are asked at once.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:reader, 0))")


async def ask(  # noqa: PLR0913 - a question, and who may ask how many
    conn: AsyncConnection, number: int, reader: str, words: str, at: datetime, *, most: int
) -> int | None:
    """Put a question after a FAQ; None when the reader had `most` in the day (24 hours) before."""
    await conn.execute(_ALONE, {"reader": reader})
    asked = await conn.scalar(
        select(func.count()).where(_q.reader == reader, _q.asked_at > at - timedelta(days=1))
    )
    if (asked or 0) >= most:
        return None
    made = await conn.execute(
        insert(tables.question)
        .values(summary_id=number, reader=reader, words=words, asked_at=at)
        .returning(_q.id)
    )
    question: int = made.scalar_one()
    await enqueue(conn, [question])
    return question


async def enqueue(conn: AsyncConnection, ids: Sequence[int]) -> None:
    """Bring these to a worker."""
    for question in ids:
        await conn.execute(_DEFER, {"id": question, "queue": QUEUE, "task": TASK})


async def due(conn: AsyncConnection) -> list[int]:
    """Those that have no answer yet."""
    found = await conn.execute(select(_q.id).where(_q.ended_at.is_(None)).order_by(_q.id))
    return [row.id for row in found]


async def get(conn: AsyncConnection, question: int) -> Question | None:
    """A question by its number."""
    row = (await conn.execute(select(*_COLUMNS).where(_q.id == question))).one_or_none()
    return Question(*row) if row else None


async def of_reader(conn: AsyncConnection, number: int, reader: str) -> list[Question]:
    """What a reader asked after a FAQ, in order."""
    found = await conn.execute(
        select(*_COLUMNS).where(_q.summary_id == number, _q.reader == reader).order_by(_q.id)
    )
    return [Question(*row) for row in found]


async def before(conn: AsyncConnection, question: Question) -> list[tuple[str, str]]:
    """The same reader's earlier questions after the same FAQ, with their answers."""
    reader = select(_q.reader).where(_q.id == question.id).scalar_subquery()
    found = await conn.execute(
        select(_q.words, _q.markdown)
        .where(_q.summary_id == question.summary_id, _q.reader == reader)
        .where(_q.id < question.id, _q.markdown.is_not(None))
        .order_by(_q.id)
    )
    return [(words, answer) for words, answer in found]


async def write(conn: AsyncConnection, question: int, html: str) -> None:
    """How far its answer is."""
    await conn.execute(
        update(tables.question).where(_q.id == question, _q.ended_at.is_(None)).values(html=html)
    )


async def end(
    conn: AsyncConnection, question: int, at: datetime, markdown: str | None, html: str
) -> None:
    """Its answer is whole, or, without words, there will be none."""
    await conn.execute(
        update(tables.question)
        .where(_q.id == question, _q.ended_at.is_(None))
        .values(markdown=markdown, html=html, ended_at=at)
    )


async def failed(conn: AsyncConnection, question: int) -> None:
    """A try came to nothing."""
    await conn.execute(
        update(tables.question).where(_q.id == question).values(failures=_q.failures + 1)
    )
