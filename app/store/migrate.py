"""Bringing a database to the tables of this release, with Alembic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from app.errors import DatabaseTrouble
from app.paths import MIGRATIONS
from app.store.engine import sqlalchemy_url
from app.store.unbroken import unbroken

_LOCK = 0x66726573687072  # "freshpr": one migration at a time in a database
_PATIENCE = 900.0  # seconds for which another process's migration is waited for
_TRIES = 5
_PAUSE = 0.5  # seconds between two tries

Step = Callable[[Config], None]


async def upgrade(url: str | URL) -> None:
    """Bring the database at `url` to the newest tables; do nothing where it has them.

    Any number of processes may call this at once. Raises DatabaseTrouble when the database
    is of a newer release, or its tables are locked by somebody who doesn't let go.
    """
    await unbroken(asyncio.to_thread(run, url, lambda config: command.upgrade(config, "head")))


async def head_and_current(engine: AsyncEngine) -> tuple[str, str | None]:
    """The revision this program wants, and the one the database has (None: never migrated)."""
    async with engine.connect() as connection:
        current = await connection.run_sync(_current)
    return _head(_scripts()), current


def run(url: str | URL, step: Step, *, lock_timeout: str = "5s") -> None:
    """Do one of Alembic's commands on a database, alone there, and again where a lock failed it."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.connect() as lock, engine.connect() as connection:
        _alone(lock.execution_options(isolation_level="AUTOCOMMIT"))
        _refuse_newer(connection)
        config = _config()
        config.attributes.update(connection=connection, lock_timeout=lock_timeout)
        for _ in range(_TRIES):
            try:
                return step(config)
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
                connection.rollback()
                time.sleep(_PAUSE)
    raise DatabaseTrouble("the tables stay locked by somebody else: the migration was given up")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _head(scripts: ScriptDirectory) -> str:
    head = scripts.get_current_head()
    assert head is not None
    return head


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _alone(connection: Connection) -> None:
    """Wait until nobody else migrates this database.

    Asked for again and again, since a waiting statement would be in the way of a migration
    that builds an index concurrently.
    """
    until = time.monotonic() + _PATIENCE
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
        if time.monotonic() > until:
            raise DatabaseTrouble("another process has been migrating this database for too long")
        time.sleep(0.1)


def _refuse_newer(connection: Connection) -> None:
    current = _current(connection)
    connection.rollback()
    known = {script.revision for script in _scripts().walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseTrouble(
            f"the database is of a newer Freshprint (revision {current}) than this one: "
            "install that release, or restore a backup made before it"
        )
