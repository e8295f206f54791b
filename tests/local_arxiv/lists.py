"""arxiv.org's list pages: the latest announcement, and the last five.

Their structure is that of arXiv's program of 2025 (arXiv/arxiv-browse, database/listings.py and
templates/list): replacements from version 6 on are on neither page, `recent` has no replacements
and no abstracts, its papers go down by id, and a paper stands on it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from itertools import accumulate

from tests.local_arxiv.feeds import FIRST_VERSION_LEFT_OUT
from tests.local_arxiv.names import TITLES, BadNamesError, feed_names, titled
from tests.local_arxiv.pages import HOURS_AHEAD, linked, page
from tests.local_arxiv.reply import Reply
from tests.local_arxiv.world import Line, World, listing_day

DAYS = 5
SHOWN, MOST = 50, 2_000
_SECTIONS = (
    ("New submissions", ("new",)),
    ("Cross submissions", ("cross",)),
    ("Replacement submissions", ("replace", "replace-cross")),
)
# (whether a day began on an earlier page, whether it ends on this) -> how its heading says so
_PARTS = {
    (False, True): "showing",
    (False, False): "showing first",
    (True, False): "continued, showing",
    (True, True): "continued, showing last",
}


class Lists:
    """Answers `/list/NAME/new` and `/list/NAME/recent`; NAME is one archive or category."""

    def __init__(self, world: World) -> None:
        self._world = world

    def new(self, name: str, now: datetime) -> Reply:
        """The latest announcement: on days without one, that of the last day with one."""
        try:
            names, categories = feed_names(name)
        except BadNamesError:
            return _no_such_archive()
        day = next(iter(self._latest(now)), listing_day(now, HOURS_AHEAD))
        lines = self._world.listing(day, categories, FIRST_VERSION_LEFT_OUT)
        heading = f"Showing new listings for {day:%A}, {day.day} {day:%B %Y}"
        body = f"<h1>{TITLES.get(names[0], names[0])}</h1>\n<div id='dlpage'>\n"
        body += f"<h3>{heading}</h3>\n" + "".join(_sections(lines)) + "</div>"
        return page(200, f"{names[0]} new listings", body)

    def recent(self, name: str, now: datetime, asked: Mapping[str, str]) -> Reply:
        """The last five announcements, `show` papers from `skip` on: 50, if not said otherwise."""
        try:
            names, categories = feed_names(name)
        except BadNamesError:
            return _no_such_archive()
        skip = _number(asked.get("skip"), 0)
        show = min(_number(asked.get("show"), SHOWN), MOST)
        days = self._days(now, categories)
        body = f"<div id='content-inner'>\n<div id='dlpage'>\n<h1>{TITLES.get(names[0])}</h1>\n"
        body += "<h2>Authors and titles for recent submissions</h2>\n"
        body += _index(names[0], days, show) + _paging(days, show)
        body += "".join(day.shown(skip, show) for day in days) + "</div>\n</div>"
        return page(200, f"{names[0]} recent listings", body)

    def _latest(self, now: datetime) -> list[date]:
        """The days announced, of all archives together, the newest first."""
        today = listing_day(now, HOURS_AHEAD)
        return [day for day in reversed(self._world.days) if day <= today][:DAYS]

    def _days(self, now: datetime, categories: frozenset[str]) -> list[_Day]:
        """A paper new on one of the days and cross-listed on the next is listed on the first."""
        seen: set[str] = set()
        listed = dict[date, list[Line]]()
        for day in sorted(self._latest(now)):
            lines = self._world.listing(day, categories)
            lines = [line for line in lines if line.kind in ("new", "cross")]
            listed[day] = [line for line in lines if line.paper.record.id not in seen]
            seen |= {line.paper.record.id for line in lines}
        days = sorted(listed, reverse=True)
        starts = accumulate((len(listed[day]) for day in days), initial=0)
        ordered = (_in_order(listed[day], categories) for day in days)
        return [_Day(*told) for told in zip(days, ordered, starts, strict=False)]


@dataclass(frozen=True)
class _Day:
    """A day on `recent`; `start` is how many papers stand before it."""

    day: date
    lines: list[Line]
    start: int

    @property
    def name(self) -> str:
        return f"{self.day:%a}, {self.day.day} {self.day:%b %Y}"

    def shown(self, skip: int, show: int) -> str:
        """What a page has of it."""
        first = min(max(skip - self.start, 0), len(self.lines))
        last = min(max(skip + show - self.start, 0), len(self.lines))
        if not self.lines:
            visible = skip <= self.start < skip + show
            empty = f"<dl id='articles'>\n<h3>{self.name}</h3>\n"
            return f"{empty}<p>No updates for this time period.</p>\n</dl>\n" if visible else ""
        if first >= last:
            return ""
        part = _PARTS[first > 0, last == len(self.lines)]
        heading = f"{self.name} ({part} {last - first} of {len(self.lines)} entries )"
        items = "".join(
            _term(line, self.start + n) + _description(line, with_abstract=False)
            for n, line in enumerate(self.lines[first:last], start=first + 1)
        )
        return f"<dl id='articles'>\n<h3>{heading}</h3>\n{items}</dl>\n"


def _in_order(lines: list[Line], categories: frozenset[str]) -> list[Line]:
    """Papers at home here first, which no mark tells apart, and the highest ids first."""
    marked = [
        line._replace(kind="new" if line.paper.categories[0] in categories else "cross")
        for line in lines
    ]
    marked.sort(key=lambda line: line.paper.record.id, reverse=True)
    return sorted(marked, key=lambda line: line.kind != "new")


def _index(name: str, days: list[_Day], show: int) -> str:
    links = "".join(
        f'<li><a href="/list/{name}/recent?skip={day.start}&amp;show={show}" rel="nofollow">'
        f"{day.name}</a></li>\n"
        for day in days
    )
    return f'<ul>\n{links}</ul>\n<p>See today\'s <a href="/list/{name}/new">new</a> changes</p>\n'


def _paging(days: list[_Day], show: int) -> str:
    total = sum(len(day.lines) for day in days)
    if not total:
        return ""
    return (
        f"<div class='paging'>Total of {total} entries</div>\n"
        f"<div class='morefewer'>Showing up to {show} entries per page</div>\n"
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default


def _no_such_archive() -> Reply:
    return page(404, "No such archive", "<h1>No such archive</h1>")


def _sections(lines: list[Line]) -> Iterator[str]:
    """Items are numbered over all sections, and named so in the page."""
    number = 0
    for heading, kinds in _SECTIONS:
        inside = [line for line in lines if line.kind in kinds]
        if not inside:
            continue
        count = len(inside)
        yield f"<dl id='articles'>\n<h3>{heading} (showing {count} of {count} entries)</h3>\n"
        for line in inside:
            number += 1
            with_abstract = not line.kind.startswith("replace")
            yield _term(line, number) + _description(line, with_abstract=with_abstract)
        yield "</dl>\n"


def _term(line: Line, number: int) -> str:
    name = line.paper.record.id
    notes = {
        "new": "",
        "cross": f"(cross-list from {line.paper.categories[0]})",
        "replace": "(replaced)",
        "replace-cross": f"(replaced, cross-list from {line.paper.categories[0]})",
    }
    return (
        f"<dt>\n <a name='item{number}'>[{number}]</a>\n"
        f' <a href ="/abs/{name}" title="Abstract" id="{name}">\n arXiv:{name}\n </a>\n'
        f' {notes[line.kind]}\n [<a href="/pdf/{name}" title="Download PDF">pdf</a>,'
        f' <a href="https://arxiv.org/html/{name}v{line.paper.version}">html</a>]\n</dt>\n'
    )


def _description(line: Line, *, with_abstract: bool) -> str:
    record, (primary, *others) = line.paper.record, line.paper.categories
    primary_title = f"<span class='primary-subject'>{titled(primary)}</span>"
    summary = f"<p class='mathjax'>\n{escape(record.abstract)}\n</p>"
    subjects = "; ".join((primary_title, *map(titled, others)))
    parts = (
        _field("title mathjax", "Title", escape(record.title)),
        f"<div class='list-authors'>{', '.join(map(linked, record.authors))}</div>",
        _field("comments mathjax", "Comments", escape(record.comment or "")),
        _field("journal-ref", "Journal-ref", escape(record.journal_ref or "")),
        _field("subjects", "Subjects", subjects),
        summary if with_abstract else None,
    )
    return "<dd>\n<div class='meta'>\n" + "\n".join(filter(None, parts)) + "\n</div>\n</dd>\n"


def _field(kind: str, name: str, value: str) -> str:
    label = f"<span class='descriptor'>{name}:</span>"
    return f"<div class='list-{kind}'>{label}\n {value}\n</div>" if value else ""
