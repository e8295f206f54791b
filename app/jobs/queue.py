"""The job queue: procrastinate on our own Postgres, and every job there is."""

from __future__ import annotations

from contextlib import suppress

import structlog
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import URL

from app.errors import SourceUnavailable
from app.services.arxiv import Fetcher
from app.services.asking import ask_for_day, bring_due
from app.services.look import is_due, look
from app.services.own_question import answer_question
from app.services.summarise import summarise
from app.services.writer import Writer
from app.store import questions, summaries
from app.store.engine import conninfo

log = structlog.get_logger(__name__)

DEAD = 20.0  # seconds without a heartbeat after which a worker is given up


def queue(url: URL) -> App:
    """The queue on the database at `url`, with all jobs. Open it before use."""
    app = App(connector=PsycopgConnector(conninfo=conninfo(url), min_size=1, max_size=8))
    _add_jobs(app)
    _add_faq_jobs(app)
    return app


def _add_jobs(app: App) -> None:
    @app.task(name="look", queue="arxiv", lock="arxiv", queueing_lock="look", pass_context=True)
    async def look_at_arxiv(context: JobContext) -> None:
        """Read today's day, unless another look has made it whole meanwhile. arXiv's silence is
        noted by the service and no failure of the job: the schedule asks again when it may."""
        fetcher: Fetcher = context.additional_context["fetcher"]
        if await is_due(fetcher, fetcher.settings.categories):
            with suppress(SourceUnavailable):
                outcome = await look(fetcher, fetcher.settings.categories)
                writer: Writer | None = context.additional_context["writer"]
                if writer:
                    await ask_for_day(fetcher.engine, writer.press, outcome.day)

    @app.periodic(cron="* * * * *")
    @app.task(name="schedule", queue="schedule", pass_context=True)
    async def schedule(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate names it
        """Each minute: is there something to look for? Deciding is cheap, and asks nobody."""
        fetcher: Fetcher = context.additional_context["fetcher"]
        if await is_due(fetcher, fetcher.settings.categories):
            await enqueue_look(app)

    @app.periodic(cron="* * * * * */20")  # the sixth field is seconds
    @app.task(name="take up stalled jobs", queue="schedule")
    async def take_up_stalled(timestamp: int) -> None:  # noqa: ARG001 - procrastinate names it
        """Jobs whose worker was killed: its heartbeat stopped. All our jobs can run again."""
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD)
        for job in stalled:
            log.warning("a worker died; its job is taken up", job=job.task_name, id=job.id)
            await _take_up(app, job)


def _add_faq_jobs(app: App) -> None:
    @app.task(name=summaries.TASK, queue=summaries.QUEUE, pass_context=True)
    async def write_faq(context: JobContext, summary: int) -> None:
        """Work on one FAQ. What stands in the way is noted with it, and no failure of the job."""
        await summarise(context.additional_context["writer"], summary)

    @app.task(name=questions.TASK, queue=summaries.QUEUE, pass_context=True)
    async def answer_own_question(context: JobContext, question: int) -> None:
        """Answer a reader's own question."""
        await answer_question(context.additional_context["writer"], question)

    @app.periodic(cron="* * * * * */10")
    @app.task(name="bring due FAQs", queue="schedule", pass_context=True)
    async def bring_due_faqs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate names it
        """Those that were put off, and those whose job was lost."""
        writer: Writer | None = context.additional_context["writer"]
        if writer:
            await bring_due(writer.fetcher.engine, writer.fetcher.clock())


async def _take_up(app: App, job: Job) -> None:
    """Have a dead worker's job done again: by itself, or by the same one that waits already. It
    must not stay `doing` in that case: it holds the lock that the waiting one needs."""
    try:
        await app.job_manager.retry_job(job)
    except UniqueViolation:
        await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)


async def enqueue_look(app: App) -> None:
    """Have a worker look at arXiv soon; once is enough when it is already waiting."""
    try:
        await app.tasks["look"].defer_async()
    except AlreadyEnqueued:
        log.debug("a look is already waiting")
