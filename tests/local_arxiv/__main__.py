"""Runs the local arXiv by itself: `python -m tests.local_arxiv --help`."""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.local_arxiv.from_files import from_files
from tests.local_arxiv.local import bound, server, settings_env
from tests.local_arxiv.made_up import made_up
from tests.local_arxiv.server import SimulatedClock, Site
from tests.local_arxiv.world import World, previous_weekday

EXAMPLE = """\
example, with three weeks of real announcements, as of 06:00 UTC on a Thursday:
  python -m tests.local_arxiv --data ../shared/arxiv/three-weeks --now 2026-01-22T06:00"""


def main() -> None:
    """Serves until Ctrl-C."""
    options = _parser().parse_args()
    now = options.now if options.now.tzinfo else options.now.replace(tzinfo=UTC)
    listener, clock = bound(options.port), SimulatedClock(now)
    world = _world(options.data, now.date())
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(
        f"{len(world.records)} papers as of {clock():%Y-%m-%d %H:%M} UTC at {url}; for Freshprint:"
    )
    print(
        "\n".join(f"export {name}={value}" for name, value in settings_env(url).items()), flush=True
    )
    with suppress(KeyboardInterrupt):
        server(Site(world, clock)).run(sockets=[listener])
    listener.close()


def weekdays_around(day: date, before: int = 5, after: int = 10) -> list[date]:
    """The weekdays some days before and after a day."""
    days = (day + timedelta(days=n) for n in range(-before, after + 1))
    return [d for d in days if d.weekday() < 5]


def _world(folder: Path | None, day: date) -> World:
    if not folder:
        return made_up(weekdays_around(day))
    return from_files(folder, previous_weekday(day) - timedelta(weeks=1), day + timedelta(weeks=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.local_arxiv",
        description="Runs the local arXiv by itself, until Ctrl-C.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--data", type=Path, metavar="FOLDER", help="real announcements and records"
    )
    source.add_argument("--made-up", action="store_true", help="invented papers (the default)")
    parser.add_argument(
        "--now", type=datetime.fromisoformat, default=datetime.now(UTC), metavar="ISO",
        help="the simulated time, UTC where it names no zone; default: the real one",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8100, help="default: 8100; 0: any free one")
    return parser


if __name__ == "__main__":
    main()
