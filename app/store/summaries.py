"""Writing FAQs: asked for once however many ask, answered one by one, never half-written.

The table says what is to be done; jobs only bring it to a worker. Every change is told to the web
processes on the channel `faq`, with the summary's number.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.faq import Asker, State
from app.store import tables

CHANNEL = "faq"
TASK = "summarise"
LONGEST_WAIT = timedelta(days=1)  # a longer one comes from a clock that has been put back since
QUEUE = "faq"

_s = tables.summary.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """What makes a FAQ the same FAQ."""

    paper_id: str
    version: int
    language: str
    model: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Summary:
    """One FAQ as far as the work on it goes."""

    id: int
    paper_id: str
    version: int
    language: str
    model: str
    prompt: str
    state: State
    asker: Asker
    failures: int
    retry_at: datetime | None
    length: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is whole: `claims` is how often it names evidence, `found` of them."""

    n: int
    question: str
    markdown: str
    html: str
    claims: int
    found: int


async def ask(
    conn: AsyncConnection, wanted: Wanted, asker: Asker, at: datetime, *, reader: str | None = None
) -> int:
    """Have this FAQ made, if it isn't yet; its number. Who asks raises one that waits, and takes up
    one that had failed or was cancelled. The job is enqueued in the same transaction."""
    values = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    key = [*values, "attempt"]
    ended = _s.state.in_([State.FAILED.value, State.CANCELLED.value])
    statement = insert(tables.summary).values(
        **values,
        attempt=1,
        state=State.WAITING.value,
        asker=asker.value,
        asked_at=at,
        reader=reader,
    )
    anew = {
        "state": State.WAITING.value, "ended_at": None, "reason": None, "retry_at": None,
        "failures": 0, "asker": asker.value, "asked_at": at, "reader": reader,
    }  # fmt: skip
    made = await conn.execute(statement.on_conflict_do_update(
        index_elements=key, set_=anew, where=ended
    ).returning(_s.id))  # fmt: skip
    number: int | None = made.scalar_one_or_none()
    if number is None:
        same = (_s[name] == value for name, value in values.items())
        found = await conn.execute(select(_s.id).where(*same, _s.attempt == 1))
        number = found.scalar_one()
        await join(conn, number, asker, reader=reader)
        return number
    await enqueue(conn, [number])
    await tell(conn, number)
    return number


async def join(
    conn: AsyncConnection, number: int, asker: Asker, *, reader: str | None = None
) -> None:
    """Somebody else wants this FAQ too: it comes as early as either of them would have it."""
    await conn.execute(
        update(tables.summary)
        .where(_s.id == number, _s.ended_at.is_(None))
        .values(
            asker=func.greatest(_s.asker, asker.value),
            reader=case((_s.reader == reader, _s.reader), else_=None),
        )
    )
    await enqueue(conn, [number])


# A job that waits already is raised, not doubled.
_RAISE = text("""
    UPDATE procrastinate_jobs AS j SET priority = s.asker
    FROM summary AS s
    WHERE j.status = 'todo' AND j.queueing_lock = 'summary ' || s.id AND s.id = ANY(:ids)
        AND j.priority < s.asker
""")
_DEFER = text("""
    SELECT procrastinate_defer_jobs_v1(array_agg(
        ROW(:queue, :task, s.asker, 'summary ' || s.id, 'summary ' || s.id,
            jsonb_build_object('summary', s.id), NULL)::procrastinate_job_to_defer_v1
        ORDER BY s.asker DESC, s.id))
    FROM summary AS s
    WHERE s.id = ANY(:ids) AND s.ended_at IS NULL AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS j
        WHERE j.lock = 'summary ' || s.id AND j.status IN ('todo', 'doing'))
    HAVING count(*) > 0
""")


async def enqueue(conn: AsyncConnection, ids: Sequence[int]) -> None:
    """Bring these to a worker, those asked for by readers first."""
    await conn.execute(_RAISE, {"ids": list(ids)})
    with suppress(IntegrityError):  # somebody else has just brought one of them; the rest is due
        async with conn.begin_nested():
            await conn.execute(_DEFER, {"ids": list(ids), "queue": QUEUE, "task": TASK})


