"""What pages are given: everything decided, so that templates compute nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Head:
    """A page's head. `body` is the hook that clients know the kind of page by."""

    title: str
    description: str
    body: str = "page"
    canonical: str | None = None
    meta: tuple[tuple[str, str], ...] = ()
    refresh: int | None = None  # seconds, where what is shown is still coming in


@dataclass(frozen=True, slots=True)
class Link:
    """A link; `title` says in full what the text says in short."""

    href: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """One sentence on how things stand; `tone` is whole, partial, expected, none or trouble."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper. `authors` are shown, `folded` on request."""

    id: str
    index: int
    href: str
    abs_url: str
    pdf_url: str
    title: Markup
    abstract: Markup
    authors: tuple[Link, ...]
    folded: tuple[Link, ...]
    subjects: tuple[Link, ...]
    is_submission: bool  # whether `date` is its time of submission, or the day it was announced
    date: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Detail:
    """One more thing known of a paper: plain `text`, or links, each with words after it."""

    label: str
    text: str = ""
    links: tuple[tuple[Link, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """The new ones, the cross-lists or the replacements of a listing, as far as on this page."""

    id: str
    title: str
    count: int
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class CalendarCell:
    """One place in a month's grid; without `number` it belongs to no day of the month."""

    number: int | None = None
    href: str | None = None
    title: str = ""
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month; the days with an announcement are links, and so is its own name: to their counts."""

    title: Link
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[CalendarCell, ...], ...]
    previous: Link
    next: Link | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class CountLink:
    """A number of papers of one kind, leading to where they begin."""

    href: str
    text: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A day's listing of a selection of categories."""

    head: Head
    expression: str
    title: str
    day: str
    total: int
    counts: tuple[CountLink, ...]
    statuses: tuple[Status, ...]
    previous_day: Link | None
    next_day: Link | None
    calendar: Calendar
    sections: tuple[Section, ...]
    pager: Pager | None


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in a listing one is, and where one can go."""

    text: str
    previous: Link | None
    next: Link | None
    whole: Link | None


@dataclass(frozen=True, slots=True)
class PapersPage:
    """One paper, or several in the order asked for."""

    head: Head
    title: str
    cards: tuple[Card, ...]
    missing: tuple[Link, ...]  # asked for and not stored: to arXiv


@dataclass(frozen=True, slots=True)
class LatestRow:
    """One of the reader's categories, with its latest announced day."""

    name: str
    title: str
    href: str
    day: str | None  # where it is not the page's
    counts: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One archive or category to watch, exclude, or neither; `value` is `+`, `-` or empty."""

    name: str
    title: str
    href: str
    value: str


@dataclass(frozen=True, slots=True)
class ChoiceGroup:
    """One archive's choices."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    chosen: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class HomePage:
    """The reader's categories, and all there are."""

    head: Head
    day: str
    statuses: tuple[Status, ...]
    mine: Link
    total: int
    latest: tuple[LatestRow, ...]
    groups: tuple[ChoiceGroup, ...]


@dataclass(frozen=True, slots=True)
class PlainPage:
    """A page whose words are all in its template."""

    head: Head


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What went wrong, in words; what would work."""

    head: Head
    status: int
    title: str
    text: str
    examples: tuple[Link, ...] = field(default=())
    links: tuple[Link, ...] = field(default=())
