"""Progress of long commands on a terminal; nothing where there is none (logs tell the story)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.services.ingest import Report


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """A bar per step, made at the step's first report."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        steps: dict[str, int] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = bars.add_task(step, total=None)
            bars.update(steps[step], completed=done, total=total or None)  # type: ignore[arg-type]

        yield report
