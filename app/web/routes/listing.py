"""A day's listing of a selection of categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.calendar import listing_day
from app.domain.paper import Kind
from app.domain.selection import Selection
from app.store import days, papers, sources
from app.store.days import DayState, Neighbours
from app.store.papers import Counts, ListedPaper
from app.store.sources import Health
from app.web import statuses
from app.web.address import href
from app.web.cards import card, kind_counts
from app.web.language import Language
from app.web.month import Month, calendar
from app.web.pages import CountLink, Head, Link, ListPage, Pager, Section
from app.web.params import PAGE, ListQuery
from app.web.site import Site
from app.web.statuses import Situation


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store has for the page."""

    counts: Counts
    listed: Sequence[ListedPaper]
    around: Neighbours
    month: Mapping[date, int | None]
    states: dict[date, list[DayState]]
    feeds: Health
    first: date | None


async def page(selection: Selection, request: Request, site: Site, words: Language) -> Response:
    """The listing of the day asked for, or of the latest with an announcement."""
    query = ListQuery.read(request.query_params)
    now = site.clock()
    today = listing_day(now)
    async with site.reading.connect() as conn:
        day = query.day or await days.latest(conn, selection.wanted) or today
        stored = await _read(conn, selection, replace(query, day=day), today)
    shown = _Shown(
        selection, query, day, now, words, site.settings.arxiv_url, site.settings.site_url
    )
    return await site.answer(request, "list", _page(shown, stored))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown to whom, and when."""

    selection: Selection
    query: ListQuery
    day: date
    now: datetime
    words: Language
    arxiv_url: str
    site_url: str

    def at(self, *, day: date | None = None, skip: int = 0, whole: bool = False) -> str:
        query = self.query.at(day or self.day, skip=skip)
        return href(self.selection, replace(query, show=None) if whole else query)


async def _read(
    conn: AsyncConnection, selection: Selection, query: ListQuery, today: date
) -> _Stored:
    day = query.day or today
    told = {day, today, *statuses.passed_over(day, today)}
    return _Stored(
        counts=await papers.counts(conn, selection, day),
        listed=await papers.listed(conn, selection, day, limit=query.show, offset=query.skip),
        around=await days.around(conn, selection.wanted, day),
        month=await _announced(conn, selection, query, day),
        # of what is left out too: what was not fetched can't be
        states=await days.states(conn, selection.wanted | selection.unwanted, told),
        feeds=await sources.health(conn),
        first=await days.first(conn),
    )


async def _announced(
    conn: AsyncConnection, selection: Selection, query: ListQuery, day: date
) -> Mapping[date, int | None]:
    """The month's announced days; their papers are counted for whoever turns to a month."""
    if query.month:
        return {**await days.counts_in_month(conn, selection, query.month)}
    return dict.fromkeys(await days.in_month(conn, selection.wanted, day))


def _page(shown: _Shown, stored: _Stored) -> ListPage:
    words, expression = shown.words, str(shown.selection)
    situation = _situation(shown, stored)
    day = words.day(shown.day)
    return ListPage(
        head=Head(
            title=f"{expression} · {day}",
            description=words.say(
                "arXiv papers announced on %(day)s in %(subjects)s", day=day, subjects=expression
            ),
            body="arxiv",
            canonical=shown.site_url + shown.at(),
            refresh=statuses.REFRESH if situation.is_first_day else None,
        ),
        expression=expression,
        title=_title(shown.selection, words),
        day=day,
        total=stored.counts.total,
        counts=_count_links(shown, stored.counts),
        statuses=statuses.lines(situation, with_today=shown.query.day is None),
        previous_day=_day_link(shown, stored.around.previous),
        next_day=_day_link(shown, stored.around.next),
        calendar=calendar(_month(shown, stored), words, is_open=shown.query.month is not None),
        sections=_sections(shown, stored),
        pager=_pager(shown, stored.counts.total, len(stored.listed)),
    )


def _month(shown: _Shown, stored: _Stored) -> Month:
    def month_href(month: date) -> str:
        return href(shown.selection, replace(shown.query.at(shown.day), month=month))

    return Month(
        day=shown.query.month or shown.day,
        announced=stored.month,
        current=shown.day,
        today=listing_day(shown.now),
        day_href=lambda day: shown.at(day=day),
        month_href=month_href,
    )


def _title(selection: Selection, words: Language) -> str:
    """The categories' full names, as long as they are few."""
    wanted, unwanted = selection.titles
    if len(wanted) + len(unwanted) > 6:
        return ""
    title = words.comma.join(wanted)
    if unwanted:
        title = words.say(
            "%(these)s, without %(those)s", these=title, those=words.comma.join(unwanted)
        )
    return title


def _situation(shown: _Shown, stored: _Stored) -> Situation:
    return Situation(
        day=shown.day,
        states=stored.states,
        wanted=len(shown.selection.wanted | shown.selection.unwanted),
        papers=stored.counts.total,
        so_far=stored.counts.total,
        feeds=stored.feeds,
        first=stored.first,
        now=shown.now,
        words=shown.words,
    )


def _day_link(shown: _Shown, day: date | None) -> Link | None:
    return (
        Link(shown.at(day=day), shown.words.short_day(day), shown.words.day(day)) if day else None
    )


def _parts(counts: Counts) -> list[tuple[str, int, int]]:
    """Each part of the listing: its id, where it begins, how many it has."""
    return [
        ("new", 0, counts.new),
        ("cross-lists", counts.new, counts.cross),
        ("replacements", counts.new + counts.cross, counts.replaced),
    ]


def _count_links(shown: _Shown, counts: Counts) -> tuple[CountLink, ...]:
    texts = kind_counts(counts, shown.words)
    size, skip = shown.query.show, shown.query.skip
    return tuple(
        CountLink(
            f"#{part}"
            if skip <= start and (size is None or start < skip + size)
            else f"{shown.at(skip=start)}#{part}",
            texts[part],
        )
        for part, start, count in _parts(counts)
        if count
    )


def _sections(shown: _Shown, stored: _Stored) -> tuple[Section, ...]:
    part_of = {Kind.NEW: "new", Kind.CROSS: "cross-lists"}
    titles = {
        "new": shown.words.say("New"),
        "cross-lists": shown.words.say("Cross-lists"),
        "replacements": shown.words.say("Replacements"),
    }
    cards = [
        (
            part_of.get(listed.kind, "replacements"),
            card(listed.paper, index=n, arxiv_url=shown.arxiv_url, day=shown.day),
        )
        for n, listed in enumerate(stored.listed, shown.query.skip + 1)
    ]
    return tuple(
        Section(part, titles[part], count, inside)
        for part, _, count in _parts(stored.counts)
        if (inside := tuple(card for name, card in cards if name == part))
    )


def _pager(shown: _Shown, total: int, on_page: int) -> Pager | None:
    """Nothing to page through when all of it is here."""
    size, skip = shown.query.show, shown.query.skip
    if on_page == total:
        return None
    before, after = skip > 0, size is not None and skip + on_page < total and on_page > 0
    step = size or PAGE
    say = shown.words.say
    return Pager(
        text=say(
            "%(first)s–%(last)s of %(total)s", first=skip + 1, last=skip + on_page, total=total
        )
        if on_page
        else say("Past the end: there are %(total)s papers.", total=total),
        previous=Link(shown.at(skip=max(0, min(skip, total) - step)), say("Previous"))
        if before
        else None,
        next=Link(shown.at(skip=skip + on_page), say("Next")) if after else None,
        whole=Link(shown.at(whole=True), say("All on one page")),
    )
