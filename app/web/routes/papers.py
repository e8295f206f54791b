"""One paper's page, or several papers in the order asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Version
from app.domain.tex import to_text
from app.store import faqs, papers
from app.store.papers import Announced, StoredPaper
from app.web.address import Papers, href
from app.web.cards import card, details_of
from app.web.changes import all_versions, changes_of
from app.web.faq_panel import language_for
from app.web.language import Language
from app.web.pages import Card, ErrorPage, Head, Link, PapersPage
from app.web.routes.faq import Found, faq_panel
from app.web.site import Site

_SOON = 5  # seconds after which a page looks how far the FAQ is


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the store has of the papers asked for."""

    papers: Mapping[str, StoredPaper]
    announced: Mapping[str, tuple[Announced, ...]]
    versions: Mapping[str, tuple[Version, ...]]

    @property
    def is_one(self) -> bool:
        """Whether the page is of a single paper, and has room for more of it."""
        return len(self.papers) == 1


async def page(what: Papers, request: Request, site: Site, words: Language) -> Response:
    """The papers that are stored, and for the others a link to arXiv; 404 when none is."""
    async with site.reading.connect() as conn:
        stored = await _read(conn, [str(paper_id.bare) for paper_id in what.ids])
    arxiv = site.settings.arxiv_url
    missing = tuple(
        Link(paper_id.abs_url(arxiv), f"arXiv:{paper_id}")
        for paper_id in what.ids
        if str(paper_id.bare) not in stored.papers
    )
    if not stored.papers:
        return site.render(request, "error", _not_stored(missing, words), status=404)
    here = [paper_id for paper_id in what.ids if str(paper_id.bare) in stored.papers]
    cards = tuple(
        _card(paper_id, n, stored, arxiv, words) for n, paper_id in enumerate(here, start=1)
    )
    if len(cards) == 1:
        cards = (await _with_faq(cards[0], stored, request, site, words),)
    head = (
        _head(stored.papers[cards[0].id], cards[0], site)
        if len(what.ids) == 1
        else Head(
            words.plural("%(n)s paper", "%(n)s papers", len(cards)),
            words.say("arXiv papers side by side"),
            body="arxiv",
        )
    )
    if cards[0].faq and (cards[0].faq.is_open or cards[0].faq.is_answering):
        here_again = f"{href(cards[0].id)}?faq={quote(cards[0].faq.language)}"
        head = replace(head, refresh=_SOON, refresh_to=here_again)
    title = f"arXiv:{here[0]}" if len(what.ids) == 1 else head.title
    return await site.answer(request, "papers", PapersPage(head, title, cards, missing))


async def _read(conn: AsyncConnection, ids: list[str]) -> _Stored:
    return _Stored(
        papers=await papers.by_ids(conn, ids),
        announced=await papers.announcements_of(conn, ids),
        versions=await papers.versions_of(conn, ids),
    )


async def _with_faq(
    shown: Card, stored: _Stored, request: Request, site: Site, words: Language
) -> Card:
    """With its FAQ, where there is one or it is asked for."""
    language = language_for(request.query_params.get("faq"), words, site.settings)
    async with site.reading.connect() as conn:
        found = Found(
            stored.papers[shown.id], language, await faqs.of_paper(conn, shown.id, language)
        )
    if not found.faqs and "faq" not in request.query_params:
        return shown
    return replace(shown, faq=await faq_panel(found, request, site, words))


def _card(paper_id: ArxivId, n: int, stored: _Stored, arxiv: str, words: Language) -> Card:
    paper = stored.papers[str(paper_id.bare)]
    announced = stored.announced.get(paper.id, ())
    versions = all_versions(paper, stored.versions.get(paper.id, ()))
    shown = card(
        paper,
        index=n,
        arxiv_url=arxiv,
        day=min((a.day for a in announced), default=None),
        asked=paper_id,
    )
    return replace(
        shown,
        notice=_notice(paper_id, paper, words),
        details=details_of(paper, announced, versions, words, arxiv),
        changes=changes_of(versions, words) if stored.is_one else (),
    )


def _notice(asked: ArxivId, paper: StoredPaper, words: Language) -> str:
    """arXiv tells the words of the current version only."""
    if None in (asked.version, paper.version) or asked.version == paper.version:
        return ""
    return words.say(
        "Version %(asked)s was asked for; the text here is that of version %(here)s.",
        asked=asked.version,
        here=paper.version,
    )


def _head(paper: StoredPaper, shown: Card, site: Site) -> Head:
    """With what reference managers read a paper from."""
    title, abstract = to_text(paper.title), to_text(paper.abstract)
    when = shown.date[:10]
    told = {
        "citation_title": title,
        "citation_authors": "; ".join(paper.author_names),
        "citation_date": when,
        "citation_year": when[:4],
        "citation_arxiv_id": paper.id,
        "citation_doi": paper.doi or "",
        "citation_pdf_url": shown.pdf_url,
        "citation_abstract": abstract,
    }
    return Head(
        title=title,
        description=abstract[:300],
        body="arxiv",
        canonical=site.settings.site_url + href(paper.id),
        meta=tuple((name, content) for name, content in told.items() if content),
    )


def _not_stored(missing: tuple[Link, ...], words: Language) -> ErrorPage:
    title = words.say("Not here")
    text = words.plural(
        "This paper isn't stored here. arXiv may have it:",
        "These papers aren't stored here. arXiv may have them:",
        len(missing),
    )
    return ErrorPage(Head(title, text), 404, title, text, links=missing)
