"""Whom the embedded server runs as, and the private folders it lives in."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import DatabaseTrouble

SOCKET = ".s.PGSQL.5432"
_LINK = "socket"
_LONGEST_SOCKET = 103  # bytes: macOS' limit, Linux has 107
_PLAIN = re.compile(r"[A-Za-z0-9/._-]+")  # a path that no shell, list or setting trips over


@dataclass(frozen=True)
class Account:
    """The user that the server runs as: ourselves, or somebody harmless where we are root."""

    uid: int
    gid: int

    @property
    def other(self) -> bool:
        return self.uid != os.geteuid()

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, with nothing of our environment: it holds secrets."""
        if "stdout" not in options:
            options |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        if self.other:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        return subprocess.run(  # noqa: S603 (every command is written in our own code)
            command, cwd="/", env=env, check=False, text=True, errors="replace", **options
        )

    def reaches(self, folder: Path) -> bool:
        return self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0

    def open(self, path: Path) -> int:
        """A file of this user's, made if need be, for locking and appending."""
        kind = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(path, kind, 0o600)
        if self.other:
            os.fchown(descriptor, self.uid, self.gid)
        return descriptor

    def own(self, path: Path) -> None:
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    @contextmanager
    def at(self, folder: Path) -> Iterator[tuple[str, int]]:
        """What this user's programs are to call the folder, if they inherit the descriptor given.

        Where they can't walk down to it (root's DATA_DIR below a closed /root), Linux still lets
        them in by the open descriptor, and no folder above has to be opened to others.
        """
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield self._name(folder, Path(f"/proc/self/fd/{descriptor}")), descriptor
        finally:
            os.close(descriptor)

    def _name(self, folder: Path, inherited: Path) -> str:
        if _PLAIN.fullmatch(str(folder)) and self.reaches(folder):
            return str(folder)
        if inherited.exists():
            return str(inherited)
        raise DatabaseTrouble(
            f"the database server, which runs as user {self.uid}, can't get to {folder}: move "
            "DATA_DIR, run Freshprint as an ordinary user, or set FRESHPRINT_DATABASE_URL"
        )


def settle(data_dir: Path) -> tuple[Path, Account]:
    """The embedded server's folder, made where there is none, and the user it belongs to."""
    home = data_dir / "postgres"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = home.resolve()
    account = _account(home.stat())
    account.own(home)
    return home, account


def _account(owner: os.stat_result) -> Account:
    me = os.geteuid()
    if me == 0:
        return Account(owner.st_uid, owner.st_gid) if owner.st_uid else _harmless()
    if owner.st_uid != me:
        raise DatabaseTrouble(
            f"the database belongs to user {owner.st_uid}, and this is user {me}: "
            "run Freshprint as that user, or choose another DATA_DIR"
        )
    return Account(me, os.getegid())


def _harmless() -> Account:
    """Postgres refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise DatabaseTrouble(
        "Postgres doesn't run as root, and here is neither a user `postgres` nor `nobody`: "
        "run Freshprint as an ordinary user, or set FRESHPRINT_DATABASE_URL"
    )


def socket_folder(home: Path, account: Account) -> Path:
    """The private folder of the server's socket: in `home`, or a short one where that can't be.

    A link keeps the short one's name, which is bound to `home`: a copied DATA_DIR has its own.
    """
    inside = home / "run"
    fits = len(os.fsencode(inside / SOCKET)) <= _LONGEST_SOCKET and _PLAIN.fullmatch(str(inside))
    if fits and account.reaches(home):
        account.run("mkdir", "-p", "-m", "700", inside)
        return inside
    if kept := _kept(home, account):
        return kept
    folder = Path(tempfile.mkdtemp(prefix=_prefix(home), dir=_short(account)))
    account.own(folder)
    link = home / _LINK
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return folder


def drop_socket_folder(home: Path, account: Account) -> None:
    """Leave no short folder behind, now that the server has stopped."""
    if kept := _kept(home, account):
        shutil.rmtree(kept, ignore_errors=True)
    (home / _LINK).unlink(missing_ok=True)


def _prefix(home: Path) -> str:
    return f"freshprint-{hashlib.sha256(os.fsencode(home)).hexdigest()[:8]}-"


def _kept(home: Path, account: Account) -> Path | None:
    """The short folder that the link tells of, if it is that: links in `home` are its user's."""
    try:
        folder = (home / _LINK).readlink()
        found = folder.lstat()
    except FileNotFoundError:
        return None
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    ours = found.st_uid == account.uid and folder.name.startswith(_prefix(home))
    return folder if private and ours else None


def _short(account: Account) -> Path:
    places = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108
    for place in places:
        if place and len(os.fsencode(place)) < 60 and account.reaches(Path(place)):
            return Path(place)
    raise DatabaseTrouble("the database's socket needs a folder with a short path, such as /tmp")
