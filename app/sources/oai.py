"""oaipmh.arxiv.org/oai: complete metadata with versions, by day of last change, or of one paper.

The protocol is OAI-PMH 2.0; of arXiv's formats `arXivRaw` has the versions' times and the authors
as one line, `arXiv` the authors in parts with affiliations. Dates in the latter are left alone:
its `created` is at times version 1's and at times the current version's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from xml.etree.ElementTree import Element

from app.domain.arxiv_id import ArxivId
from app.domain.authors import from_parts, split_authors
from app.domain.paper import Author, Paper, Version
from app.domain.reconcile import Record
from app.domain.subjects import canonical_all
from app.domain.withdrawal import is_withdrawn
from app.errors import BrokenAnswer, InvalidArxivId, NotFound, SourceRefused, TokenExpired
from app.sources import safe_xml
from app.sources.polite import Polite
from app.sources.text import known, line, moment, prose

ACCEPT = "text/xml, application/xml;q=0.9, */*;q=0.1"
MOST_PAGES = 10_000  # all of arXiv has some 3,000
TIMEOUT = 180.0  # seconds a page: 90 have been seen

Prefix = Literal["arXiv", "arXivRaw"]

_IGNORED = "I"  # among a source type's letters: nothing of this version is shown
_VERSION = re.compile(r"v([1-9][0-9]{0,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's records, and the token that leads to the next; None: this was the last.

    `complete_size` counts the records of all pages, where the server tells; `unread` says which
    records of this page could not be understood, and why.
    """

    records: tuple[Record, ...]
    token: str | None = None
    complete_size: int | None = None
    unread: tuple[str, ...] = ()


class _RecordError(ValueError):
    """A record that makes no sense; kept inside this module."""


def list_params(
    prefix: Prefix, *, from_day: date, until_day: date | None = None, set_spec: str | None = None
) -> dict[str, str]:
    """Asks for what changed from a day on, or until another, both included."""
    params = {"verb": "ListRecords", "metadataPrefix": prefix, "from": from_day.isoformat()}
    if until_day:
        params["until"] = until_day.isoformat()
    if set_spec:
        params["set"] = set_spec
    return params


def resume_params(token: str) -> dict[str, str]:
    """Asks for the page that a token leads to; the protocol allows nothing beside it."""
    return {"verb": "ListRecords", "resumptionToken": token}


def get_params(paper_id: ArxivId, prefix: Prefix) -> dict[str, str]:
    """Asks for one paper."""
    identifier = f"oai:arXiv.org:{paper_id.bare}"
    return {"verb": "GetRecord", "identifier": identifier, "metadataPrefix": prefix}


async def pages(  # noqa: PLR0913 - the protocol's own arguments
    polite: Polite,
    base: str,
    *,
    from_day: date,
    until_day: date | None = None,
    set_spec: str | None = None,
    prefix: Prefix = "arXivRaw",
    token: str | None = None,
) -> AsyncIterator[Page]:
    """All pages of what changed in these days; none of them may be empty. With the `token` of an
    earlier page, those that follow it.

    Raises TokenExpired when arXiv no longer knows where we were (begin again at the last datestamp
    seen), and what `Polite.get` and `parse` raise.
    """
    params = list_params(prefix, from_day=from_day, until_day=until_day, set_spec=set_spec)
    seen = set[str]()
    if token:
        params, seen = resume_params(token), {token}
    while len(seen) < MOST_PAGES:
        page = await _page(polite, base, params)
        if seen and not page.records and not page.unread:
            raise TokenExpired("nothing where more was promised", url=base)
        yield page
        if page.token is None:
            return
        if page.token in seen:
            raise BrokenAnswer("OAI-PMH leads in a circle", url=base)
        seen.add(page.token)
        params = resume_params(page.token)
    raise BrokenAnswer(f"OAI-PMH does not end after {MOST_PAGES} pages", url=base)


async def record(
    polite: Polite, base: str, paper_id: ArxivId, prefix: Prefix = "arXivRaw"
) -> Record:
    """One paper as it stands. Raises NotFound, and what `Polite.get` and `parse` raise."""
    page = await _page(polite, base, get_params(paper_id, prefix))
    for found in page.records:
        if found.paper.id == paper_id.bare:
            return found
    raise BrokenAnswer(f"asked for {paper_id.bare}, got {page.unread or 'others'}", url=base)


async def _page(polite: Polite, base: str, params: Mapping[str, str]) -> Page:
    reply = await polite.get(base, params=params, accept=ACCEPT, timeout=TIMEOUT)
    return await reply.read(parse)


def parse(body: bytes) -> Page:
    """The answer to ListRecords or GetRecord.

    Raises BrokenAnswer for what is no such answer, NotFound for an id arXiv doesn't have,
    TokenExpired for a token it no longer takes, and SourceRefused for what it calls our mistake.
    """
    root = safe_xml.parse(body)
    if _name(root) != "OAI-PMH":
        raise BrokenAnswer(f"not OAI-PMH, but <{_name(root)[:80]}>")
    error = root.find("{*}error")
    if error is not None:
        return _explain(error)
    answer = root.find("{*}ListRecords")
    answer = root.find("{*}GetRecord") if answer is None else answer
    if answer is None:
        raise BrokenAnswer("OAI-PMH without records")
    return _read(answer)


