"""Is a day whole? What the feed listed, held against a second source. Pure.

The second source is OAI-PMH: everything that changed on a day carries the day as datestamp, but
not why. What it can prove is that a *new* paper is missing: a record of that day whose only version
was submitted in the day's window, or whose id lies among the day's new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.domain.arxiv_id import ArxivId
from app.domain.calendar import State, is_weekend, listing_day_of, opens_at
from app.domain.paper import Paper
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


def verdicts(
    day: date,
    subjects: Subjects,
    listed: Mapping[str, AbstractSet[ArxivId]],
    records: Iterable[Record],
    now: datetime,
) -> dict[str, Verdict]:
    """Judge every category of a day. `listed` holds the papers of each category's listing."""
    records = [record for record in records if not record.deleted]
    confirmed = {record.paper.id for record in records}
    block = _block(day, listed, records)
    fresh = [r.paper for r in records if r.datestamp == day and _is_new(r.paper, day, block)]
    silent = not fresh and not any(listed.values())
    result = {}
    for subject in subjects:
        here = listed.get(subject, frozenset())
        known = here | {p.id for p in fresh if subject in p.subjects}
        is_whole = known == here and here <= confirmed
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
