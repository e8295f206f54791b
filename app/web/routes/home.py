"""The first page: the reader's categories with their latest day, and all categories there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from fastapi import Request, Response

from app.domain.calendar import listing_day
from app.domain.selection import Selection
from app.domain.subjects import title
from app.store import days, papers, sources
from app.store.days import LatestDay
from app.web import picker, reader, statuses
from app.web.address import href
from app.web.cards import kind_counts
from app.web.language import Language
from app.web.pages import Head, HomePage, LatestRow, Link
from app.web.site import Site, TheSite, Words
from app.web.statuses import Situation


async def page(request: Request, site: TheSite, words: Words) -> Response:
    """Answer with it."""
    mine = reader.subjects_of(request)
    situation, latest = await _read(site, words, mine)
    head = Head(
        title="Freshprint",
        description=words.say("Every title of the day's arXiv, whole, on one page."),
        body="home",
        canonical=f"{site.settings.site_url}/",
        refresh=statuses.REFRESH if situation.is_first_day else None,
    )
    return await site.answer(
        request,
        "home",
        HomePage(
            head=head,
            day=words.day(situation.day),
            statuses=statuses.lines(situation, with_today=True),
            mine=Link(href(mine), str(mine)),
            total=situation.papers,
            latest=tuple(
                _row(name, latest.get(name), situation.day, words) for name in mine.wanted
            ),
            groups=picker.groups(mine),
        ),
    )


async def _read(
    site: Site, words: Language, mine: Selection
) -> tuple[Situation, dict[str, LatestDay]]:
    now = site.clock()
    today = listing_day(now)
    async with site.reading.connect() as conn:
        latest = await days.latest_counts(conn, mine.wanted.names)
        day = max((found.day for found in latest.values()), default=today)
        told = {day, today, *statuses.passed_over(day, today)}
        situation = Situation(
            day=day,
            states=await days.states(conn, mine.wanted | mine.unwanted, told),
            wanted=len(mine.wanted | mine.unwanted),
            papers=(await papers.counts(conn, mine, day)).total,
            so_far=0,
            feeds=await sources.health(conn),
            first=await days.first(conn),
            now=now,
            words=words,
        )
        if situation.is_first_day:  # of all categories: these may be among the last to come
            situation = replace(situation, so_far=await papers.count(conn))
    return situation, latest


def _row(name: str, latest: LatestDay | None, shown: date, words: Language) -> LatestRow:
    """A category's day is told where it is not the one told above all."""
    if latest is None:
        return LatestRow(name, title(name), href(name), None, words.say("none"))
    counts = words.comma.join(kind_counts(latest.counts, words).values())
    day = words.short_day(latest.day) if latest.day != shown else None
    return LatestRow(name, title(name), href(name), day, counts)
