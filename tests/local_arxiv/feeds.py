"""rss.arxiv.org: one feed is one arXiv day, from midnight to midnight in New York."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from hashlib import sha256

from tests.local_arxiv.fault_content import TRUE, Content
from tests.local_arxiv.names import BadNamesError, feed_names
from tests.local_arxiv.reply import Reply, element, optional
from tests.local_arxiv.world import EASTERN, Line, World, listing_day

LIMIT = 2_000
FIRST_VERSION_LEFT_OUT = 6
_SITE = "http://rss.arxiv.org"
_RSS = (
    '<rss xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">'
)
_ATOM = (
    '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom" '
    'xml:lang="en-us">'
)


class Feeds:
    """Answers `/rss/NAMES` and `/atom/NAMES`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[tuple[str, str, date, Content], Reply] = {}

    def reply(
        self,
        form: str,
        query: str,
        now: datetime,
        asked: Mapping[str, str],
        content: Content = TRUE,
    ) -> Reply:
        """The feed of a day, `form` being `rss` or `atom`; 304 where the asker has it already.

        The headers asked with have lower-case names.
        """
        day = listing_day(now)
        key = (form, query, day, content)
        if key not in self._made:
            self._made[key] = self._make(form, query, day, content)
        made = self._made[key]
        headers = {**made.headers, "Cache-Control": f"max-age={_seconds_to_midnight(now)}"}
        if made.status == 200 and made.headers["ETag"] in asked.get("if-none-match", ""):
            return Reply(b"", made.content_type, 304, headers)
        return Reply(made.body, made.content_type, made.status, headers)

    def _make(self, form: str, query: str, day: date, content: Content) -> Reply:
        try:
            names, categories = feed_names(query)
        except BadNamesError as error:
            link = f"{_SITE}/{form}/{query}"
            wrong = _Feed(link, f"Feed error for query: {link}", str(error), day, (), ok=False)
            return wrong.written(form)
        told = content.day_told(self._world, day)
        lines = cut(self._world.listing(told, categories, FIRST_VERSION_LEFT_OUT))
        lines = content.lines_told(self._world, told, lines)
        title = f"{', '.join(names)} updates on "
        link = f"{_SITE}/{form}/{'+'.join(names)}"
        about = f"{title}the arXiv.org e-print archive."
        dated = content.date_told(told, day)
        return _Feed(link, f"{title}arXiv.org", about, dated, tuple(lines)).written(form)


def cut(lines: list[Line]) -> list[Line]:
    """At most 2,000: arXiv fetches them last kind and highest id first, then turns them round.

    So it is the new papers with the lowest ids that go missing.
    """
    return lines[-LIMIT:]


def _seconds_to_midnight(now: datetime) -> int:
    here = now.astimezone(EASTERN)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), EASTERN)
    return int(midnight.timestamp() - here.timestamp()) or 1


@dataclass(frozen=True, slots=True)
class _Feed:
    link: str
    title: str
    about: str
    day: date
    lines: tuple[Line, ...]
    ok: bool = True

    @property
    def midnight(self) -> datetime:
        return datetime.combine(self.day, time(), EASTERN)

    @property
    def built(self) -> datetime:
        """Made once a day, some seconds after midnight, and kept."""
        return (self.midnight + timedelta(seconds=5)).astimezone(UTC)

    def written(self, form: str) -> Reply:
        parts = _rss(self) if form == "rss" else _atom(self)
        body = ("<?xml version='1.0' encoding='UTF-8'?>\n" + "\n".join(parts) + "\n").encode()
        headers = {"ETag": f'"{sha256(body).hexdigest()}"'}
        return Reply(body, f"application/{form}+xml", 200 if self.ok else 400, headers)


def _rss(feed: _Feed) -> Iterator[str]:
    # The real one mistypes its own address in error feeds.
    editor = "rss-help@arxiv.org" if feed.ok else "rss-help.arxiv.org"
    yield f"{_RSS}\n  <channel>"
    yield f"    {element('title', feed.title)}\n    {element('link', feed.link)}"
    yield f"    {element('description', feed.about)}"
    yield f"    {element('atom:link', href=feed.link, rel='self', type='application/rss+xml')}"
    yield "    <docs>http://www.rssboard.org/rss-specification</docs>"
    yield "    <language>en-us</language>"
    yield f"    {element('lastBuildDate', format_datetime(feed.built))}"
    yield f"    {element('managingEditor', editor)}"
    yield f"    {element('pubDate', format_datetime(feed.midnight))}"
    if feed.ok:
        yield "    <skipDays><day>Sunday</day><day>Saturday</day></skipDays>"
    for line in feed.lines:
        yield from _item(line, feed.midnight)
    yield "  </channel>\n</rss>"


def _item(line: Line, midnight: datetime) -> Iterator[str]:
    record = line.paper.record
    yield "    <item>"
    yield f"      {element('title', record.title)}"
    yield f"      {element('link', f'https://arxiv.org/abs/{record.id}')}"
    yield f"      {element('description', _description(line))}"
    yield f"      {element('guid', _guid(line), isPermaLink='false')}"
    yield from (f"      {element('category', name)}" for name in line.paper.categories)
    yield f"      {element('pubDate', format_datetime(midnight))}"
    yield from _extensions(line)
    yield "    </item>"


def _atom(feed: _Feed) -> Iterator[str]:
    built = element("updated", feed.built.isoformat())
    yield f"{_ATOM}\n  {element('id', feed.link)}\n  {element('title', feed.title)}\n  {built}"
    yield f"  {element('link', href=feed.link, rel='self', type='application/atom+xml')}"
    yield f"  {element('subtitle', feed.about)}"
    for line in feed.lines:
        yield from _entry(line, feed.midnight, built)
    yield "</feed>"


def _entry(line: Line, midnight: datetime, built: str) -> Iterator[str]:
    record = line.paper.record
    page = f"https://arxiv.org/abs/{record.id}"
    yield "  <entry>"
    yield f"    {element('id', _guid(line))}\n    {element('title', record.title)}\n    {built}"
    yield f"    {element('link', href=page, rel='alternate', type='text/html')}"
    yield f"    {element('summary', _description(line))}"
    yield from (f"    {element('category', term=name)}" for name in line.paper.categories)
    yield f"    {element('published', midnight.isoformat())}"
    yield from _extensions(line)
    yield "  </entry>"


def _extensions(line: Line) -> Iterator[str]:
    record = line.paper.record
    parts = (
        element("arxiv:announce_type", line.kind),
        optional("dc:rights", record.licence),
        optional("dc:creator", ", ".join(record.authors)),
        optional("arxiv:DOI", record.doi),
        optional("arxiv:journal_reference", record.journal_ref),
    )
    return (f"      {part}" for part in parts if part)


def _guid(line: Line) -> str:
    return f"oai:arXiv.org:{line.paper.record.id}v{line.paper.version}"


def _description(line: Line) -> str:
    name = f"arXiv:{line.paper.record.id}v{line.paper.version}"
    return f"{name} Announce Type: {line.kind} \nAbstract: {line.paper.record.abstract}"
