"""`freshprint up`: one command, a site with today's papers, and an end that leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from app.store import papers
from app.store.engine import open_engine
from app.store.postgres import embedded
from tests.local_arxiv import LocalArxiv, made_up

NOW = datetime(2026, 1, 22, 6, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def wait_for(what: Callable[[], object], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


class Up:
    """The program as a user starts it, on a local arXiv."""

    def __init__(self, arxiv: LocalArxiv, folder: Path, command: str = "up") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRESHPRINT_")},
            **arxiv.settings_env(),
            "FRESHPRINT_DATA_DIR": str(folder),
            "FRESHPRINT_NOW": NOW.isoformat(),
            "FRESHPRINT_PORT": str(self.port),
            "FRESHPRINT_ARXIV_SPACING": "0.1",
        }
        self.log = (folder.parent / "up.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", command], cwd=ROOT, env=environment, stderr=self.log
        )

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)
        except httpx.TransportError:
            return None

    def shows(self, path: str, words: str) -> bool:
        page = self.get(path)
        return page is not None and page.status_code == 200 and words in page.text

    def tree(self) -> list[psutil.Process]:
        children: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return children

    def child(self, name: str) -> psutil.Process | None:
        for process in self.tree():
            with suppress(psutil.Error):  # it ends while it is looked at
                if process.cmdline()[-2:] == [name, "--attached"]:
                    return process
        return None

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.log.close()
        return code


@pytest.fixture
def arxiv() -> Iterator[LocalArxiv]:
    with LocalArxiv(made_up([date(2026, 1, 21), NOW.date()], per_day=30), NOW) as arxiv:
        yield arxiv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_one_command_brings_up_a_site_with_todays_papers_and_ends_clean(
    arxiv: LocalArxiv, folder: Path
) -> None:
    up = Up(arxiv, folder)
    try:
        wait_for(lambda: up.get("/"))
        wait_for(lambda: up.shows("/arxiv/cs.CL", "Whole: "))
        assert up.shows("/arxiv/cs.CL", 'class="panel paper"')
        tree = up.tree()
        assert len(tree) == 2  # the site and the worker
    finally:
        code = up.end()
    assert code == 0
    assert not [p for p in tree if p.is_running()]
    assert "database system is shut down" in (folder / "postgres.log").read_text()
    assert arxiv.ledger.most_at_once == 1


def test_a_killed_worker_and_site_are_started_again(arxiv: LocalArxiv, folder: Path) -> None:
    up = Up(arxiv, folder)
    try:
        wait_for(lambda: up.shows("/arxiv/cs.CL", "Whole: "))
        for name in ("worker", "web"):
            victim = up.child(name)
            assert victim
            victim.kill()
            wait_for(partial(up.child, name))
            assert up.child(name) != victim
        wait_for(lambda: up.shows("/arxiv/cs.CL", "Whole: "))
    finally:
        assert up.end(signal.SIGINT) == 0


async def test_children_do_not_outlive_a_killed_parent_and_its_database_is_adopted(
    arxiv: LocalArxiv, folder: Path
) -> None:
    up = Up(arxiv, folder)
    wait_for(lambda: up.shows("/arxiv/cs.CL", "Whole: "))
    children = up.tree()
    assert len(children) == 2
    up.end(signal.SIGKILL)
    psutil.wait_procs(children, timeout=15)
    assert not any(p.is_running() for p in children)
    async with embedded(folder) as url:
        engine = open_engine(url)
        async with engine.connect() as conn:
            assert await papers.count(conn)
        await engine.dispose()


def test_the_site_alone_ends_its_database_with_itself(arxiv: LocalArxiv, folder: Path) -> None:
    web = Up(arxiv, folder, "web")
    wait_for(lambda: web.get("/healthz"))
    assert web.end(signal.SIGTERM) == 0
    assert "database system is shut down" in (folder / "postgres.log").read_text()


def test_a_port_in_use_is_said_and_not_tried_again(arxiv: LocalArxiv, folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment = {
            **os.environ,
            **arxiv.settings_env(),
            "FRESHPRINT_DATA_DIR": str(folder),
            "FRESHPRINT_PORT": str(taken.getsockname()[1]),
        }
        done = subprocess.run(
            [sys.executable, "-m", "app", "up"],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert "can't listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_arxiv_the_site_comes_up_and_says_so_and_so_does_doctor(folder: Path) -> None:
    with LocalArxiv(made_up([NOW.date()]), NOW) as arxiv:
        arxiv.site.weather.down = True
        up = Up(arxiv, folder)
        try:
            wait_for(lambda: up.shows("/arxiv/cs.CL", "be reached since"))
            environment = {
                **os.environ,
                **arxiv.settings_env(),
                "FRESHPRINT_DATA_DIR": str(folder),
                "FRESHPRINT_NOW": NOW.isoformat(),
            }
            done = subprocess.run(
                [sys.executable, "-m", "app", "doctor"],
                cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 1
            assert "can't be reached" in done.stderr
        finally:
            up.end()


@pytest.mark.parametrize(
    ("name", "value", "code", "reason"),
    [
        ("DATABASE_URL", "mysql://x:secret@y/z", 2, "must be Postgres"),
        ("DATABASE_URL", "postgresql://x:secret@127.0.0.1:9/z", 1, "127.0.0.1"),
        ("DATA_DIR", "/dev/null/data", 1, "/dev/null"),
        ("CATEGORIES", "cs.NOPE", 2, "cs.NOPE"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(
    name: str, value: str, code: int, reason: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "FRESHPRINT_DATA_DIR": str(tmp_path), f"FRESHPRINT_{name}": value}
    for command in ("up", "migrate"):
        done = subprocess.run(
            [sys.executable, "-m", "app", command],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert reason in done.stderr
        assert "Traceback" not in done.stderr
        assert "secret" not in done.stderr
