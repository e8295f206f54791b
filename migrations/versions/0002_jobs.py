"""The job queue: procrastinate's own tables, types and functions, as release 3.10 has them."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"

# What goes: everything by its prefix, so that a patch release's additions go too.
_DROP = """
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT 'TABLE' AS what, oid::regclass::text AS name FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate\\_%' AND pg_table_is_visible(oid)
    LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', thing.what, thing.name); END LOOP;
    FOR thing IN
        SELECT 'FUNCTION' AS what, oid::regprocedure::text AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pg_function_is_visible(oid)
        UNION ALL
        SELECT 'TYPE', oid::regtype::text FROM pg_type
        WHERE typtype IN ('c', 'e') AND typname LIKE 'procrastinate\\_%' AND pg_type_is_visible(oid)
    LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', thing.what, thing.name); END LOOP;
END;
$$
"""


def upgrade() -> None:
    # Straight to the driver: the text holds colons and percent signs, and many statements.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def downgrade() -> None:
    op.get_bind().exec_driver_sql(_DROP.replace("%", "%%"))