async def due(conn: AsyncConnection, now: datetime, *, most: int = 1_000) -> list[int]:
    """Those that are to be worked on now, readers' first: also after a failure, or a lost job."""
    found = await conn.execute(
        select(_s.id)
        .where(_s.ended_at.is_(None))
        .where(or_(_s.retry_at.is_(None), _s.retry_at <= now, _s.retry_at > now + LONGEST_WAIT))
        .order_by(_s.asker.desc(), _s.id)
        .limit(most)
    )
    return [row.id for row in found]


async def get(conn: AsyncConnection, number: int) -> Summary | None:
    """A FAQ by its number."""
    columns = [_s[name] for name in Summary.__dataclass_fields__]
    row = (await conn.execute(select(*columns).where(_s.id == number))).one_or_none()
    return _summary(row) if row else None


def _summary(row: Row[Any]) -> Summary:
    values = row._asdict()
    return Summary(**{**values, "state": State(row.state), "asker": Asker(row.asker)})


async def answers(conn: AsyncConnection, number: int) -> list[str]:
    """The model's words of those that are answered, in order."""
    a = tables.answer.c
    found = await conn.execute(select(a.markdown).where(a.summary_id == number).order_by(a.n))
    return [row.markdown for row in found]


async def move(conn: AsyncConnection, number: int, state: State, **values: object) -> bool:
    """Take a FAQ over to a state, unless it has come where that can't follow, as when it was
    cancelled meanwhile. Whether it went."""
    before = [s.value for s in State if s.may_become(state) or (s is state and not s.is_final)]
    done = await conn.execute(
        update(tables.summary)
        .where(_s.id == number, _s.state.in_(before))
        .values(state=state.value, **values)
    )
    if state.is_final or state in (State.WAITING, State.POSTPONED):
        await _drop_draft(conn, [number])
    await tell(conn, number)
    return bool(done.rowcount)


async def cancel(conn: AsyncConnection, numbers: Collection[int], at: datetime) -> list[int]:
    """Stop these, those at work too. The ones that were stopped; answers that are whole stay."""
    stopped = await conn.execute(
        update(tables.summary)
        .where(_s.id.in_(numbers), _s.ended_at.is_(None))
        .values(state=State.CANCELLED.value, ended_at=at, retry_at=None)
        .returning(_s.id)
    )
    ids = [row.id for row in stopped]
    await _drop_draft(conn, ids)
    for number in ids:
        await tell(conn, number)
    return ids


async def _drop_draft(conn: AsyncConnection, numbers: Sequence[int]) -> None:
    d = tables.draft
    await conn.execute(d.delete().where(d.c.summary_id.in_(numbers)))


async def keep_answer(conn: AsyncConnection, number: int, answer: Answer, at: datetime) -> bool:
    """An answer is whole, which ends a row of failures. A second worker's, should there ever be
    one, changes nothing; whether this was the first."""
    values = {name: getattr(answer, name) for name in Answer.__dataclass_fields__}
    kept = await conn.execute(
        insert(tables.answer)
        .values(summary_id=number, answered_at=at, **values)
        .on_conflict_do_nothing()
    )
    await conn.execute(update(tables.summary).where(_s.id == number).values(failures=0))
    await _drop_draft(conn, [number])
    await tell(conn, number)
    return bool(kept.rowcount)


async def write(conn: AsyncConnection, number: int, n: int, question: str, html: str) -> bool:
    """Show how far the answer being written is. Whether it is still wanted."""
    wanted = await conn.execute(
        select(_s.id).where(_s.id == number, _s.state == State.ANSWERING.value)
    )
    if wanted.one_or_none() is None:
        return False
    values = {"n": n, "question": question, "html": html}
    await conn.execute(
        insert(tables.draft)
        .values(summary_id=number, **values)
        .on_conflict_do_update(index_elements=["summary_id"], set_=values)
    )
    await tell(conn, number)
    return True


async def tell(conn: AsyncConnection, number: int) -> None:
    """Let web processes know, when this transaction is committed."""
    await conn.execute(select(func.pg_notify(CHANNEL, str(number))))
