"""Reading FAQs for pages: what is answered, what is being written, and what all of it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.faq import State
from app.domain.paper import Kind
from app.store import tables

_s, _a, _d, _c = tables.summary.c, tables.answer.c, tables.draft.c, tables.llm_call.c


@dataclass(frozen=True, slots=True)
class Took:
    """What a FAQ took so far; `cost` is None where no prices are set."""

    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: Decimal | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and its answer, safe HTML; `is_whole` is False while it is being written."""

    n: int
    question: str
    html: str
    claims: int = 0
    found: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Faq:
    """One FAQ as it stands."""

    id: int
    paper_id: str
    version: int
    language: str
    model: str
    prompt: str
    attempt: int
    state: State
    reason: str | None
    asked_at: datetime
    retry_at: datetime | None
    ended_at: datetime | None
    origin: str | None
    unreadable: str | None
    cut: tuple[tuple[str, str, int], ...]
    hidden: int | None
    answers: tuple[Answered, ...]
    took: Took
    ahead: int

    @property
    def is_whole(self) -> bool:
        """Whether all questions are answered."""
        return self.state is State.WHOLE


async def get(conn: AsyncConnection, number: int) -> Faq | None:
    """A FAQ by its number."""
    row = (await conn.execute(_faqs().where(_s.id == number))).mappings().one_or_none()
    return await _faq(conn, row) if row else None


async def of_paper(conn: AsyncConnection, paper_id: str, language: str) -> list[Faq]:
    """A paper's FAQs in a language that have something to show or are on their way: the newest
    version and attempt first."""
    newest = (_s.version.desc(), _s.id.desc())
    found = await conn.execute(
        _faqs().where(_s.paper_id == paper_id, _s.language == language).order_by(*newest)
    )
    return [await _faq(conn, row) for row in found.mappings().all()]


async def asker_of(conn: AsyncConnection, number: int) -> str | None:
    """The digest of the reader who alone asked for a FAQ."""
    found = await conn.execute(select(_s.reader).where(_s.id == number))
    digest: str | None = found.scalar_one_or_none()
    return digest


async def markdown(conn: AsyncConnection, number: int) -> list[tuple[str, str]]:
    """The questions of a FAQ with their whole answers in the model's own words."""
    found = await conn.execute(
        select(_a.question, _a.markdown).where(_a.summary_id == number).order_by(_a.n)
    )
    return [(question, answer) for question, answer in found]


async def states(conn: AsyncConnection) -> dict[str, int]:
    """How many FAQs are in each state."""
    found = await conn.execute(select(_s.state, func.count().label("faqs")).group_by(_s.state))
    return {row.state: row.faqs for row in found}


async def outdated(conn: AsyncConnection, day: date) -> list[tuple[str, int, str]]:
    """The papers replaced on a day whose newest FAQ is of an older version: paper, the version that
    is current, and the language."""
    a, p = tables.announcement.c, tables.paper.c
    replaced = (Kind.REPLACE.value, Kind.REPLACE_CROSS.value)
    found = await conn.execute(
        select(p.id, p.version, _s.language)
        .join_from(tables.paper, tables.summary, _s.paper_id == p.id)
        .where(p.id.in_(select(a.paper_id).where(a.day == day, a.kind.in_(replaced))))
        .where(_s.state == State.WHOLE.value)
        .group_by(p.id, p.version, _s.language)
        .having(func.max(_s.version) < p.version)
    )
    return [(paper_id, version, language) for paper_id, version, language in found]


def _faqs() -> Select[Any]:
    skipped = {"answers", "took", "ahead", "cut"}
    columns = [_s[name] for name in Faq.__dataclass_fields__ if name not in skipped]
    return select(*columns, _s.cut, _s.asker)


async def _faq(conn: AsyncConnection, row: RowMapping) -> Faq:
    values = {name: row[name] for name in Faq.__dataclass_fields__ if name in row}
    return Faq(
        **{**values, "state": State(row["state"]), "cut": tuple(map(tuple, row["cut"] or ()))},
        answers=await _answers(conn, row["id"]),
        took=await _took(conn, row["id"]),
        ahead=await _ahead(conn, row),
    )


async def _answers(conn: AsyncConnection, number: int) -> tuple[Answered, ...]:
    whole = await conn.execute(
        select(_a.n, _a.question, _a.html, _a.claims, _a.found)
        .where(_a.summary_id == number)
        .order_by(_a.n)
    )
    written = await conn.execute(select(_d.n, _d.question, _d.html).where(_d.summary_id == number))
    answers = [Answered(*row) for row in whole]
    drafts = [Answered(*row, is_whole=False) for row in written]
    return (*answers, *(draft for draft in drafts if draft.n == len(answers) + 1))


async def _took(conn: AsyncConnection, number: int) -> Took:
    totals = (_c.tokens_in, _c.tokens_cached, _c.tokens_out)
    found = await conn.execute(
        select(
            *(func.coalesce(func.sum(column), 0) for column in totals),
            func.sum(_c.cost),
            func.coalesce(func.bool_or(_c.estimated), False),
        ).where(_c.summary_id == number)
    )
    row: Any = found.one()
    return Took(*row)


async def _ahead(conn: AsyncConnection, row: RowMapping) -> int:
    """How many waiting ones come before this one; 0 once it is being worked on."""
    if row["state"] != State.WAITING.value:
        return 0
    before = and_(_s.asker == row["asker"], _s.id < row["id"])
    found = await conn.execute(
        select(func.count()).where(
            _s.ended_at.is_(None),
            _s.state == State.WAITING.value,
            (_s.asker > row["asker"]) | before,
        )
    )
    return int(found.scalar_one())
