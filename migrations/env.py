"""Alembic's entry point. app/store/migrate.py runs it, and hands in an open connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text


def _run(connection: Connection, lock_timeout: str) -> None:
    # A migration that waits for a lock makes every query behind it wait too: give up early
    # (migrate.py tries again) instead of stopping the site.
    connection.execute(text("SELECT set_config('lock_timeout', :t, false)"), {"t": lock_timeout})
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.commit()
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"], context.config.attributes["lock_timeout"])
