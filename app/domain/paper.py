"""What the field is made of: papers, their versions, authors and announcements. Frozen records.

A field that is None was not in the source; an empty one was there and empty. `merge` relies on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from app.domain.arxiv_id import ArxivId


class Kind(IntEnum):
    """How a paper comes to stand in a day's listing; the numbers are arXiv's order on the page."""

    NEW = 0
    CROSS = 1
    REPLACE = 2
    REPLACE_CROSS = 3

    @property
    def label(self) -> str:
        """arXiv's own word, as in `arxiv:announce_type`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> Kind:
        """The kind of arXiv's word for it. Raises KeyError for any other word."""
        return cls[label.strip().upper().replace("-", "_")]


@dataclass(frozen=True, slots=True)
class Author:
    """One author as the source writes the name (accents may be TeX), with affiliations if given."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a paper: its number from 1 on, when it was submitted (UTC), and its words.

    `title` and `abstract` are None for a version that was not seen while it was the current one:
    arXiv's interfaces tell them of the current version only.
    """

    n: int
    submitted_at: datetime | None
    title: str | None = None
    abstract: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper's metadata as one source tells it.

    `id` carries no version. `subjects` are canonical category names, primary first, without the
    ACM and MSC classes that the API mixes in. `submitted_at` is version 1's time, `updated_at`
    that of version `version`; both are aware and in UTC. A `complete` one comes from a source that
    tells all there is: what it leaves out, the paper does not have.
    """

    id: ArxivId
    title: str
    authors: tuple[Author, ...]
    abstract: str
    subjects: tuple[str, ...]
    version: int | None = None
    comment: str | None = None
    journal_ref: str | None = None
    doi: str | None = None
    licence: str | None = None
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    versions: tuple[Version, ...] = ()
    withdrawn: bool | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item of a feed: a paper, and its kind as seen from *all* of the feed's categories.

    A paper that one category lists as new is new in a feed of that category and others; in a feed
    of the others alone it is a cross-list. `domain.announce` tells them apart.
    """

    paper: Paper
    kind: Kind


@dataclass(frozen=True, slots=True)
class Announcement:
    """One line of one category's listing of one day: the truth of a list page.

    `position` orders a listing within a kind: the id's ordinal, since arXiv lists by id. A
    `derived` line was not seen in a listing, but told from ids and submission times.
    """

    day: date
    subject: str
    paper_id: ArxivId
    kind: Kind
    position: int
    derived: bool = False
