"""arxiv.org's pages of one paper, as far as a program may look for something in them."""

from __future__ import annotations

from datetime import datetime
from html import escape
from urllib.parse import quote_plus

from tests.local_arxiv.full_text import html_page, pdf_file
from tests.local_arxiv.names import looks_like_an_id, titled
from tests.local_arxiv.reply import Reply
from tests.local_arxiv.world import Current, World, listing_day

HOURS_AHEAD = 4  # abs and list pages change at 20:00 ET, as the announcement goes out


class Pages:
    """Answers `/abs/ID`, `/html/ID` and `/pdf/ID`, version or not."""

    def __init__(self, world: World) -> None:
        self._world = world

    def abstract(self, name: str, now: datetime) -> Reply:
        """The abstract page."""
        paper = self._find(name, now)
        return page(200, paper.record.title, _abstract(paper)) if paper else _missing(name)

    def html(self, name: str, now: datetime) -> Reply:
        """The full text as LaTeXML makes it; withdrawn and old-style papers have none."""
        paper = self._find(name, now)
        if not paper or paper.withdrawn or "/" in paper.record.id:
            return page(404, "No HTML", f"<h1>No HTML for '{escape(name)}'</h1>")
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


def page(status: int, title: str, body: str) -> Reply:
    """A page in arXiv's frame."""
    head = f"<!DOCTYPE html>\n<html lang='en'><head><title>{escape(title)}</title></head>"
    return Reply(f"{head}\n<body>\n{body}\n</body></html>\n".encode(), status=status)


def _missing(name: str) -> Reply:
    return page(404, "Not found", f"<h1>Paper '{escape(name)}' not found</h1>")


def linked(name: str) -> str:
    """An author's name, as a link to the search for it."""
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
        f'<div class="authors">{", ".join(map(linked, record.authors))}</div>\n'
        f'<blockquote class="abstract mathjax">{escape(record.abstract)}</blockquote>\n'
        f'<td class="tablecell subjects">{"; ".join(map(titled, paper.categories))}</td>\n'
        f'<div class="submission-history">{dates}</div>'
    )
