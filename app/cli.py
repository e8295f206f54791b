"""`freshprint …`: the commands, each a thin root that reads the settings and passes them on.

Exit codes: 0 done · 1 something a person must see to · 2 wrong usage or input · 75 try again later.
What a command needs is imported when it runs: `--help` must not wait for all of it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from app import __version__, log
from app.clock import clock
from app.domain import faq
from app.domain.arxiv_id import ArxivId
from app.domain.subjects import Subjects
from app.errors import BadInput, FreshprintError, Misconfigured, Transient
from app.settings import Settings, load

if TYPE_CHECKING:
    from app.roots import Root

TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: what cron and systemd know as "again, please"

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")
console = Console(stderr=True)

_Attached = Annotated[bool, typer.Option("--attached", hidden=True)]


def main() -> None:
    """The command's entry point. Errors we know end in one line, never in a traceback."""
    try:
        app()
    except FreshprintError as error:
        console.print(Text.assemble(("freshprint: ", "bold red"), str(error)), soft_wrap=True)
        sys.exit(_code(error))


def _code(error: FreshprintError) -> int:
    if isinstance(error, Transient):
        return TRY_LATER
    return 2 if isinstance(error, BadInput | Misconfigured) else 1


def _start() -> Settings:
    settings = load()
    log.configure(settings.log_format)
    return settings


def _root(attached: bool) -> tuple[Settings, Root]:
    """A child of `up` is handed a database that is migrated already."""
    from app.roots import connected, migrated
    from app.up import attach

    settings = _start()
    return (attach(settings), connected) if attached else (settings, migrated)


def _run(work: Coroutine[Any, Any, int | None]) -> None:
    try:
        code = asyncio.run(work)
    except KeyboardInterrupt:
        console.print("stopped; the same command takes it up again")
        code = 130
    raise typer.Exit(code or 0)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Every title of the day's arXiv, whole, on one page. Example: `freshprint up`"""
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def up() -> None:
    """Run everything: database, migrations, site and worker. Example: `freshprint up`"""
    from app.up import up as everything

    _run(everything(_start()))


@app.command()
def web(attached: _Attached = False) -> None:
    """Run the site alone. Example: `FRESHPRINT_PORT=8080 freshprint web`"""
    from app.serve import serve

    _run(serve(*_root(attached)))


@app.command()
def worker(attached: _Attached = False) -> None:
    """Run the worker alone: it fetches on schedule. Example: `freshprint worker`"""
    from app.jobs.worker import work
    from app.services.arxiv import fetcher
    from app.services.writer import writer

    settings, root = _root(attached)

    async def run() -> None:
        async with (
            root(settings) as (url, engine),
            fetcher(engine, settings, clock(settings.now)) as ours,
            writer(ours) as writing,
        ):
            await work(url, ours, writing)

    _run(run())


@app.command()
def migrate() -> None:
    """Bring the database to this release's tables. Example: `freshprint migrate`"""
    from app.roots import migrated

    settings = _start()

    async def run() -> None:
        async with migrated(settings):
            console.print("the database is up to date")

    _run(run())


@app.command()
def ingest(
    subjects: Annotated[
        str, typer.Option(help="An expression such as `cs+stat.ML-cs.CY`; empty: all followed.")
    ] = "",
) -> None:
    """Fetch the day arXiv announces now. Example: `freshprint ingest --subjects cs.CL,cs.LG`

    Can be stopped and run again at any time: the end is the same. Exits with 75 when arXiv gave no
    usable answer.
    """
    from app.progress import progress
    from app.roots import migrated
    from app.services.arxiv import fetcher
    from app.services.look import look

    settings = _start()
    wanted = Subjects.parse(subjects) if subjects else settings.categories

    async def run() -> None:
        with progress(console) as report:
            async with (
                migrated(settings) as (_, engine),
                fetcher(engine, settings, clock(settings.now), report) as ours,
            ):
                outcome = await look(ours, wanted)
        lines = ", ".join(f"{n} {kind.label}" for kind, n in outcome.lines.items())
        states = ", ".join(f"{n} {state.value}" for state, n in outcome.states.items())
        console.print(
            f"{outcome.day}: {outcome.papers.new} new papers, {outcome.papers.revised} revised; "
            f"lines: {lines or 'none new'}; categories: {states}"
        )

    _run(run())


