"""Runs the whole program on a day of arXiv's past: `python -m tests.local_arxiv.replay --help`.

The local arXiv serves the day from a thread of this process; `app up` is a child. Both start at
once: requests wait in line until the day is loaded.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Thread

import uvicorn

from tests.local_arxiv.__main__ import weekdays_around
from tests.local_arxiv.from_files import from_files, listing_days
from tests.local_arxiv.local import bound, server, settings_env
from tests.local_arxiv.made_up import made_up
from tests.local_arxiv.server import SimulatedClock, Site
from tests.local_arxiv.world import World

EXAMPLE = """\
example, the morning of the 23rd of January 2026, a minute before its announcement is out:
  python -m tests.local_arxiv.replay 2026-01-23 --at 04:59"""
BEFORE, AFTER = timedelta(weeks=1), timedelta(weeks=2)


def main() -> int:
    """Replays until Ctrl-C, SIGTERM or the program's own end; the exit code is the program's."""
    options = _parser().parse_args()
    now = datetime.combine(options.day, options.at, UTC)
    source = _source(options.data, options.day)
    listener, clock = bound(), SimulatedClock(now)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    site = f"http://127.0.0.1:{options.port}"
    _say(f"{now:%A %Y-%m-%d %H:%M} UTC at {site}; the local arXiv is {url} (see {url}/_ledger)")
    program = subprocess.Popen(
        [sys.executable, "-m", "app", "up"], env=_environment(options, now, url)
    )
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: program.send_signal(number))
    serving = Serving(lambda: Site(_world(source, options.day), clock), program)
    serving.run(lambda served: served.run(sockets=[listener]))
    code = program.wait()
    serving.end()
    listener.close()
    return code


class Serving:
    """The local arXiv's thread: loads the world, then serves; the program ends if it can't."""

    def __init__(self, load: Callable[[], Site], program: subprocess.Popen[bytes]) -> None:
        self._load, self._program = load, program
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def run(self, serve: Callable[[uvicorn.Server], None]) -> None:
        """Starts the thread."""
        self._thread = Thread(target=self._work, args=[serve], daemon=True)
        self._thread.start()

    def _work(self, serve: Callable[[uvicorn.Server], None]) -> None:
        try:
            self._server = server(self._load())
            serve(self._server)
        except BaseException:
            self._program.terminate()
            raise

    def end(self) -> None:
        """Ends the server; a world still loading is left to end with the process."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(timeout=5)


def _source(data: Path, day: date) -> Path | None:
    """The smallest folder of files that has the day; None to make papers up."""
    for folder in (data / "three-weeks", data):
        if (folder / "days.json").is_file():
            days = listing_days(folder)
            if min(days) <= day <= max(days):
                return folder
    _say(f"{data} has no announcements of {day}: the papers are made up")
    return None


def _world(folder: Path | None, day: date) -> World:
    if folder is None:
        return made_up(weekdays_around(day))
    world = from_files(folder, day - BEFORE, day + AFTER, progress=_say)
    _say(f"{len(world.records)} papers from {folder}")
    return world


def _environment(options: argparse.Namespace, now: datetime, url: str) -> dict[str, str]:
    return {
        "FRESHPRINT_DATA_DIR": f"data/replay-{options.day}",
        **os.environ,
        **settings_env(url),
        "FRESHPRINT_NOW": now.isoformat(),
        "FRESHPRINT_PORT": str(options.port),
        "FRESHPRINT_ARXIV_SPACING": str(options.spacing),
    }


def _say(text: str) -> None:
    print(f"replay: {text}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.local_arxiv.replay",
        description="Runs Freshprint on a day of arXiv's past, against a local arXiv.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("day", type=date.fromisoformat, help="the day, as 2026-01-22")
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/arxiv"), metavar="FOLDER",
        help="real announcements; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--at", type=time.fromisoformat, default=time(6), metavar="HH:MM",
        help="the time of day in UTC; default: 06:00, when the day's feeds are out",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8000, help="the site's; default: 8000")
    parser.add_argument(
        "--spacing", type=float, default=3.0, metavar="SECONDS",
        help="between requests to the local arXiv; default: 3, as arXiv asks for",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