def _explain(error: Element) -> Page:
    """An empty page if there is nothing to list; else the error as ours."""
    code, reason = error.get("code", ""), line(error.text)[:200]
    if code == "noRecordsMatch":
        return Page(())
    if code == "idDoesNotExist":
        raise NotFound(reason)
    if code == "badResumptionToken":
        raise TokenExpired(reason)
    raise SourceRefused(f"{line(code)[:40]}: {reason}")


def _read(answer: Element) -> Page:
    records, unread = list[Record](), list[str]()
    for node in answer.findall("{*}record"):
        try:
            records.append(_record(node))
        except _RecordError as reason:
            unread.append(f"{line(node.findtext('{*}header/{*}identifier'))[:80]}: {reason}")
    token = answer.find("{*}resumptionToken")
    if token is None and not records and not unread:
        raise BrokenAnswer("a list of OAI-PMH's without records or an end")
    following = "" if token is None else (token.text or "").strip()
    size = "" if token is None else token.get("completeListSize", "")
    complete = int(size[:9]) if size.isascii() and size.isdigit() else None
    return Page(tuple(records), following or None, complete, unread=tuple(unread))


def _record(node: Element) -> Record:
    header = node.find("{*}header")
    if header is None:
        raise _RecordError("no header")
    datestamp = moment(header.findtext("{*}datestamp"))
    if datestamp is None:
        raise _RecordError("no datestamp")
    if header.get("status") == "deleted":
        gone = Paper(_id(header.findtext("{*}identifier")), "", (), "", ())
        return Record(gone, datestamp.date(), deleted=True)
    for metadata in node.findall("{*}metadata/*"):
        if _name(metadata) in ("arXiv", "arXivRaw"):
            return Record(_paper(metadata), datestamp.date())
    raise _RecordError("neither arXiv nor arXivRaw")


def _paper(node: Element) -> Paper:
    subjects = canonical_all((node.findtext("{*}categories") or "").split())
    title = line(node.findtext("{*}title"))
    if not subjects or not title:
        raise _RecordError(f"subjects {subjects}, title {title[:80]!r}")
    versions = tuple(_versions(node.findall("{*}version")))
    abstract = prose(node.findtext("{*}abstract"))
    comment = known(node.findtext("{*}comments"))
    return Paper(
        id=_id(node.findtext("{*}id")),
        title=title,
        authors=_authors(node),
        abstract=abstract,
        subjects=subjects,
        version=versions[-1].n if versions else None,
        comment=comment,
        journal_ref=known(node.findtext("{*}journal-ref")),
        doi=known(node.findtext("{*}doi")),
        licence=known(node.findtext("{*}license")),
        submitted_at=versions[0].submitted_at if versions and versions[0].n == 1 else None,
        updated_at=versions[-1].submitted_at if versions else None,
        versions=versions,
        withdrawn=_withdrawn(node, abstract, comment),
        complete=True,
    )


def _withdrawn(node: Element, abstract: str, comment: str | None) -> bool | None:
    """Whether the last version has no content, or words say so. Only arXivRaw can deny it."""
    versions = node.findall("{*}version")
    types = (versions[-1].findtext("{*}source_type") or "") if versions else ""
    said = _IGNORED in types or is_withdrawn(abstract, comment)
    return said if versions else said or None


def _authors(node: Element) -> tuple[Author, ...]:
    authors = node.find("{*}authors")
    if authors is None:
        return ()
    parts = authors.findall("{*}author")
    return tuple(_in_parts(parts)) if parts else split_authors(line(authors.text))


def _in_parts(parts: Iterable[Element]) -> Iterable[Author]:
    for part in parts:
        names = [line(part.findtext(f"{{*}}{tag}")) for tag in ("keyname", "forenames", "suffix")]
        affiliations = (line(node.text) for node in part.findall("{*}affiliation"))
        name = from_parts(*names)
        if name:
            yield Author(name, tuple(text for text in affiliations if text))


def _versions(nodes: Iterable[Element]) -> list[Version]:
    """In ascending order, each number once."""
    found = dict[int, Version]()
    for node in nodes:
        number = _VERSION.fullmatch(node.get("version", ""))
        if number:
            n = int(number[1])
            found[n] = Version(n, moment(node.findtext("{*}date")))
    return [found[n] for n in sorted(found)]


def _id(text: str | None) -> ArxivId:
    try:
        return ArxivId.parse((text or "")[:100]).bare
    except InvalidArxivId as error:
        raise _RecordError(str(error)) from None


def _name(node: Element) -> str:
    """A tag without its namespace, which older and newer answers give differently."""
    return node.tag.rpartition("}")[2]
