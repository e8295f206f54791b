"""arxiv.org/list/CATEGORY/recent: a category's last five listing days, new papers and cross-lists.

The one place where a day that no feed was read on can still be seen as it was listed. Replacements
are not in it. The page is for people: what it says is read by its structure, and checked by the
counts in its own headings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Kind
from app.errors import BrokenAnswer, InvalidArxivId
from app.sources.polite import Pace, Polite

MOST = 2000  # entries that arXiv shows on one page
ACCEPT = "text/html"

# A quiet day's heading has no counts; the last day of a full page is `showing first 7 of 90`.
_HEADING = re.compile(r"\w{3}, (\d{1,2} \w{3} \d{4})(?: \(.*?(\d+) of (\d+) entries)?", re.DOTALL)


@dataclass
class Listing:
    """A category's recent days: the kind of each paper. A day between its first and last that it
    leaves out had no announcement in the category."""

    days: dict[date, dict[ArxivId, Kind]] = field(default_factory=dict)

    def on(self, day: date) -> Mapping[ArxivId, Kind] | None:
        """A day's papers; None when the page does not reach back to it."""
        if day in self.days:
            return self.days[day]
        return {} if self.days and min(self.days) < day else None


async def fetch(polite: Polite, crawl: Pace, base: str, subject: str) -> Listing:
    """A category's recent listing, at the pace of a crawler. Raises SourceUnavailable."""
    url = f"{base}/list/{subject}/recent"
    async with crawl.turn():
        reply = await polite.get(url, params={"skip": "0", "show": str(MOST)}, accept=ACCEPT)
    return await reply.read(parse)


def parse(body: bytes) -> Listing:
    """The listing of a page, without the day that is only begun at its end.

    Raises BrokenAnswer for what is none, or not whole.
    """
    parts = LexborHTMLParser(body).css("dl#articles")  # one for each day, all with the same id
    if not parts:
        raise BrokenAnswer("a list page without a list")
    listing = Listing()
    for part in parts:
        day, shown, total = _heading(part)
        entries = dict(_entry(node) for node in part.css("dt"))
        if len(entries) != shown:
            raise BrokenAnswer(f"{len(entries)} of {shown} entries of {day}")
        if shown == total:
            listing.days[day] = entries
    return listing


def _heading(part: LexborNode) -> tuple[date, int, int]:
    """A day, how many of its entries the page has, and how many it should have."""
    node = part.css_first("h3")
    text = node.text() if node else ""
    found = _HEADING.search(text)
    if found is None:
        raise BrokenAnswer(f"a heading without a day: {text[:80]!r}")
    try:
        day = datetime.strptime(found[1], "%d %b %Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise BrokenAnswer(f"a heading without a day: {found[1]!r}") from None
    return day, int(found[2] or 0), int(found[3] or 0)


def _entry(node: LexborNode) -> tuple[ArxivId, Kind]:
    link = node.css_first('a[title="Abstract"]')
    try:
        paper_id = ArxivId.parse(link.text() if link else "")
    except InvalidArxivId as error:
        raise BrokenAnswer(f"an entry without a paper: {error}") from None
    return paper_id.bare, Kind.CROSS if "cross-list" in node.text() else Kind.NEW
