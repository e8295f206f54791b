"""Storing what the sources tell: whole batches, idempotent, nothing known erased."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Announcement, Author, Kind, Paper, Version
from app.domain.subjects import Subjects
from app.services.render import render
from app.store import intake, tables
from app.store.intake import Stored

DAY = date(2026, 1, 22)
NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)
FIRST = Paper(
    ArxivId.parse("2601.00001"),
    r"On $\alpha$ & other <letters>",
    (Author(r"Paul Erd\H{o}s", ("Nowhere",)), Author("Ada B.")),
    "An abstract.",
    ("cs.CL", "cs.LG"),
    version=1,
)
OLD = replace(FIRST, id=ArxivId.parse("hep-th/9901001"), title="Strings", version=7)


async def store(engine: AsyncEngine, *papers: Paper, detailed_at: datetime | None = None) -> Stored:
    async with engine.begin() as conn:
        return await intake.store_papers(
            conn, papers, {p.id: render(p) for p in papers}, detailed_at=detailed_at
        )


async def rows(engine: AsyncEngine, what: Any) -> list[dict[str, Any]]:
    async with engine.connect() as conn:
        return [dict(row) for row in (await conn.execute(select(what))).mappings()]


async def paper(engine: AsyncEngine, paper_id: str) -> dict[str, Any]:
    return next(row for row in await rows(engine, tables.paper) if row["id"] == paper_id)


async def test_a_paper_is_kept_as_told_with_its_looks_beside(engine: AsyncEngine) -> None:
    assert await store(engine, FIRST, OLD) == Stored(new=2)
    row = await paper(engine, "2601.00001")
    assert row["title"] == FIRST.title
    assert "&lt;letters&gt;" in row["title_html"]
    assert row["authors"][0] == {"name": r"Paul Erd\H{o}s", "affiliations": ["Nowhere"]}
    assert row["author_names"] == ["Paul Erdős", "Ada B."]
    assert row["subjects"] == ["cs.CL", "cs.LG"]
    assert row["detailed_at"] is None


async def test_storing_again_writes_no_row(engine: AsyncEngine) -> None:
    versioned = replace(FIRST, versions=(Version(1, NOW),))
    await store(engine, versioned, detailed_at=NOW)
    before = await _row_versions(engine)
    assert await store(engine, versioned, detailed_at=NOW) == Stored(unchanged=1)
    assert await _row_versions(engine) == before


async def _row_versions(engine: AsyncEngine) -> list[Any]:
    from sqlalchemy import text

    async with engine.connect() as conn:
        found = await conn.execute(
            text("SELECT xmin::text FROM paper UNION ALL SELECT xmin::text FROM version")
        )
        return list(found.scalars())


async def test_details_are_added_and_survive_the_next_feed(engine: AsyncEngine) -> None:
    await store(engine, FIRST)
    detailed = replace(FIRST, comment="9 pages", versions=(Version(1, NOW),), submitted_at=NOW)
    assert await store(engine, detailed, detailed_at=NOW) == Stored(revised=1)
    assert await store(engine, FIRST) == Stored(unchanged=1)
    row = await paper(engine, "2601.00001")
    assert (row["comment"], row["submitted_at"], row["detailed_at"]) == ("9 pages", NOW, NOW)
    assert len(await rows(engine, tables.version)) == 1


async def test_details_that_change_nothing_are_still_noted(engine: AsyncEngine) -> None:
    await store(engine, FIRST)
    await store(engine, FIRST, detailed_at=NOW)
    assert (await paper(engine, "2601.00001"))["detailed_at"] == NOW


async def test_a_new_title_is_rendered_anew_and_an_old_version_keeps_the_newer(
    engine: AsyncEngine,
) -> None:
    await store(engine, FIRST)
    await store(engine, replace(FIRST, title="Renamed", version=2))
    await store(engine, FIRST)
    row = await paper(engine, "2601.00001")
    assert (row["title"], row["title_html"]) == ("Renamed", "Renamed")


async def test_the_same_paper_twice_in_a_batch_is_one(engine: AsyncEngine) -> None:
    assert await store(engine, FIRST, FIRST) == Stored(new=1)


async def test_two_fetchers_at_once_lose_nothing(engine: AsyncEngine) -> None:
    commented, published = replace(FIRST, comment="9 pages"), replace(FIRST, doi="10.1/x")
    await asyncio.gather(*(store(engine, p) for p in [commented, published, FIRST] * 4))
    row = await paper(engine, "2601.00001")
    assert (row["comment"], row["doi"]) == ("9 pages", "10.1/x")


async def test_listings_are_kept_and_a_kind_is_corrected(engine: AsyncEngine) -> None:
    await store(engine, FIRST)
    line = Announcement(DAY, "cs.CL", FIRST.id, Kind.CROSS, FIRST.id.ordinal)
    for kind in (Kind.CROSS, Kind.CROSS, Kind.NEW):
        async with engine.begin() as conn:
            await intake.announce(conn, [replace(line, kind=kind)])
    found = await rows(engine, tables.announcement)
    assert [(r["subject"], r["day"], r["kind"]) for r in found] == [("cs.CL", DAY, Kind.NEW)]
    async with engine.connect() as conn:
        listed = await intake.listed_ids(conn, Subjects.of(["cs.CL", "cs.LG"]), DAY)
    assert listed == {"cs.CL": frozenset({FIRST.id})}


async def test_a_batch_is_stored_whole_or_not_at_all(engine: AsyncEngine) -> None:
    with pytest.raises(KeyError):
        async with engine.begin() as conn:
            await intake.store_papers(conn, [FIRST], {FIRST.id: render(FIRST)}, detailed_at=None)
            raise KeyError
    assert await rows(engine, tables.paper) == []


async def test_ids_are_told_stored_from_not(engine: AsyncEngine) -> None:
    await store(engine, FIRST)
    async with engine.connect() as conn:
        assert await intake.stored_ids(conn, [FIRST.id, OLD.id]) == {FIRST.id}


async def _lines(engine: AsyncEngine) -> set[tuple[str, date, bool]]:
    return {
        (row["subject"], row["day"], row["derived"])
        for row in await rows(engine, tables.announcement)
    }


def _line(subject: str, day: date, kind: Kind, *, derived: bool) -> Announcement:
    return Announcement(day, subject, FIRST.id, kind, FIRST.id.ordinal, derived)


async def test_a_listing_takes_the_place_of_derived_lines(engine: AsyncEngine) -> None:
    later = date(2026, 1, 23)
    derived = [
        _line("cs.CL", DAY, Kind.NEW, derived=True),
        _line("cs.LG", DAY, Kind.CROSS, derived=True),
        _line("cs.CL", date(2026, 1, 29), Kind.REPLACE, derived=True),
    ]
    await store(engine, FIRST)
    async with engine.begin() as conn:
        await intake.announce(conn, derived)
        await intake.announce(conn, [_line("cs.LG", later, Kind.CROSS, derived=False)])
    assert await _lines(engine) == {
        ("cs.CL", DAY, True),
        ("cs.LG", later, False),
        ("cs.CL", date(2026, 1, 29), True),
    }
    async with engine.begin() as conn:
        await intake.announce(conn, [_line("cs.CL", later, Kind.NEW, derived=False)])
        assert await intake.announced_before(conn, [FIRST.id], later) == frozenset()
    assert await _lines(engine) == {
        ("cs.CL", later, False),
        ("cs.LG", later, False),
        ("cs.CL", date(2026, 1, 29), True),
    }


async def test_a_derived_day_is_no_proof_of_an_earlier_listing(engine: AsyncEngine) -> None:
    await store(engine, FIRST)
    tomorrow = date(2026, 1, 23)
    async with engine.begin() as conn:
        await intake.announce(conn, [_line("cs.CL", DAY, Kind.NEW, derived=True)])
        assert await intake.announced_before(conn, [FIRST.id], tomorrow) == frozenset()
        await intake.announce(conn, [_line("cs.CL", DAY, Kind.NEW, derived=False)])
        assert await intake.announced_before(conn, [FIRST.id], tomorrow) == {FIRST.id}
