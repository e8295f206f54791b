"""The program's clock: real, or started at another time for replays and tests (setting NOW)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def clock(start: datetime | None = None) -> Clock:
    """A function that tells the time in UTC: the real one, or one that began at `start`."""
    if start is None:
        return lambda: datetime.now(UTC)
    began, first = time.monotonic(), start.astimezone(UTC)
    return lambda: first + timedelta(seconds=time.monotonic() - began)
