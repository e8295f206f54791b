"""export.arxiv.org/api/query, in the layout of the server of 2026."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from tests.local_arxiv.names import looks_like_an_id
from tests.local_arxiv.reply import Reply, element, optional
from tests.local_arxiv.world import Current, World, listing_day

MOST = 2_000
_OPEN = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
)
_SCHEME = "http://arxiv.org/schemas/atom"


class RefusedError(Exception):
    """A request the API answers with HTTP 400 and this text."""


class Api:
    """Answers `/api/query`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def reply(self, asked: Mapping[str, str], now: datetime) -> Reply:
        """The papers of `id_list`, or those of a `search_query`, from `start` on."""
        try:
            start = _number(asked, "start", 0)
            most = min(_number(asked, "max_results", 10), MOST)
            found = self._found(asked, now)
        except RefusedError as error:
            return _refusal(str(error), now)
        page = found[start : start + most]
        return _atom(_head(asked, start, most, len(found), now), map(_entry, page))

    def _found(self, asked: Mapping[str, str], now: datetime) -> list[Current]:
        names = [name.strip() for name in asked.get("id_list", "").split(",") if name.strip()]
        for name in names:
            if not looks_like_an_id(name):
                raise RefusedError(f"incorrect id format for {name}")
        day, query = listing_day(now), asked.get("search_query", "")
        if names:
            papers = [p for name in names if (p := self._named(name, now))]
        else:
            papers = self._world.all_as_of(day)[::-1] if query else []
        return [paper for paper in papers if _matches(paper, query)]

    def _named(self, name: str, now: datetime) -> Current | None:
        """A paper by its identifier; of a version named, as that one was."""
        bare, _, version = (
            name.rpartition("v") if "v" in name.rpartition("/")[2] else (name, "", "")
        )
        paper = self._world.as_of(bare, listing_day(now))
        if not paper or not version:
            return paper
        return paper._replace(version=int(version)) if int(version) <= paper.version else None


def _matches(paper: Current, query: str) -> bool:
    """Of the search language only `cat:`, `ti:`, `au:`, `all:` and plain words, joined by AND."""
    record = paper.record
    fields = {"ti": record.title, "au": " ".join(record.authors)}
    everything = " ".join((*fields.values(), record.abstract))
    for term in query.replace(" AND ", " ").split():
        name, _, word = term.rpartition(":")
        if name == "cat":
            if word.lower() not in map(str.lower, paper.categories):
                return False
        elif word.lower() not in fields.get(name, everything).lower():
            return False
    return True


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    given = asked.get(name, str(default))
    if not given.isdigit():
        raise RefusedError(f"{name} must be an integer")
    return int(given)


def _head(asked: Mapping[str, str], start: int, most: int, total: int, now: datetime) -> str:
    query, ids = asked.get("search_query", ""), asked.get("id_list", "")
    title = f"search_query={query}&id_list={ids}&start={start}&max_results={most}"
    link = f"https://arxiv.org/api/query?search_query={query}&start={start}"
    link += f"&max_results={most}&id_list={ids}"
    return (
        f"  {element('id', f'https://arxiv.org/api/{sha256(title.encode()).hexdigest()[:27]}')}\n"
        f"  {element('title', f'arXiv Query: {title}')}\n"
        f"  {element('updated', _time(now))}\n"
        f"  {element('link', href=link, type='application/atom+xml')}\n"
        + _counts(most, total, start)
    )


def _counts(per_page: int, total: int, start: int) -> str:
    return (
        f"  {element('opensearch:itemsPerPage', str(per_page))}\n"
        f"  {element('opensearch:totalResults', str(total))}\n"
        f"  {element('opensearch:startIndex', str(start))}\n"
    )


def _entry(paper: Current) -> str:
    """`published` is version 1's time, `updated` that of the version shown."""
    record, name = paper.record, f"{paper.record.id}v{paper.version}"
    page, pdf = f"https://arxiv.org/abs/{name}", f"https://arxiv.org/pdf/{name}"
    terms = (*paper.categories, *record.classes)
    parts = (
        element("id", f"http://arxiv.org/abs/{name}"),
        element("title", record.title),
        element("updated", _time(record.versions[paper.version - 1])),
        element("link", href=page, rel="alternate", type="text/html"),
        element("link", href=pdf, rel="related", type="application/pdf", title="pdf"),
        element("summary", record.abstract),
        *(element("category", term=term, scheme=_SCHEME) for term in terms),
        element("published", _time(record.versions[0])),
        optional("arxiv:comment", record.comment),
        element("arxiv:primary_category", term=paper.categories[0]),
        optional("arxiv:journal_ref", record.journal_ref),
        optional("arxiv:doi", record.doi),
        *(f"<author>{element('name', name)}</author>" for name in record.authors),
    )
    return "  <entry>\n" + "".join(f"    {part}\n" for part in parts if part) + "  </entry>\n"


def _refusal(reason: str, now: datetime) -> Reply:
    where = f"https://arxiv.org/api/errors#{reason.replace(' ', '_')}"
    head = (
        f"  {element('id', 'https://arxiv.org/')}\n  {element('title', 'arXiv Search Results')}\n"
        f"  {element('updated', _time(now))}\n" + _counts(1, 1, 0)
    )
    entry = (
        f"  <entry>\n    {element('id', where)}\n    {element('title', 'Error')}\n"
        f"    {element('updated', _time(now))}\n"
        f"    {element('link', href=where, rel='alternate', type='text/html')}\n"
        f"    {element('summary', reason)}\n"
        f"    <author>{element('name', 'arXiv api core')}</author>\n  </entry>\n"
    )
    return _atom(head, [entry], 400)


def _atom(head: str, entries: Iterable[str], status: int = 200) -> Reply:
    body = f"{_OPEN}{head}{''.join(entries)}</feed>\n"
    return Reply(body.encode(), "application/atom+xml; charset=utf-8", status)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
