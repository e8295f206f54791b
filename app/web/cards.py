"""From stored papers to the cards that pages show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote, quote_plus

from markupsafe import Markup

from app.domain import subjects
from app.domain.arxiv_id import ArxivId
from app.domain.paper import Kind, Version
from app.errors import UnknownSubject
from app.store.papers import Announced, Counts, StoredPaper
from app.web.address import href
from app.web.language import Language
from app.web.pages import Card, Detail, Link
from app.web.params import ListQuery

FOLD = 40  # authors shown before the rest is folded, as the reference does
_CC = re.compile(r"https?://creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/([0-9.]+)/?")


def card(
    paper: StoredPaper,
    *,
    index: int,
    arxiv_url: str,
    day: date | None,
    asked: ArxivId | None = None,
) -> Card:
    """One paper's card; `asked` keeps its version in the links, `day` stands in for its date."""
    paper_id = asked or ArxivId.parse(paper.id)
    authors = [_author(name, arxiv_url) for name in paper.author_names]
    return Card(
        id=paper.id,
        index=index,
        href=href(paper.id),
        abs_url=paper_id.abs_url(arxiv_url),
        pdf_url=paper_id.pdf_url(arxiv_url),
        title=Markup(paper.title_html),  # noqa: S704  made safe at ingest
        abstract=_in_one_paragraph(paper.abstract_html),
        authors=tuple(authors[:FOLD]),
        folded=tuple(authors[FOLD:]),
        subjects=tuple(_subject(name) for name in paper.subjects),
        is_submission=paper.submitted_at is not None,
        date=moment_or_day(paper.submitted_at, day),
        withdrawn=paper.withdrawn,
        version=_current(paper),
        faq_href=f"{href(paper.id)}?faq=1#kimi-container-{paper.id}",
    )


def _current(paper: StoredPaper) -> str:
    """The version of a paper that has several, and its day: what a replacement is read for."""
    if (paper.version or 1) == 1:
        return ""
    when = f" {paper.updated_at.astimezone(UTC):%Y-%m-%d}" if paper.updated_at else ""
    return f"v{paper.version}{when}"


def moment_or_day(at: datetime | None, day: date | None) -> str:
    """`2025-10-23 06:18:10 UTC`, or the day alone where no time is known."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else f"{day or ''}"


def details_of(
    paper: StoredPaper,
    announced: Sequence[Announced],
    versions: Sequence[Version],
    words: Language,
    arxiv_url: str,
) -> tuple[Detail, ...]:
    """What a paper's own page tells beyond its card."""
    paper_id = ArxivId.parse(paper.id)
    doi = Link(f"https://doi.org/{quote(paper.doi)}", paper.doi) if paper.doi else None
    return tuple(
        detail
        for detail in (
            Detail(words.say("On arXiv"), links=_on_arxiv(paper_id, words, arxiv_url)),
            Detail(words.say("Comment"), paper.comment or ""),
            Detail(words.say("Journal reference"), paper.journal_ref or ""),
            Detail("DOI", links=((doi, ""),) if doi else ()),
            *_announcements(paper.id, announced, words),
            Detail(words.say("Versions"), links=_versions(paper_id, versions, arxiv_url)),
            _licence(paper.licence or "", words),
        )
        if detail.text or detail.links
    )


def kind_word(kind: Kind, words: Language) -> str:
    """What a kind is called."""
    return {
        Kind.NEW: words.say("new"),
        Kind.CROSS: words.say("cross-list"),
        Kind.REPLACE: words.say("replacement"),
        Kind.REPLACE_CROSS: words.say("replacement, cross-list"),
    }[kind]


def kind_counts(counts: Counts, words: Language) -> dict[str, str]:
    """The three parts of a listing by their ids, in words; an empty part is left out."""
    texts = {
        "new": (counts.new, words.plural("%(n)s new", "%(n)s new", counts.new)),
        "cross-lists": (
            counts.cross,
            words.plural("%(n)s cross-list", "%(n)s cross-lists", counts.cross),
        ),
        "replacements": (
            counts.replaced,
            words.plural("%(n)s replacement", "%(n)s replacements", counts.replaced),
        ),
    }
    return {part: text for part, (n, text) in texts.items() if n}


def _announcements(paper_id: str, announced: Sequence[Announced], words: Language) -> list[Detail]:
    days = dict.fromkeys(a.day for a in announced)
    return [
        Detail(
            words.say("Announced on %(day)s", day=words.day(day)),
            links=tuple(
                (
                    Link(
                        f"{href(a.subject, ListQuery(day=day, show=None))}#{paper_id}",
                        a.subject,
                        _title(a.subject),
                    ),
                    f"({kind_word(a.kind, words)})",
                )
                for a in announced
                if a.day == day
            ),
        )
        for day in days
    ]


def _on_arxiv(paper_id: ArxivId, words: Language, arxiv_url: str) -> tuple[tuple[Link, str], ...]:
    return (
        (Link(paper_id.abs_url(arxiv_url), words.say("abstract")), ""),
        (Link(paper_id.pdf_url(arxiv_url), "PDF"), ""),
        (Link(paper_id.html_url(arxiv_url), "HTML"), words.say("(newer papers only)")),
    )


def _versions(
    paper_id: ArxivId, versions: Sequence[Version], arxiv_url: str
) -> tuple[tuple[Link, str], ...]:
    return tuple(
        (
            Link(paper_id.with_version(v.n).abs_url(arxiv_url), f"v{v.n}"),
            moment_or_day(v.submitted_at, None),
        )
        for v in versions
    )


def _in_one_paragraph(abstract_html: str) -> Markup:
    """An abstract's own paragraphs as lines of the one that clients know as `p.summary`."""
    inner = abstract_html.removeprefix("<p>").removesuffix("</p>")
    return Markup(inner.replace("</p><p>", "<br><br>"))  # noqa: S704  made safe at ingest


def _author(name: str, arxiv_url: str) -> Link:
    return Link(f"{arxiv_url}/search/?searchtype=author&query={quote_plus(name)}", name)


def _subject(name: str) -> Link:
    return Link(href(name), name, _title(name))


def _title(name: str) -> str:
    try:
        return subjects.title(name)
    except UnknownSubject:  # stored before the taxonomy lost it
        return name


def _licence(licence: str, words: Language) -> Detail:
    label = words.say("Licence")
    if not licence.startswith(("http://", "https://")):
        return Detail(label, licence)
    found = _CC.fullmatch(licence)
    if found:
        family = "CC0" if found[1] == "publicdomain" else f"CC {found[2].upper()}"
        name = f"{family} {found[3]}"
    else:
        name = licence.partition("//")[2].rstrip("/")
    return Detail(label, links=((Link(licence, name), ""),))
