"""Rows as COPY reads them."""

from __future__ import annotations

from app.store import rows, tables


def test_a_row_has_all_of_its_tables_columns() -> None:
    for table, columns in rows.COLUMNS.items():
        assert columns.split(", ") == [c.name for c in tables.metadata.tables[table].columns]
