"""How arXiv's interfaces have been answering, when to look again, and what makes asking cheap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.source import Source
from app.domain.subjects import Subjects
from app.store import tables

_SCHEDULE = "schedule"  # the row beside the sources' that says when to look again


@dataclass(frozen=True, slots=True)
class Health:
    """How a source, or all of them, have been doing. Times in UTC; `failure` in words."""

    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Validated:
    """What makes the next request for a feed conditional, and the day that feed was of."""

    url: str
    etag: str | None
    last_modified: str | None
    day: date


async def healths(conn: AsyncConnection) -> dict[Source, Health]:
    """How each source that was ever asked is doing."""
    return _of_sources(await _rows(conn))


async def health(conn: AsyncConnection) -> Health:
    """How arXiv as a whole is doing: failing while any source is, since the first of them began;
    and when it is looked at again."""
    rows = await _rows(conn)
    each = _of_sources(rows).values()
    failing = [(h.failing_since, h.failure) for h in each if h.failing_since]
    since, failure = min(failing, default=(None, None))
    last = max((h.succeeded_at for h in each if h.succeeded_at), default=None)
    return Health(last, since, failure, rows.get(_SCHEDULE, Health()).retry_at)


async def succeeded(conn: AsyncConnection, source: Source, at: datetime) -> None:
    """A source answered."""
    await _note(conn, source, succeeded_at=at, failing_since=None, failure=None)


async def failed(conn: AsyncConnection, source: Source, at: datetime, failure: str) -> None:
    """A source gave no usable answer. The first time of several is when that began."""
    since = (await healths(conn)).get(source, Health()).failing_since or at
    await _note(conn, source, failing_since=since, failure=failure[:500])


async def next_look(conn: AsyncConnection) -> Health:
    """When to look again, and since when looks have been failing, for whatever reason."""
    return (await _rows(conn)).get(_SCHEDULE, Health())


async def looked(conn: AsyncConnection, at: datetime, retry_at: datetime | None) -> None:
    """A look went well; `retry_at` where it left something to look for."""
    await _note(
        conn, _SCHEDULE, succeeded_at=at, failing_since=None, failure=None, retry_at=retry_at
    )


async def look_failed(
    conn: AsyncConnection, since: datetime, failure: str, retry_at: datetime
) -> None:
    """A look did not end well; looks have been failing since `since`."""
    await _note(conn, _SCHEDULE, failing_since=since, failure=failure[:500], retry_at=retry_at)


async def _rows(conn: AsyncConnection) -> dict[str, Health]:
    s = tables.source.c
    found = await conn.execute(
        select(s.name, s.succeeded_at, s.failing_since, s.failure, s.retry_at)
    )
    return {name: Health(*row) for name, *row in found}


def _of_sources(rows: Mapping[str, Health]) -> dict[Source, Health]:
    return {source: rows[source] for source in Source if source in rows}


async def _note(conn: AsyncConnection, name: str, **values: datetime | str | None) -> None:
    await conn.execute(
        insert(tables.source)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=[tables.source.c.name], set_=values)
    )


async def validated(conn: AsyncConnection, url: str) -> Validated | None:
    """What was kept of a feed when it was last read whole."""
    v = tables.validator
    row = (
        await conn.execute(
            select(v.c.url, v.c.etag, v.c.last_modified, v.c.day).where(
                v.c.url == url, v.c.day.is_not(None)
            )
        )
    ).one_or_none()
    return Validated(*row) if row else None


async def keep_validated(conn: AsyncConnection, kept: Validated, at: datetime) -> None:
    """Remember it, once what it stands for is stored: never before."""
    values = {
        "etag": kept.etag, "last_modified": kept.last_modified, "day": kept.day, "seen_at": at
    }  # fmt: skip
    await conn.execute(
        insert(tables.validator)
        .values(url=kept.url, **values)
        .on_conflict_do_update(index_elements=[tables.validator.c.url], set_=values)
    )


async def harvested_until(conn: AsyncConnection, subjects: Subjects) -> date | None:
    """The last day whose changes OAI-PMH was read for, for just these categories."""
    p = tables.progress
    found = await conn.execute(select(p.c.position).where(p.c.job == _harvest(subjects)))
    position: str | None = found.scalar_one_or_none()
    return date.fromisoformat(position) if position else None


async def keep_harvested(
    conn: AsyncConnection, subjects: Subjects, day: date, at: datetime
) -> None:
    """All that changed until `day` is stored."""
    statement = insert(tables.progress).values(
        job=_harvest(subjects), position=day.isoformat(), updated_at=at
    )
    position = func.greatest(tables.progress.c.position, statement.excluded.position)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=[tables.progress.c.job], set_={"position": position, "updated_at": at}
        )
    )


def _harvest(subjects: Subjects) -> str:
    return f"harvest {subjects}"


_LLM = "llm"  # the row of the language model, which is no source of papers


async def llm(conn: AsyncConnection) -> Health:
    """How the language model is doing; failing means that it answers nobody."""
    return (await _rows(conn)).get(_LLM, Health())


async def llm_answered(conn: AsyncConnection, at: datetime) -> None:
    """It gave a whole answer."""
    await _note(conn, _LLM, succeeded_at=at, failing_since=None, failure=None, retry_at=None)


async def llm_stopped(
    conn: AsyncConnection, at: datetime, failure: str, retry_at: datetime
) -> None:
    """It answers nobody until a person acts, and isn't asked before `retry_at`."""
    since = (await llm(conn)).failing_since or at
    await _note(conn, _LLM, failing_since=since, failure=failure[:500], retry_at=retry_at)
