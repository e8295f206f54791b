"""Progress of long commands on a terminal; nothing where there is none (logs tell the story)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from app.services.arxiv import Report


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Nothing before there is a speed."""
        return Text(f"{task.speed:,.1f}/s" if task.speed else "")


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """A bar per step, made at the step's first report."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        steps: dict[str, int] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in steps:
                # What an earlier run did is no speed of this one.
                steps[step] = bars.add_task(step, total=None, completed=done)
            bars.update(steps[step], completed=done, total=total or None)  # type: ignore[arg-type]

        yield report
