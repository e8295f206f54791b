"""Full texts, kept for the next FAQ of the same version: compressed, and never served."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import zstandard
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.fulltext import FullText, Origin, as_json, from_json
from app.store import tables

_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a version's files came to: its text, or the reason why there is none."""

    text: FullText | None
    reason: str | None = None


async def of(conn: AsyncConnection, paper_id: str, version: int) -> Read | None:
    """A version's text as it was read; None when nobody has tried."""
    f = tables.fulltext.c
    found = await conn.execute(
        select(f.body, f.reason).where(f.paper_id == paper_id, f.version == version)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Read(_unpacked(row.body) if row.body else None, row.reason)


async def keep(
    conn: AsyncConnection, paper_id: str, version: int, read: Read, at: datetime
) -> None:
    """Keep what was read; the latest reading counts."""
    values = {
        "origin": (read.text.origin if read.text else Origin.ABSTRACT).value,
        "body": _packed(read.text) if read.text else None,
        "reason": read.reason,
        "read_at": at,
    }
    await conn.execute(
        insert(tables.fulltext)
        .values(paper_id=paper_id, version=version, **values)
        .on_conflict_do_update(index_elements=["paper_id", "version"], set_=values)
    )


def _packed(text: FullText) -> bytes:
    written = json.dumps(as_json(text), ensure_ascii=False, separators=(",", ":"))
    return zstandard.compress(written.encode("utf-8", "replace"), 9)


def _unpacked(body: bytes) -> FullText:
    return from_json(json.loads(zstandard.decompress(body, max_output_size=_MOST_BYTES)))