@app.command()
def backfill(
    since: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-05.")],
    until: Annotated[str, typer.Option("--until", help="The last day.")],
    subjects: Annotated[
        str, typer.Option(help="An expression such as `cs+stat.ML-cs.CY`; empty: all followed.")
    ] = "",
) -> None:
    """Fetch older papers. Example: `freshprint backfill --from 2026-01-05 --until 2026-01-30`

    All papers whose last change at arXiv is dated in these days, by OAI-PMH; the days on which they
    were announced are told from their ids and submission times, and marked as derived. Can be
    stopped and run again at any time. Exits with 75 when arXiv gave no usable answer.
    """
    from app.domain.calendar import parse_day
    from app.progress import progress
    from app.roots import migrated
    from app.services.arxiv import fetcher
    from app.services.backfill import backfill as fetch

    settings = _start()
    wanted = Subjects.parse(subjects) if subjects else settings.categories
    days = parse_day(since), parse_day(until)

    async def run() -> None:
        with progress(console) as report:
            async with (
                migrated(settings) as (_, engine),
                fetcher(engine, settings, clock(settings.now), report) as ours,
            ):
                done = await fetch(ours, *days, wanted)
        if done.done:
            console.print("all of these days was fetched before")
            return
        console.print(
            f"{done.papers.new} new papers, {done.papers.revised} revised,"
            f" {done.papers.unchanged} as they were; {done.requests} requests"
        )

    _run(run())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    again: Annotated[
        bool, typer.Option("--again", help="Begin anew a file that was imported before.")
    ] = False,
) -> None:
    """Store a file of bulk metadata. Example: `freshprint import arxiv-metadata-oai-snapshot.json`

    arXiv's snapshot as Kaggle has it, or lines of JSON with lists of authors and categories; plain
    or packed with gz, xz or zst. Lines that can't be used are named and skipped. Can be stopped and
    run again at any time: it goes on where it was.
    """
    from app.progress import progress
    from app.roots import migrated
    from app.services.bulk import import_file

    settings = _start()

    async def run() -> None:
        with progress(console) as report:
            async with migrated(settings) as (_, engine):
                done = await import_file(engine, file, clock(settings.now), report, again=again)
        for number, reason in done.named:
            console.print(Text(f"line {number}: {reason}"), soft_wrap=True)
        if done.done:
            console.print("this file was imported before; --again begins anew")
            return
        console.print(
            f"{done.lines} lines: {done.papers.new} new papers, {done.papers.revised} revised,"
            f" {done.papers.unchanged} as they were; {done.bad} lines skipped"
        )

    _run(run())


@app.command()
def summarise(
    papers: Annotated[list[str], typer.Argument(help="Identifiers, such as 2405.06639.")],
    language: Annotated[
        str, typer.Option(help="Such as `zh`; empty: all that FAQs are offered in.")
    ] = "",
    only_estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would take, and stop.")
    ] = False,
) -> None:
    """Write papers' FAQs now. Example: `freshprint summarise 2405.06639 --language en`

    Can be stopped and run again at any time: answers that are whole stay. Exits with 75 when some
    could not be written now, and with 1 when some never will.
    """
    from app.jobs.batch import write_now
    from app.progress import progress
    from app.roots import migrated
    from app.services.arxiv import fetcher

    settings = _start()
    ids = [ArxivId.parse(paper) for paper in papers]
    wanted = [faq.language(language)] if language else list(settings.languages)

    async def run() -> int:
        with progress(console) as report:
            async with (
                migrated(settings) as (url, engine),
                fetcher(engine, settings, clock(settings.now), report) as ours,
            ):
                done = await write_now(url, ours, ids, wanted, only_estimate=only_estimate)
        console.print(done.told, soft_wrap=True)
        return TRY_LATER if done.waiting else int(done.failed > 0)

    _run(run())


@app.command()
def doctor() -> None:
    """Say what is wrong, and what to do. Example: `freshprint doctor` (exits with 1 if anything)"""
    from app.services.doctor import examine

    settings = _start()

    async def run() -> int:
        findings = await examine(settings)
        for finding in findings:
            mark = ("ok   ", "green") if finding.is_well else ("BAD  ", "bold red")
            console.print(Text.assemble(mark, f"{finding.what}: {finding.seen}"), soft_wrap=True)
            if finding.advice:
                console.print(Text(f"     → {finding.advice}"), soft_wrap=True)
        return 0 if all(finding.is_well for finding in findings) else 1

    _run(run())
