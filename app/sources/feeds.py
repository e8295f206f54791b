"""rss.arxiv.org: what one day announces, as new, cross-list, replacement or replaced cross-list.

The words of a paper are read from the XML tree, and only what frames them (ids, links, categories,
dates) by feedparser, which makes one of RSS and Atom. feedparser guesses about text: `Ã©` becomes
`é`, C1 controls become punctuation, and what looks like HTML is cleaned as such. It also looks for
e-mail addresses in authors with an expression that takes 1.4 s for 20,000 letters and four times
as long for twice as many.
"""

from __future__ import annotations

import io
import re
from calendar import timegm
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import feedparser

from app.domain.arxiv_id import ArxivId
from app.domain.authors import split_authors
from app.domain.calendar import listing_day
from app.domain.paper import Author, FeedItem, Kind, Paper
from app.domain.subjects import Subjects, canonical_all
from app.domain.withdrawal import is_withdrawn
from app.errors import BrokenAnswer, InvalidArxivId, SourceRefused
from app.sources import safe_xml
from app.sources.polite import Polite, Validators
from app.sources.text import YEARS, known, line, prose

FEED_LIMIT = 2000  # arXiv's: what is more is cut off, and the newest papers go first
LAST_VERSION = 5  # replacements of a higher version are left out
ACCEPT = "application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ARXIV = "{http://arxiv.org/schemas/atom}"

_FRAME = frozenset(
    {"guid", "link", "category", "pubDate", "lastBuildDate"}
    | {f"{_ATOM}{name}" for name in ("id", "link", "category", "published", "updated")}
)
_ATTRIBUTES = frozenset({"href", "rel", "term", "isPermaLink"})
_LONGEST = 500  # characters of an id, link, category or date; what is longer can't be one

_HEAD = re.compile(r"\s*arXiv:(?P<id>\S{1,40})\s+Announce Type:\s*(?P<kind>\S{1,20})")


@dataclass(frozen=True, slots=True)
class Feed:
    """One day's feed; `unread` names the items in it that could not be understood. It `is_cut` when
    it holds as much as arXiv lets one feed hold: new papers may be missing.

    `day` is that of the items; the feed's own date only where there are none, since yesterday's
    items have been seen under a fresh date.
    """

    day: date
    items: tuple[FeedItem, ...]
    unread: tuple[str, ...] = ()
    is_cut: bool = False


def feed_url(base: str, subjects: Subjects) -> str:
    """The RSS feed of all these categories together."""
    return f"{base}/rss/{'+'.join(subjects.feed_names())}"


async def fetch(
    polite: Polite, base: str, subjects: Subjects, validators: Validators | None = None
) -> tuple[Feed, Validators] | None:
    """Today's feed and what makes the next request conditional; None when it has not changed.

    Raises SourceUnavailable (all kinds) and SourceRefused.
    """
    url = feed_url(base, subjects)
    reply = await polite.get(url, accept=ACCEPT, validators=validators)
    return None if reply.not_modified else (await reply.read(parse), reply.validators)


def parse(body: bytes) -> Feed:
    """A feed in RSS 2.0 or Atom.

    Raises BrokenAnswer for what is none, and SourceRefused for a feed that tells of an error.
    """
    root = safe_xml.parse(body)
    top, nodes = _parts(root)
    _refuse_error(top)
    outline = _outline(root.tag, top, nodes)
    papers = dict[ArxivId, FeedItem]()
    unread = list[str]()
    for node, frame in zip(nodes, outline.entries, strict=True):
        item = _item(node, frame)
        if isinstance(item, str):
            unread.append(item)
        else:
            papers.setdefault(item.paper.id, item)
    is_cut = len(nodes) >= FEED_LIMIT
    return Feed(_day(outline), tuple(papers.values()), tuple(unread), is_cut)


def _parts(root: Element) -> tuple[Element, list[Element]]:
    """What holds the feed's own data, and the items."""
    if root.tag == f"{_ATOM}feed":
        return root, root.findall(f"{_ATOM}entry")
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        raise BrokenAnswer(f"neither RSS nor Atom, but <{line(root.tag)[:80]}>")
    return channel, channel.findall("item")


def _refuse_error(top: Element) -> None:
    if _text(top, "title").startswith("Feed error for query"):
        raise SourceRefused(line(_text(top, "description", "subtitle"))[:200])


def _outline(kind: str, top: Element, nodes: Sequence[Element]) -> Any:
    """The feed without its words, read by feedparser."""
    root = Element(kind)
    frame = SubElement(root, "channel") if kind == "rss" else root
    _copy_frame(top, frame)
    for node in nodes:
        _copy_frame(node, SubElement(frame, node.tag))
    try:
        result = feedparser.parse(
            io.BytesIO(tostring(root)), sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # it promises nothing about what it raises
        raise BrokenAnswer(f"a feed that can't be read: {error}") from error
    if len(result.entries) != len(nodes):
        raise BrokenAnswer("a feed whose items can't be told apart")
    return result


def _copy_frame(node: Element, into: Element) -> None:
    for child in node:
        if child.tag in _FRAME:
            attributes = {n: v[:_LONGEST] for n, v in child.attrib.items() if n in _ATTRIBUTES}
            SubElement(into, child.tag, attributes).text = (child.text or "")[:_LONGEST]


def _day(outline: Any) -> date:
    """That of most items: one that is dated otherwise must not cost the others."""
    times = [_time(entry, "published_parsed") for entry in outline.entries]
    days = Counter(listing_day(time) for time in times if time and time.year in YEARS)
    if days:
        day, count = days.most_common(1)[0]
        if 2 * count <= days.total():
            raise BrokenAnswer(f"a feed of several days: {', '.join(map(str, sorted(days)))}")
        return day
    time = _time(outline.feed, "published_parsed") or _time(outline.feed, "updated_parsed")
    if time is None:
        raise BrokenAnswer("a feed without a date")
    return listing_day(time)


def _time(data: dict[str, Any], key: str) -> datetime | None:
    # dict's own get: feedparser's answers `updated` with `published`, and warns of it
    parsed = dict.get(data, key)
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _item(node: Element, frame: dict[str, Any]) -> FeedItem | str:
    """One item, or what is wrong with it."""
    text = _text(node, "description", "summary")
    head = _HEAD.match(text)
    title = line(_text(node, "title"))
    found = _ids(frame.get("id"), head and head["id"], frame.get("link"))
    if not found:
        return f"no id: {title[:80]}"
    kind = _kind(node.findtext(f"{_ARXIV}announce_type") or (head["kind"] if head else ""))
    subjects = canonical_all(tag.get("term") or "" for tag in frame.get("tags", ()))
    if kind is None or not subjects or not title:
        return f"{found[0]}: kind {kind}, subjects {subjects}, title {title[:80]!r}"
    abstract = _abstract(text)
    paper = Paper(
        id=found[0].bare,
        title=title,
        authors=_authors(node),
        abstract=abstract,
        subjects=subjects,
        version=next((id_.version for id_ in found if id_.version), None),
        journal_ref=known(node.findtext(f"{_ARXIV}journal_reference")),
        doi=known(node.findtext(f"{_ARXIV}DOI")),
        licence=known(node.findtext(f"{_DC}rights")),
        withdrawn=is_withdrawn(abstract) or None,  # the reason may stand in the comment
    )
    return FeedItem(paper, kind)


def _text(node: Element, *names: str) -> str:
    """The text of the first child so named, in RSS or Atom; empty where there is none."""
    for name in names:
        child = node.find(name)
        child = node.find(_ATOM + name) if child is None else child
        if child is not None:
            return "".join(child.itertext())
    return ""


def _ids(*texts: str | None) -> list[ArxivId]:
    """The ids in these texts that name the same paper as the first."""
    found = list[ArxivId]()
    for text in texts:
        with suppress(InvalidArxivId):
            found.append(ArxivId.parse((text or "")[:_LONGEST]))
    return [id_ for id_ in found if id_.bare == found[0].bare]


def _kind(label: str) -> Kind | None:
    try:
        return Kind.from_label(label)
    except KeyError:
        return None


def _abstract(text: str) -> str:
    before, marker, abstract = text.partition("Abstract:")
    return prose(abstract if marker else before)


def _authors(node: Element) -> tuple[Author, ...]:
    """From `dc:creator`, which arXiv fills; else from Atom's own `author`, one name each."""
    creators = node.findall(f"{_DC}creator")
    if creators:
        return tuple(a for c in creators for a in split_authors(line(c.text)))
    names = (line(name.text) for name in node.findall(f"{_ATOM}author/{_ATOM}name"))
    return tuple(Author(name) for name in names if name)
