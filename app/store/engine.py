"""Addresses of databases, and the pool of connections to one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import OperationalError, ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.errors import Misconfigured, Unreachable

_DRIVER = "postgresql+psycopg"
_NAMES = {"postgres", "postgresql", _DRIVER, "postgresql+psycopg2", "postgresql+asyncpg"}

# A page that takes half a minute is not waited for; migrations and backups use connections of
# their own. Compiling a query (JIT) costs these short ones more than it gives.
_SESSION = (
    "-c timezone=UTC -c jit=off -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s"
)


def sqlalchemy_url(text: str | URL) -> URL:
    """The URL of a Postgres database, from SQLAlchemy's or libpq's way of writing it.

    Raises Misconfigured, never repeating the text: it may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise Misconfigured("the database URL can't be read") from None
    if url.drivername not in _NAMES:
        raise Misconfigured(f"the database must be Postgres, not {url.drivername!r}")
    url = url.set(drivername=_DRIVER)
    if "ssl" in url.query:  # asyncpg's word for it
        url = url.difference_update_query(["ssl"]).update_query_dict({"sslmode": url.query["ssl"]})
    conninfo(url)
    return url


def conninfo(url: URL) -> str:
    """The same address as libpq's own tools and drivers take it, password included.

    Raises Misconfigured when it has an option that libpq doesn't know.
    """
    try:
        return make_conninfo(**_parameters(url))
    except ProgrammingError as error:
        raise Misconfigured(f"the database URL: {error}".strip()) from None


def _parameters(url: URL) -> dict[str, str]:
    written = url.translate_connect_args(username="user", database="dbname")
    options = {k: v if isinstance(v, str) else ",".join(v) for k, v in url.query.items()}
    return {k: str(v) for k, v in {**written, **options}.items()}


def open_engine(url: str | URL, *, pool_size: int = 10) -> AsyncEngine:
    """A pool of at most `pool_size` kept connections, and as many again in a rush.

    It outlives a restart of the server: a connection is tried before it is handed out.
    """
    url = sqlalchemy_url(url)
    options = url.query.get("options", "")
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={
            "application_name": "freshprint",
            "connect_timeout": 10,
            "options": f"{_SESSION} {options}".strip(),
        },
    )


@contextmanager
def losses() -> Iterator[None]:
    """Raises Unreachable when the server went away, or couldn't do what it was asked to."""
    try:
        yield
    except (OperationalError, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, OperationalError):
            raise
        reason = str(cause).partition("\n")[0]
        raise Unreachable(f"the database failed: {reason}") from error
