"""Papers and days made for the pages' tests: stored by the same code that stores arXiv's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State
from app.domain.paper import Announcement, Author, Kind, Paper, Version
from app.services.render import render
from app.store import intake, tables

DAY = date(2026, 1, 22)  # a Thursday
BEFORE = date(2026, 1, 21)
AFTER = date(2026, 1, 23)
NOW = datetime(2026, 1, 22, 9, 0, tzinfo=UTC)
SUBMITTED = datetime(2026, 1, 20, 6, 18, 10, tzinfo=UTC)


def paper(paper_id: str, **fields: object) -> Paper:
    """A paper about which only what matters has to be said."""
    values: dict[str, object] = {
        "title": f"On the matter of {paper_id}",
        "authors": (Author("Ada Lovelace"), Author("Paul Erd\\H{o}s")),
        "abstract": f"We consider {paper_id} and find $x^2$.",
        "subjects": ("cs.AI",),
        "version": 1,
        "submitted_at": SUBMITTED,
        **fields,
    }
    return Paper(id=ArxivId.parse(paper_id), **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Made:
    """What a test finds stored: papers, and per day and category who is listed as what."""

    engine: AsyncEngine
    _stored: set[str] = field(default_factory=set)

    async def papers(self, *papers: Paper) -> None:
        async with self.engine.begin() as conn:
            rendered = {p.id: render(p) for p in papers}
            await intake.store_papers(conn, papers, rendered, detailed_at=NOW)
        self._stored.update(str(p.id) for p in papers)

    async def listing(
        self, subject: str, kinds: Mapping[str, Kind] | Sequence[str], day: date = DAY
    ) -> None:
        """One category's listing; the papers not stored yet are made."""
        if not isinstance(kinds, Mapping):
            kinds = dict.fromkeys(kinds, Kind.NEW)
        missing = [paper(i, subjects=(subject,)) for i in kinds if i not in self._stored]
        await self.papers(*missing)
        lines = [
            Announcement(day, subject, ArxivId.parse(i), kind, ArxivId.parse(i).ordinal)
            for i, kind in kinds.items()
        ]
        async with self.engine.begin() as conn:
            await intake.announce(conn, lines)

    async def state(
        self, subject: str, state: State, seen: int = 0, day: date = DAY, **more: object
    ) -> None:
        row = {"subject": subject, "day": day, "state": state.value, "seen": seen, **more}
        async with self.engine.begin() as conn:
            await conn.execute(insert(tables.day).values(**row))

    async def source(self, name: str = "feeds", **values: object) -> None:
        async with self.engine.begin() as conn:
            await conn.execute(insert(tables.source).values(name=name, **values))


def version(n: int) -> Version:
    """Version `n`, a day after the one before."""
    return Version(n, SUBMITTED.replace(day=19 + n))
