"""Is a day whole, and what was missed of it? What was listed, held against a second source. Pure.

The second source is OAI-PMH: everything that changed on a day carries the day as datestamp, but
not why. What it can prove is that a *new* paper is missing: a record of that day whose only version
was submitted in the day's window, or whose id lies among the day's new ones. Versions' times also
tell what the feeds leave out (replacements from version 6 on) and what stood in feeds never read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State, is_weekend, listing_day_of, opens_at
from app.domain.paper import Announcement, Kind, Paper
from app.domain.subjects import Subjects

# On a weekday arXiv may simply be late: half a day passes before silence is "no announcement".
SILENCE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Record:
    """What OAI-PMH tells of one paper, and the day it last changed there."""

    paper: Paper
    datestamp: date
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One category's day: its state, and how many papers the two sources know of together."""

    state: State
    known: int


def verdicts(  # noqa: PLR0913 - all that a day is judged by
    day: date,
    subjects: Subjects,
    listed: Mapping[str, AbstractSet[ArxivId]],
    records: Iterable[Record],
    now: datetime,
    *,
    unread: Sequence[str] = (),
    paged: AbstractSet[str] = frozenset(),
) -> dict[str, Verdict]:
    """Judge every category of a day. `listed` holds the papers of each category's listing;
    `unread` what a listing held and nobody could understand, which may be anybody's; `paged` names
    the categories of which arXiv's list page was read, which knows better what was new there than
    the categories that OAI-PMH tells of a paper now."""
    records = [record for record in records if not record.deleted]
    confirmed = {record.paper.id for record in records}
    block = _block(day, listed, records)
    anywhere = frozenset[ArxivId]().union(*listed.values())
    today = [record.paper for record in records if record.datestamp == day]
    new = [paper for paper in today if _is_new(paper, day, block)]
    unlisted = [paper for paper in today if _is_unlisted(paper, day, anywhere)]
    silent = not new and not unlisted and not any(listed.values())
    result = {}
    for subject in subjects:
        here = listed.get(subject, frozenset())
        fresh = unlisted if subject in paged else [*new, *unlisted]
        known = here | {p.id for p in fresh if subject in p.subjects}
        is_whole = not unread and known == here and here <= confirmed
        result[subject] = Verdict(_state(day, now, is_whole, silent, bool(here)), len(known))
    return result


def _state(day: date, now: datetime, is_whole: bool, silent: bool, seen: bool) -> State:
    if silent:
        over = is_weekend(day) or now >= opens_at(day) + SILENCE
        return State.NONE if over else State.EXPECTED
    if is_whole:
        return State.WHOLE
    return State.PARTIAL if seen else State.EXPECTED


def _is_new(paper: Paper, day: date, block: tuple[ArxivId, ArxivId] | None) -> bool:
    if len(paper.versions) != 1 or paper.submitted_at is None:
        return False
    in_block = block is not None and block[0] <= paper.id <= block[1]
    return in_block or listing_day_of(paper.submitted_at) == day


def _is_unlisted(paper: Paper, day: date, anywhere: AbstractSet[ArxivId]) -> bool:
    """Whether a replacement submitted for this day stands in no listing. That it stands in one is
    enough: OAI-PMH tells a paper's categories of now, not those it was replaced in."""
    at = paper.updated_at
    replaced = len(paper.versions) > 1 and at is not None and listing_day_of(at) == day
    return replaced and paper.id not in anywhere


def _block(
    day: date, listed: Mapping[str, AbstractSet[ArxivId]], records: Iterable[Record]
) -> tuple[ArxivId, ArxivId] | None:
    """First and last id of the listed papers that were submitted for this day."""
    here = frozenset().union(*listed.values())
    fresh = [
        r.paper.id
        for r in records
        if r.paper.id in here
        and r.paper.submitted_at is not None
        and listing_day_of(r.paper.submitted_at) == day
    ]
    return (min(fresh), max(fresh)) if fresh else None


def is_stale(
    day: date,
    held: AbstractSet[ArxivId],
    new: AbstractSet[ArxivId],
    announced_before: AbstractSet[ArxivId],
    records: Iterable[Record],
) -> bool:
    """Whether a feed dated `day` holds an earlier day: by datestamp most of all that it held last
    changed before, or most of what it calls new was announced before. Single papers are called new
    again at times; a whole day never is."""
    earlier = {record.paper.id for record in records if record.datestamp < day}
    return 2 * len(held & earlier) > len(held) or 2 * len(new & announced_before) > len(new)


def announcement_days(records: Iterable[Record]) -> set[date]:
    """The days that are proved to have had an announcement: the newest version of some record was
    submitted for the very day that its datestamp is."""
    return {
        record.datestamp
        for record in records
        if (at := record.paper.updated_at) and listing_day_of(at) == record.datestamp
    }


def told_lines(
    records: Iterable[Record], subjects: Subjects, days: Sequence[date]
) -> Iterator[Announcement]:
    """The listing lines that versions' times tell, derived: version 1 is new, a later one replaces.

    `days` are those with an announcement, ascending: a submission goes into the first of them
    from its own listing day on, since a holiday puts listings off. Of older papers newly
    cross-listed nothing is told.
    """
    for record in records:
        told = dict[date, int]()  # the first of several versions of a day makes its kind
        for version in record.paper.versions:
            place = _place(version.submitted_at, days)
            if place is not None:
                told.setdefault(days[place], version.n)
        for day, n in told.items():
            yield from _lines(record, day, n, subjects)


def _place(submitted_at: datetime | None, days: Sequence[date]) -> int | None:
    if submitted_at is None or not days:
        return None
    day = listing_day_of(submitted_at)
    if day < days[0]:  # whether it was put off until then is not known
        return None
    place = bisect_left(days, day)
    put_off = timedelta(days=4)  # Christmas is arXiv's longest silence
    return place if place < len(days) and days[place] - day <= put_off else None


def _lines(record: Record, day: date, n: int, subjects: Subjects) -> Iterator[Announcement]:
    paper = record.paper
    at_home, abroad = (Kind.NEW, Kind.CROSS) if n == 1 else (Kind.REPLACE, Kind.REPLACE_CROSS)
    # what has changed since may have been cross-listed since: of new papers list pages tell better
    told = paper.subjects[:1] if n == 1 and record.datestamp != day else paper.subjects
    for subject in told:
        if subject in subjects:
            kind = at_home if subject == paper.subjects[0] else abroad
            yield Announcement(day, subject, paper.id, kind, paper.id.ordinal, derived=True)
