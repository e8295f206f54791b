"""export.arxiv.org/api/query: single papers on demand, by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

import structlog

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, Paper, Version
from app.domain.subjects import canonical_all
from app.domain.withdrawal import is_withdrawn
from app.errors import BrokenAnswer, InvalidArxivId, SourceRefused
from app.sources import safe_xml
from app.sources.polite import Polite
from app.sources.text import known, line, moment, prose

ACCEPT = "application/atom+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
BATCH = 100  # ids a request: arXiv takes more, and then may cut the URL

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """Papers in arXiv's order; `total` of them match; `unread` could not be understood."""

    papers: tuple[Paper, ...]
    total: int
    unread: tuple[str, ...] = ()


def query_params(ids: Sequence[ArxivId], max_results: int) -> dict[str, str]:
    """Asks for these papers as they stand now."""
    id_list = ",".join(str(paper_id.bare) for paper_id in ids)
    return {"id_list": id_list, "start": "0", "max_results": str(max_results)}


async def fetch(polite: Polite, base: str, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
    """The papers with these ids, each once; ids that arXiv doesn't have are left out.

    Raises what `Polite.get` and `parse` raise.
    """
    wanted = list(dict.fromkeys(paper_id.bare for paper_id in ids))
    papers = list[Paper]()
    for start in range(0, len(wanted), BATCH):
        papers += await _batch(polite, base, wanted[start : start + BATCH])
    return tuple(papers)


async def _batch(polite: Polite, base: str, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
    reply = await polite.get(base, params=query_params(ids, len(ids)), accept=ACCEPT)
    answer = await reply.read(parse)
    if answer.unread:
        _log.warning("papers that can't be read", url=reply.url, unread=answer.unread)
    return answer.papers


def parse(body: bytes) -> Answer:
    """The answer to a query.

    Raises InvalidArxivId or SourceRefused for an answer that tells of an error, and BrokenAnswer
    for what is no answer, or one that has fewer papers than it says.
    """
    root = safe_xml.parse(body)
    total = _count(root, "totalResults")
    if root.tag != f"{_ATOM}feed" or total is None:
        raise BrokenAnswer(f"no answer of arXiv's API, but <{line(root.tag)[:80]}>")
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        _refuse_error(entry)
    promised = min(total - (_count(root, "startIndex") or 0), _count(root, "itemsPerPage") or 0)
    if len(entries) < promised:
        raise BrokenAnswer(f"{len(entries)} of {promised} papers")
    read = [_paper(entry) for entry in entries]
    return Answer(
        tuple(paper for paper in read if isinstance(paper, Paper)),
        total,
        tuple(reason for reason in read if isinstance(reason, str)),
    )


def _count(root: Element, name: str) -> int | None:
    text = (root.findtext(f"{_SEARCH}{name}") or "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def _refuse_error(entry: Element) -> None:
    if "/api/errors" not in (entry.findtext(f"{_ATOM}id") or ""):
        return
    reason = line(entry.findtext(f"{_ATOM}summary"))[:200]
    if reason.startswith("incorrect id format"):
        raise InvalidArxivId(reason)
    raise SourceRefused(reason)


def _paper(entry: Element) -> Paper | str:
    """One paper, or what is wrong with its entry."""
    address, title = line(entry.findtext(f"{_ATOM}id"))[:200], line(entry.findtext(f"{_ATOM}title"))
    subjects = canonical_all(_categories(entry))
    try:
        paper_id = ArxivId.parse(address)
    except InvalidArxivId as error:
        return str(error)
    if not subjects or not title:
        return f"{paper_id}: subjects {subjects}, title {title[:80]!r}"
    submitted_at, updated_at = (
        moment(entry.findtext(f"{_ATOM}{name}")) for name in ("published", "updated")
    )
    abstract = prose(entry.findtext(f"{_ATOM}summary"))
    comment = known(entry.findtext(f"{_ARXIV}comment"))
    return Paper(
        id=paper_id.bare,
        title=title,
        authors=tuple(_authors(entry)),
        abstract=abstract,
        subjects=subjects,
        version=paper_id.version,
        comment=comment,
        journal_ref=known(entry.findtext(f"{_ARXIV}journal_ref")),
        doi=known(entry.findtext(f"{_ARXIV}doi")),
        submitted_at=submitted_at,
        updated_at=updated_at,
        versions=_versions(paper_id.version, submitted_at, updated_at),
        withdrawn=is_withdrawn(abstract, comment) or None,  # or content is missing without a word
    )


def _categories(entry: Element) -> Iterator[str]:
    """Primary first, then all, among them ACM and MSC classes."""
    for tag in (f"{_ARXIV}primary_category", f"{_ATOM}category"):
        for node in entry.findall(tag):
            yield node.get("term", "")


def _authors(entry: Element) -> Iterator[Author]:
    for node in entry.findall(f"{_ATOM}author"):
        name = line(node.findtext(f"{_ATOM}name"))
        affiliations = (line(place.text) for place in node.findall(f"{_ARXIV}affiliation"))
        if name:
            yield Author(name, tuple(place for place in affiliations if place))


def _versions(
    n: int | None, submitted_at: datetime | None, updated_at: datetime | None
) -> tuple[Version, ...]:
    """The two that the API tells of: the first and the current one."""
    if n is None:
        return ()
    first = Version(1, submitted_at)
    return (first,) if n == 1 else (first, Version(n, updated_at))
