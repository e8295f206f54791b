"""arxiv.org's pages for people, as far as a program may look for something in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from urllib.parse import quote_plus

from tests.local_arxiv.full_text import html_page, pdf_file
from tests.local_arxiv.names import TITLES, BadNamesError, feed_names, looks_like_an_id
from tests.local_arxiv.reply import Reply
from tests.local_arxiv.world import Current, Line, World, listing_day

HOURS_AHEAD = 4  # list and abs pages change at 20:00 ET, as the announcement goes out
_SECTIONS = (
    ("New submissions", ("new",)),
    ("Cross submissions", ("cross",)),
    ("Replacement submissions", ("replace", "replace-cross")),
)


class Pages:
    """Answers `/list/NAME/new`, `/abs/ID`, `/html/ID` and `/pdf/ID`, version or not."""

    def __init__(self, world: World) -> None:
        self._world = world

    def listing(self, name: str, now: datetime) -> Reply:
        """The latest announcement: on days without one, that of the last day with one."""
        try:
            names, categories = feed_names(name)
        except BadNamesError:
            return _page(404, "No such archive", "<h1>No such archive</h1>")
        today = listing_day(now, HOURS_AHEAD)
        day = max((day for day in self._world.days if day <= today), default=today)
        lines = self._world.listing(day, categories)
        date = f"{day:%A}, {day.day} {day:%B %Y}"
        body = f"<h1>{TITLES.get(names[0], names[0])}</h1>\n<div id='dlpage'>\n"
        body += f"<h3>Showing new listings for {date}</h3>\n" + "".join(_sections(lines)) + "</div>"
        return _page(200, f"{names[0]} new listings", body)

    def abstract(self, name: str, now: datetime) -> Reply:
        """The abstract page."""
        paper = self._find(name, now)
        return _page(200, paper.record.title, _abstract(paper)) if paper else _missing(name)

    def html(self, name: str, now: datetime) -> Reply:
        """The full text as LaTeXML makes it; withdrawn and old-style papers have none."""
        paper = self._find(name, now)
        if not paper or paper.withdrawn or "/" in paper.record.id:
            return _page(404, "No HTML", f"<h1>No HTML for '{escape(name)}'</h1>")
        return Reply(html_page(paper).encode())

    def pdf(self, name: str, now: datetime) -> Reply:
        """A small PDF with the title in it; withdrawn papers have none."""
        paper = self._find(name.removesuffix(".pdf"), now)
        if not paper or paper.withdrawn:
            return _missing(name)
        return Reply(pdf_file(paper), "application/pdf")

    def _find(self, name: str, now: datetime) -> Current | None:
        if not looks_like_an_id(name):
            return None
        archive, slash, number = name.rpartition("/")
        bare, _, version = number.partition("v")
        paper = self._world.as_of(archive + slash + bare, listing_day(now, HOURS_AHEAD))
        if not paper or not version:
            return paper
        return paper._replace(version=int(version)) if 0 < int(version) <= paper.version else None


def _page(status: int, title: str, body: str) -> Reply:
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{escape(title)}</title></head>"
    return Reply(f"{head}\n<body>\n{body}\n</body></html>\n".encode(), status=status)


def _missing(name: str) -> Reply:
    return _page(404, "Not found", f"<h1>Paper '{escape(name)}' not found</h1>")


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
            yield _term(line, number) + _description(line)
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


def _description(line: Line) -> str:
    record, (primary, *others) = line.paper.record, line.paper.categories
    primary_title = f"<span class='primary-subject'>{_subject(primary)}</span>"
    subjects = "; ".join((primary_title, *map(_subject, others)))
    parts = (
        _field("title mathjax", "Title", escape(record.title)),
        f"<div class='list-authors'>{', '.join(map(_author, record.authors))}</div>",
        _field("comments mathjax", "Comments", escape(record.comment or "")),
        _field("journal-ref", "Journal-ref", escape(record.journal_ref or "")),
        _field("subjects", "Subjects", subjects),
        _summary(line),
    )
    return "<dd>\n<div class='meta'>\n" + "\n".join(filter(None, parts)) + "\n</div>\n</dd>\n"


def _summary(line: Line) -> str:
    """Lists of replacements show no abstracts."""
    hidden = line.kind.startswith("replace")
    return "" if hidden else f"<p class='mathjax'>\n{escape(line.paper.record.abstract)}\n</p>"


def _field(kind: str, name: str, value: str) -> str:
    label = f"<span class='descriptor'>{name}:</span>"
    return f"<div class='list-{kind}'>{label}\n {value}\n</div>" if value else ""


def _subject(name: str) -> str:
    return f"{TITLES[name]} ({name})"


def _author(name: str) -> str:
    query = quote_plus(name.rpartition(" ")[2])
    link = f"https://arxiv.org/search/?searchtype=author&amp;query={query}"
    return f'<a href="{link}">{escape(name)}</a>'


def _abstract(paper: Current) -> str:
    record = paper.record
    dates = "".join(
        f"<br><strong>[v{n}]</strong> {at:%a, %-d %b %Y %H:%M:%S} UTC"
        for n, at in enumerate(record.versions[: paper.version], start=1)
    )
    return (
        f'<h1 class="title mathjax"><span class="descriptor">Title:</span>'
        f"{escape(record.title)}</h1>\n"
        f'<div class="authors">{", ".join(map(_author, record.authors))}</div>\n'
        f'<blockquote class="abstract mathjax">{escape(record.abstract)}</blockquote>\n'
        f'<td class="tablecell subjects">{"; ".join(map(_subject, paper.categories))}</td>\n'
        f'<div class="submission-history">{dates}</div>'
    )
