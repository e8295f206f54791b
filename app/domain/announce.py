"""From feeds of many categories at once to each category's own listing, in few requests.

A feed names one kind per paper for all of its categories together (arXiv/arxiv-feed, database.py):
the best action over them, new before cross-list before replacement. That is enough to tell every
category's listing except where an *older* paper is newly cross-listed: the feed does not say into
which of its categories. Such papers stay *open*, and `groups_to_ask` parts their
categories so that no group holds two candidates of one paper: one more feed a group settles all.
A day of all 149 categories takes two to ten requests instead of 149.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Announcement, FeedItem, Kind, Paper
from app.domain.subjects import Subjects, archives


@dataclass(frozen=True, slots=True)
class Seen:
    """What one whole (not cut) feed held: the categories asked for, and its items."""

    subjects: Subjects
    items: tuple[FeedItem, ...]


@dataclass
class Listings:
    """Each category's listing as far as the feeds seen tell it."""

    kinds: dict[ArxivId, dict[str, Kind]] = field(default_factory=lambda: defaultdict(dict))
    papers: dict[ArxivId, Paper] = field(default_factory=dict)
    open: dict[ArxivId, frozenset[str]] = field(default_factory=dict)
    unplaced: set[ArxivId] = field(default_factory=set)

    def announcements(self, day: date) -> Iterator[Announcement]:
        """The lines of all listings. Papers still open or unplaced have none."""
        for paper_id, kinds in self.kinds.items():
            for subject, kind in kinds.items():
                yield Announcement(day, subject, paper_id, kind, paper_id.ordinal)


def listings(
    feeds: Iterable[Seen], announced_before: AbstractSet[ArxivId] = frozenset()
) -> Listings:
    """Read the first round: feeds that together cover all followed categories.

    `announced_before` holds the papers known from earlier days: one of them that is called new
    again (2602.01538 was, when it was cross-listed a day later) is not new in all its categories.
    """
    feeds = tuple(feeds)
    result = Listings()
    items = [item for seen in feeds for item in seen.items]
    fresh = {item.paper.id for item in items if item.kind is Kind.NEW} - announced_before
    for seen in feeds:
        for item in seen.items:
            result.papers.setdefault(item.paper.id, item.paper)
            _place(result, seen.subjects, item, fresh)
    return result


def groups_to_ask(result: Listings) -> tuple[Subjects, ...]:
    """Part the open papers' candidate categories into groups: one feed each settles them.

    Colours the graph in which a candidate is joined to all categories that its paper may be or is
    known to be announced in, the most entangled first: what a group's feed says of a paper is then
    said of its one candidate there.
    """
    rivals: dict[str, set[str]] = defaultdict(set)
    for paper_id, candidates in result.open.items():
        for candidate in candidates:
            for other in (candidates | result.kinds[paper_id].keys()) - {candidate}:
                rivals[candidate].add(other)
                rivals[other].add(candidate)
    groups: list[set[str]] = []
    for subject in sorted(_any_of(result.open), key=lambda s: (-len(rivals[s]), s)):
        home = next((group for group in groups if not group & rivals[subject]), None)
        if home is None:
            groups.append(home := set())
        home.add(subject)
    return tuple(Subjects.of(group) for group in groups)


def _any_of(still_open: Mapping[ArxivId, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*still_open.values())


def settle(result: Listings, answers: Iterable[Seen]) -> Listings:
    """Read the second round: feeds of the groups; what they don't list was not announced there."""
    for seen in answers:
        for item in seen.items:
            candidates = result.open.get(item.paper.id, frozenset())
            for subject in candidates & set(seen.subjects):
                result.kinds[item.paper.id][subject] = _kind_in(subject, item)
    result.unplaced |= {paper_id for paper_id in result.open if not result.kinds.get(paper_id)}
    result.open = {}
    return result


def halves(subjects: Subjects) -> tuple[Subjects, Subjects]:
    """Two parts of a set of categories whose feed was cut: by archives if it has several.

    An archive's part has the categories it shares with others under an alias (cs.NA is math.NA),
    as its feed does.
    """
    parts: list[Subjects] = []
    left = subjects
    for archive in archives():
        members = Subjects.parse(archive.name)
        parts.append(Subjects.of(name for name in left if name in members))
        left -= members
    parts = [part for part in parts if part]
    if len(parts) == 1:
        parts = [Subjects.of([name]) for name in subjects]
    middle = 1 if len(parts[0]) > len(parts) else len(parts) // 2  # computer science outweighs all
    return _union(parts[:middle]), _union(parts[middle:])


def _union(parts: Iterable[Subjects]) -> Subjects:
    return Subjects.of(name for part in parts for name in part)


def _place(result: Listings, asked: Subjects, item: FeedItem, fresh: AbstractSet[ArxivId]) -> None:
    paper = item.paper
    inside = [subject for subject in paper.subjects if subject in asked]
    if not inside and len(asked) == 1:  # listed in a category the paper has left since
        inside = list(asked)
    if not inside:
        result.unplaced.add(paper.id)
        return
    replaced = item.kind in (Kind.REPLACE, Kind.REPLACE_CROSS)
    certain = replaced or paper.id in fresh or len(asked) == 1
    candidates = inside if certain else _candidates(item, inside)
    if certain or len(candidates) == 1:
        result.kinds[paper.id].update((subject, _kind_in(subject, item)) for subject in candidates)
    else:
        result.open[paper.id] = result.open.get(paper.id, frozenset()) | set(candidates)


def _candidates(item: FeedItem, inside: list[str]) -> list[str]:
    """Where an older paper may be announced. One that was replaced on the day it was cross-listed
    stands in the listing of any category; a first version can't have been replaced."""
    if item.kind is Kind.CROSS and item.paper.version == 1:
        return [subject for subject in inside if subject != item.paper.subjects[0]] or inside
    return inside


def _kind_in(subject: str, item: FeedItem) -> Kind:
    """The kind in one category's own listing of an item seen in a feed that has it."""
    is_primary = item.paper.subjects[:1] == (subject,)
    if item.kind in (Kind.REPLACE, Kind.REPLACE_CROSS):
        return Kind.REPLACE if is_primary else Kind.REPLACE_CROSS
    return Kind.NEW if item.kind is Kind.NEW and is_primary else Kind.CROSS
