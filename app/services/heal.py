"""Days that the feeds can't tell any more: arXiv's list pages tell new papers and cross-lists, and
OAI-PMH tells replacements, and new papers before the list pages were read or beyond their reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import structlog

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import listing_days, previous_listing_day
from app.domain.paper import Announcement, Kind, Paper
from app.domain.reconcile import Record, announcement_days, told_lines, verdicts
from app.domain.source import Source
from app.domain.subjects import Subjects
from app.services import batches
from app.services.arxiv import Fetcher
from app.services.noted import noted
from app.sources import api, lists
from app.store import days, intake, looks

log = structlog.get_logger(__name__)

WEEK = timedelta(days=7)  # for which a day is looked at again
_NEW = (Kind.NEW, Kind.CROSS)


async def open_days(fetcher: Fetcher, subjects: Subjects, today: date) -> list[date]:
    """The past week's listing days that are not whole yet, from the first we ever looked for on.

    Before anything was announced here the last listing day counts: who starts on a weekend wants
    something to read.
    """
    async with fetcher.engine.connect() as conn:
        begin = await looks.first_day(conn, subjects) or today
        if await days.latest(conn, subjects) is None:
            begin = min(begin, previous_listing_day(today))
        past = listing_days(max(begin, today - WEEK), today - timedelta(days=1))
        return sorted(await looks.unsettled(conn, subjects, past))


async def heal(
    fetcher: Fetcher, subjects: Subjects, past: Sequence[date], records: Sequence[Record]
) -> list[date]:
    """Make past days whole; `records` must reach back to the first of them. Killed at any point it
    is taken up where it was. Those that stay open are returned."""
    if not past:
        return []
    known = {record.paper.id: record.paper for record in records if not record.deleted}
    announced = await announced_days(fetcher, subjects, past[0], records)
    lines = list(told_lines(records, subjects, announced))
    await _store(fetcher, known, {line.paper_id for line in lines})
    await _add_told(fetcher, subjects, past, lines)
    await _read_lists(fetcher, subjects, past, known)
    async with fetcher.engine.begin() as conn:
        await intake.drop_contradicted(conn, past)
    left = [day for day in past if not await _judge(fetcher, subjects, day, records)]
    log.info("past days read again", days=list(map(str, past)), open=list(map(str, left)))
    return left


async def announced_days(
    fetcher: Fetcher, subjects: Subjects, day: date, records: Iterable[Record]
) -> list[date]:
    """The days with an announcement from a week before `day` on, as far as is known; ascending."""
    async with fetcher.engine.connect() as conn:
        seen = await looks.days_with_papers(conn, subjects, day - WEEK)
    return sorted(seen | announcement_days(records))


async def _store(
    fetcher: Fetcher, known: Mapping[ArxivId, Paper], wanted: Iterable[ArxivId]
) -> None:
    papers = [known[paper_id] for paper_id in wanted if paper_id in known]
    await batches.store(fetcher, papers, step="details", detailed_at=fetcher.clock())


async def _read_lists(
    fetcher: Fetcher, subjects: Subjects, past: Sequence[date], known: Mapping[ArxivId, Paper]
) -> None:
    """One page a category has all of the last five listing days; each is stored by itself."""
    async with fetcher.engine.connect() as conn:
        unlisted = await looks.unlisted(conn, subjects, past)
    for done, (subject, missing) in enumerate(unlisted.items()):
        async with noted(fetcher, Source.LISTS):
            listing = await lists.fetch(
                fetcher.polite, fetcher.crawl, fetcher.settings.arxiv_url, subject
            )
        told = {day: kinds for day in missing if (kinds := listing.on(day)) is not None}
        await _store_list(fetcher, subject, told, known)
        fetcher.report("list pages", done + 1, len(unlisted))


async def _store_list(
    fetcher: Fetcher,
    subject: str,
    told: Mapping[date, Mapping[ArxivId, Kind]],
    known: Mapping[ArxivId, Paper],
) -> None:
    if not told:
        return
    await _store_missing(fetcher, {i for kinds in told.values() for i in kinds}, known)
    lines = [
        Announcement(day, subject, paper_id, kind, paper_id.ordinal)
        for day, kinds in told.items()
        for paper_id, kind in kinds.items()
    ]
    async with fetcher.engine.begin() as conn:
        await intake.drop_derived(conn, subject, list(told), _NEW)
        await intake.announce(conn, lines)
        seen = {day: len(kinds) for day, kinds in told.items()}
        await looks.mark_listed(conn, subject, seen, fetcher.clock())


async def _store_missing(
    fetcher: Fetcher, listed: set[ArxivId], known: Mapping[ArxivId, Paper]
) -> None:
    """Papers that are listed and not stored: from the harvest, or from the API by their ids."""
    async with fetcher.engine.connect() as conn:
        missing = listed - await intake.stored_ids(conn, listed)
    await _store(fetcher, known, missing)
    unknown = sorted(missing - known.keys())
    if unknown:
        async with noted(fetcher, Source.API):
            papers = await api.fetch(fetcher.polite, fetcher.settings.arxiv_api_url, unknown)
        await batches.store(fetcher, papers, step="papers")


async def _add_told(
    fetcher: Fetcher, subjects: Subjects, past: Sequence[date], lines: Iterable[Announcement]
) -> None:
    """What versions' times tell, until a list page tells better: minutes, or for all categories at
    a crawler's pace half an hour, in which there is something to read.

    A paper that stands in one of the day's listings was read in that day's feed: OAI-PMH's
    categories are those of now, and may have come since.
    """
    async with fetcher.engine.begin() as conn:
        listed = await looks.listed(conn, subjects, past)
        here = {
            (day, paper_id)
            for day in past
            for ids in (await intake.listed_ids(conn, subjects, day)).values()
            for paper_id in ids
        }
        told = [
            line
            for line in lines
            if line.day in past
            and (line.day, line.paper_id) not in here
            and (line.kind not in _NEW or (line.day, line.subject) not in listed)
        ]
        await intake.announce(conn, told)


async def _judge(
    fetcher: Fetcher, subjects: Subjects, day: date, records: Sequence[Record]
) -> bool:
    now = fetcher.clock()
    async with fetcher.engine.begin() as conn:
        here = await intake.listed_ids(conn, subjects, day)
        listed = {subject for _, subject in await looks.listed(conn, subjects, [day])}
        judged = verdicts(day, subjects, here, records, now, paged=listed)
        for by, names in ((Source.LISTS, listed), (Source.OAI, set(subjects) - listed)):
            part = {subject: judged[subject] for subject in names}
            await looks.mark_checked(conn, day, part, by, now)
    return all(verdict.state.settled for verdict in judged.values())
