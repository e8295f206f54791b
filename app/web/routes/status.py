"""How this site is doing: days × archives, arXiv's interfaces, what is stored, who works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.calendar import listing_day, listing_days, opens_at
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.store import days, sources, status
from app.store.sources import Health
from app.store.status import Count, Newest, Stored, Workers
from app.web import grid
from app.web.address import href
from app.web.grid import Known
from app.web.language import Language
from app.web.pages import Detail, Head, LegendItem, Link, SourceLine, Status, StatusPage
from app.web.site import TheSite, Words

DAYS = 14


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store has for the page."""

    known: Known
    sources: Mapping[Source, Health]
    retry_at: datetime | None
    newest: Newest
    requests: int
    stored: Stored
    workers: Workers


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is told, when, and in which language."""

    found: _Stored
    now: datetime
    words: Language


async def page(request: Request, site: TheSite, words: Words) -> Response:
    """Answer with it."""
    now = site.clock()
    async with site.reading.connect() as conn:
        found = await _read(conn, site.settings.categories, now)
    telling = _Telling(found, now, words)
    head = Head(
        words.say("Status"),
        words.say("How whole the latest days are, and how arXiv has been answering."),
        body="status",
        canonical=f"{site.settings.site_url}/status",
    )
    return await site.answer(
        request,
        "status",
        StatusPage(
            head=head,
            statuses=(_worker(telling), *_next_look(telling)),
            days=grid.heads(found.known, words),
            rows=grid.rows(found.known, words),
            legend=tuple(
                LegendItem(tone, grid.MARKS[tone], text)
                for tone, text in grid.tone_words(words).items()
            ),
            sources=tuple(_source(telling, source) for source in Source),
            facts=_facts(telling),
        ),
    )


async def _read(conn: AsyncConnection, followed: Subjects, now: datetime) -> _Stored:
    today = listing_day(now)
    shown = listing_days(today - timedelta(weeks=DAYS // 5 + 1), today)[-DAYS:][::-1]
    return _Stored(
        known=Known(
            followed=followed,
            days=shown,
            states=await days.states(conn, followed, shown),
            new=await status.new_papers(conn, shown),
        ),
        sources=await sources.healths(conn),
        retry_at=(await sources.next_look(conn)).retry_at,
        newest=await status.newest(conn),
        requests=await status.requests(conn),
        stored=await status.stored(conn),
        workers=await status.workers(conn),
    )


def _worker(telling: _Telling) -> Status:
    words, workers = telling.words, telling.found.workers
    if workers.alive:
        return Status(
            "whole",
            words.plural("%(n)s worker is running.", "%(n)s workers are running.", workers.alive),
        )
    text = words.say("No worker is running: nothing is fetched until one is started.")
    return Status("trouble", text)


def _next_look(telling: _Telling) -> tuple[Status, ...]:
    retry_at, words = telling.found.retry_at, telling.words
    if retry_at is None or retry_at <= telling.now:
        return ()
    time = words.moment(retry_at, telling.now)
    return (Status("none", words.say("The next look is at %(time)s.", time=time)),)


def _source(telling: _Telling, source: Source) -> SourceLine:
    names = {
        Source.FEEDS: telling.words.say("arXiv's feeds"),
        Source.OAI: "OAI-PMH",
        Source.LISTS: telling.words.say("arXiv's list pages"),
        Source.API: telling.words.say("arXiv's API"),
    }
    health = telling.found.sources.get(source, Health())
    return SourceLine(names[source], _health(telling, health), health.failure or "")


def _health(telling: _Telling, health: Health) -> Status:
    words, now = telling.words, telling.now
    if health.failing_since:
        since = words.moment(health.failing_since, now)
        text = words.say("No usable answer since %(time)s.", time=since)
        if health.succeeded_at:
            text += words.gap + words.say(
                "The last good one came at %(time)s.", time=words.moment(health.succeeded_at, now)
            )
        return Status("trouble", text)
    if health.succeeded_at is None:
        return Status("none", words.say("Not asked yet."))
    time = words.moment(health.succeeded_at, now)
    return Status("whole", words.say("Answered at %(time)s.", time=time))


def _facts(telling: _Telling) -> tuple[Detail, ...]:
    words, found = telling.words, telling.found
    return (
        Detail(words.say("Latest announcement"), _latest_day(telling)),
        _newest_paper(telling),
        Detail(words.say("Papers stored"), _number(found.stored.papers, words)),
        Detail(words.say("Lines of listings stored"), _number(found.stored.announcements, words)),
        Detail(words.say("Requests to arXiv, all in all"), words.number(found.requests)),
    )


def _latest_day(telling: _Telling) -> str:
    day, words = telling.found.newest.day, telling.words
    if day is None:
        return words.say("nothing yet")
    ago = words.ago(opens_at(day), telling.now)
    return words.say("%(day)s (%(ago)s)", day=words.day(day), ago=ago)


def _newest_paper(telling: _Telling) -> Detail:
    newest, words = telling.found.newest, telling.words
    label = words.say("Newest paper")
    if newest.paper_id is None or newest.submitted_at is None:
        return Detail(label, words.say("nothing yet"))
    paper = Link(href(newest.paper_id), f"arXiv:{newest.paper_id}")
    ago = words.ago(newest.submitted_at, telling.now)
    return Detail(label, links=((paper, words.say("submitted %(ago)s", ago=ago)),))


def _number(count: Count, words: Language) -> str:
    if count.is_exact:
        return words.number(count.n)
    return words.say("about %(number)s", number=words.number(round(count.n, -2)))
