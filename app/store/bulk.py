"""Adding papers that are not stored yet, at COPY's own speed: straight into their tables.

Their rows are written as COPY's text by whoever has time for it (`store.rows`, in a pool of
processes), so that nothing is left to do here but to pass bytes on.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.intake import lock
from app.store.rows import COLUMNS, Rows


async def unawaited(conn: AsyncConnection) -> None:
    """Let the transaction's end not wait for the disk, a fifth of the time: when the server falls,
    the last ones are lost together with the progress they noted."""
    await conn.execute(text("SET LOCAL synchronous_commit = off"))


async def unchecked(conn: AsyncConnection) -> None:
    """Until the transaction ends, don't look up the paper of each version and line: a fifth of the
    database's time. For rows whose papers come with them. Only a superuser may ask for that, as we
    are of the embedded server; for others all is looked up."""
    await conn.execute(
        text(
            "SELECT set_config('session_replication_role', 'replica', true)"
            " WHERE current_setting('is_superuser') = 'on'"
        )
    )


async def stored(conn: AsyncConnection, ids: Iterable[str]) -> dict[str, bool]:
    """Which of these papers are stored, and whether all of them is known. Until the transaction
    ends nobody else stores one."""
    await lock(conn)
    found = await conn.execute(
        text("SELECT id, detailed_at FROM paper WHERE id = ANY(CAST(:ids AS text[]))"),
        {"ids": list(ids)},
    )
    return {row.id: row.detailed_at is not None for row in found}


async def add(conn: AsyncConnection, rows: Rows) -> None:
    """Add papers of which none is stored (see `stored`), or lines of which none is there."""
    raw = (await conn.get_raw_connection()).driver_connection
    assert raw is not None
    async with raw.cursor() as cursor:
        for table, columns in COLUMNS.items():
            written = getattr(rows, table)
            if written:
                async with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    await copy.write(written)
