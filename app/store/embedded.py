"""The embedded Postgres server of one DATA_DIR, shared by all processes that use it.

Three lock files hold it together. Whoever holds `start.lock` may start or stop the server.
Every user holds `users.lock` shared: the last one to leave stops the server. The server itself,
with all its children, holds `server.lock`, which it inherits and the kernel frees when they are
gone: unlike a process number it can't be stale, nor belong to somebody else by now.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.pq import PGconn, Ping
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import URL

from app.errors import DatabaseTrouble
from app.store.engine import conninfo
from app.store.places import SOCKET, Account, drop_socket_folder, settle, socket_folder
from app.store.programs import programs

_NAME = "freshprint"  # of the superuser and of the database
_LOG_LIMIT = 4_000_000  # bytes
_POLL = 0.01
_DEAF = 5.0  # seconds that a server may be without its socket

# `ALTER SYSTEM` is the place for an operator's own wishes: this file is written at every start.
_CONF = """\
# Written by Freshprint at every start; ALTER SYSTEM settings are read after it.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
max_wal_size = 512MB
# containers have 64 MB of shared memory by default, which parallel queries overrun
max_parallel_workers_per_gather = 0
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
"""


class Server:
    """`enter()` before use, `leave()` after it; between them `ensure()` whenever it may be down.

    All three may take seconds and block: call them in a thread. They raise DatabaseTrouble.
    """

    def __init__(self, data_dir: Path, folders: Sequence[Path] | None = None) -> None:
        """`folders`: where to look for Postgres' programs, instead of the known places."""
        self._data_dir = data_dir.absolute()
        self._log = self._data_dir / "postgres.log"
        self._folders = folders
        self._home = self._data_dir  # settled by enter()
        self._account = Account(os.geteuid(), os.getegid())
        self._socket = self._data_dir
        self._users: int | None = None

    @property
    def url(self) -> URL:
        return self._url(_NAME)

    def enter(self) -> None:
        with _troubles(self._data_dir):
            self._home, self._account = settle(self._data_dir)
            self._users = self._open("users.lock")
            fcntl.flock(self._users, fcntl.LOCK_SH)
        self.ensure()

    def ensure(self) -> None:
        """Have it running and answering: as found, adopted from a killed owner, or started."""
        with _troubles(self._data_dir), self._alone():
            self._socket = socket_folder(self._home, self._account)
            if self.runs():
                # Without its socket nobody will ever reach it: something has cleared /tmp.
                if self._answers(60 if (self._socket / SOCKET).exists() else _DEAF):
                    return
                self._halt()
            self._launch()
            if not self._answers(60):
                raise DatabaseTrouble(f"Postgres did not start; {self._log} ends:\n{self._tail()}")

    def leave(self) -> None:
        """Stop the server, unless others use it."""
        if self._users is None:
            return
        try:
            with _troubles(self._data_dir), self._alone():
                if _try_lock(self._users, fcntl.LOCK_EX):
                    self._halt()
                    drop_socket_folder(self._home, self._account)
        finally:
            os.close(self._users)
            self._users = None

    def runs(self) -> bool:
        """Whether the server, or a child it left, is alive; or one that was started by hand."""
        descriptor = self._open("server.lock")
        try:
            return not _try_lock(descriptor, fcntl.LOCK_SH) or self._postmaster() is not None
        finally:
            os.close(descriptor)

    def trim_log(self) -> None:
        """Keep the log, and the one before it, from filling the disk."""
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            shutil.copyfile(self._log, self._log.with_suffix(".log.1"))
            os.truncate(self._log, 0)

    @property
    def _cluster(self) -> Path:
        return self._home / "cluster"

    def _url(self, name: str) -> URL:
        return URL.create(
            "postgresql+psycopg",
            username=_NAME,
            database=name,
            query={"host": str(self._socket), "port": "5432"},
        )

    def _open(self, name: str) -> int:
        return self._account.open(self._home / name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = self._open("start.lock")
        try:
            _wait_lock(descriptor, 120)
            yield
        finally:
            os.close(descriptor)

    def _answers(self, within: float) -> bool:
        """Wait until it takes connections. False: it is gone, or silent for so many seconds."""
        address = f"{conninfo(self._url('postgres'))} connect_timeout=5".encode()
        until = time.monotonic() + within
        while time.monotonic() < until:
            answer = PGconn.ping(address)
            if answer == Ping.OK:
                self._make_database()
                return True
            if not self.runs():
                return False
            recovers = answer == Ping.REJECT
            if recovers:  # from a crash: that takes what it takes
                until = time.monotonic() + within
            time.sleep(10 * _POLL if recovers else _POLL)  # it logs every refusal
        return False

    def _make_database(self) -> None:
        with psycopg.connect(conninfo(self._url("postgres")), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [_NAME])
            if not found.rowcount:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(_NAME)))

    def _launch(self) -> None:
        version = self._cluster / "PG_VERSION"
        made_by = int(version.read_text()) if version.exists() else None
        folder, major = programs(self._account, made_by, self._folders)
        if made_by is None:
            self._initialise(folder, major)
        if self._postmaster() is None:
            self._forget_the_dead()
        self._configure()
        self.trim_log()
        self._spawn(folder)

    def _initialise(self, folder: Path, major: int) -> None:
        """Make a cluster aside and move it into place: half a one is never taken for whole."""
        for left in self._home.glob("initdb-*"):
            shutil.rmtree(left, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._home))
        self._account.own(aside)
        locale = ["--locale=C.UTF-8"]
        if major >= 17:  # Postgres' own, the same on every system
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = ["--encoding=UTF8", "--data-checksums", "--auth=trust", "--no-instructions"]
        with self._account.at(aside) as (name, way):
            options += [f"--username={_NAME}", f"--pgdata={name}", *locale]
            self._run(folder / "initdb", *options, pass_fds=[way])
        aside.rename(self._cluster)

    def _forget_the_dead(self) -> None:
        """Remove what a killed server left.

        Postgres does so by the process number alone, which another program may have by now, or
        the dead one itself where nobody reaps it, as in a container.
        """
        for stale in (self._cluster / "postmaster.pid", *self._socket.glob(f"{SOCKET}*")):
            stale.unlink(missing_ok=True)

    def _configure(self) -> None:
        """Write the server's settings: as its user, since root follows no path of somebody else."""
        conf = _CONF.format(socket=self._socket)
        with self._account.at(self._cluster) as (name, way):
            write = ("/bin/sh", "-c", 'cat > "$1/postgresql.conf"', "sh", name)
            self._run(*write, input=conf, pass_fds=[way])

    def _spawn(self, folder: Path) -> None:
        alive = self._open("server.lock")
        log = self._account.open(self._log)
        try:
            _wait_lock(alive, 10)
            # pg_ctl gives it a session of its own: Ctrl-C in our terminal isn't meant for it.
            command = (folder / "pg_ctl", "start", "--no-wait", "--silent")
            with self._account.at(self._cluster) as (name, way):
                fds = [alive, way]
                self._run(*command, f"--pgdata={name}", stdout=log, stderr=log, pass_fds=fds)
        finally:
            os.close(alive)
            os.close(log)

    def _halt(self) -> None:
        """Stop it: politely, and then with a recovery at its next start."""
        for kind, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
            if pid := self._postmaster():
                with suppress(ProcessLookupError):
                    os.kill(pid, kind)
            until = time.monotonic() + patience
            while self.runs():
                if time.monotonic() > until:
                    break
                time.sleep(_POLL)
            else:
                return
        raise DatabaseTrouble(f"the Postgres server in {self._cluster} doesn't stop")

    def _postmaster(self) -> int | None:
        """The process number of the living server, as it wrote it down."""
        try:
            first = (self._cluster / "postmaster.pid").read_text().partition("\n")[0]
        except FileNotFoundError:
            return None
        return int(first) if first.isdigit() and _works_in(int(first), self._cluster) else None

    def _run(self, *command: str | Path, **options: object) -> None:
        done = self._account.run(*command, **options)
        if done.returncode:
            said = (done.stdout or self._tail()).strip()
            raise DatabaseTrouble(f"{Path(command[0]).name} failed: {said}")

    def _tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-5:])


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_lock(descriptor: int, patience: float) -> None:
    until = time.monotonic() + patience
    while not _try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > until:
            raise DatabaseTrouble("another process has been starting the database for too long")
        time.sleep(_POLL)


def _works_in(pid: int, folder: Path) -> bool:
    """Whether a process has `folder` as its working directory, as a postmaster has its cluster."""
    try:
        if Path("/proc/self").exists():
            return Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        return False
    # macOS has no such folder, and shows the command: it names the cluster
    me = Account(os.geteuid(), os.getegid())
    return str(folder) in me.run("ps", "-o", "command=", "-p", str(pid)).stdout


@contextmanager
def _troubles(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, psycopg.Error) as error:
        raise DatabaseTrouble(f"no database can be kept in {data_dir}: {error}") from error
