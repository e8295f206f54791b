"""What pages are given: everything decided, so that templates compute nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from app.web.faq_panel import Panel


@dataclass(frozen=True, slots=True)
class Head:
    """A page's head. `body` is the hook that clients know the kind of page by."""

    title: str
    description: str
    body: str = "page"
    canonical: str | None = None
    meta: tuple[tuple[str, str], ...] = ()
    refresh: int | None = None  # seconds, where what is shown is still coming in
    refresh_to: str = ""  # where that isn't the address itself: one with a fragment never reloads


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
    withdrawn: bool = False
    version: str = ""  # where it is not the first, with its day
    notice: str = ""  # that another version was asked for than the text is of
    details: tuple[Detail, ...] = ()
    changes: tuple[VersionChange, ...] = ()
    faq_href: str = ""
    faq: Panel | None = None


@dataclass(frozen=True, slots=True)
class WordRun:
    """Words in a row that are the `same` in both versions, `removed` or `added`."""

    change: str
    html: Markup


@dataclass(frozen=True, slots=True)
class TextChange:
    """What became of a title or an abstract: a sentence when nothing did, else the words."""

    sentence: str
    runs: tuple[WordRun, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What changed from one version to the next."""

    title: str
    date: str
    texts: tuple[TextChange, ...]


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
    previous: Link | None
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
class GridDay:
    """A column of the status page's grid; `title` is the day in full."""

    weekday: str
    number: int
    title: str


@dataclass(frozen=True, slots=True)
class GridCell:
    """One archive's day: its tone and a mark for the eye, the same in words, where it leads."""

    tone: str
    mark: str
    count: str
    href: str
    title: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One archive's days."""

    archive: Link
    cells: tuple[GridCell, ...]


@dataclass(frozen=True, slots=True)
class LegendItem:
    """What a mark in the grid means."""

    tone: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """How one of arXiv's interfaces has been answering; `reason` is what went wrong, if it did."""

    name: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class StatusPage:
    """How the site itself is doing."""

    head: Head
    statuses: tuple[Status, ...]
    days: tuple[GridDay, ...]
    rows: tuple[GridRow, ...]
    legend: tuple[LegendItem, ...]
    sources: tuple[SourceLine, ...]
    facts: tuple[Detail, ...]


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
