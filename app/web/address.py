"""What stands behind `/arxiv/`: papers or a list. Read once, and printed back in its one form."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from app.domain.arxiv_id import ArxivId
from app.domain.selection import Selection
from app.errors import BadInput, InvalidArxivId
from app.web.params import ListQuery

MOST_PAPERS = 500


@dataclass(frozen=True, slots=True)
class Papers:
    """One paper or several, in this order, each once; with the version asked for."""

    ids: tuple[ArxivId, ...]

    def __str__(self) -> str:
        return ",".join(map(str, self.ids))


def read(text: str) -> Papers | Selection:
    """Papers when every part between commas is an identifier, else a list. Raises BadInput."""
    parts = [part for part in text.strip("/ ").split(",") if part.strip()]
    ids = [_id_or_none(part) for part in parts]
    if any(ids):
        return _papers(parts, ids)
    return Selection.parse(text.strip("/"))


def read_words(text: str) -> Papers | Selection:
    """The same for what a reader types or pastes: any text with identifiers or links in it, or the
    address of a list at arXiv, of its feed, or of such a page elsewhere."""
    text = unicodedata.normalize("NFKC", text)
    found = ArxivId.find_all(text)
    if found:
        return Papers(found[:MOST_PAPERS])
    if "/" in text:
        for part in reversed(urlsplit(text.strip()).path.split("/")):
            with suppress(BadInput):
                return Selection.parse(unquote(part))
    return Selection.parse(text.replace(";", ","))


def href(what: Papers | Selection | str, query: ListQuery | None = None) -> str:
    """The address of a page, without this site's own."""
    asked = str(query) if query else ""
    return f"/arxiv/{what}" + (f"?{asked}" if asked else "")


def _papers(parts: list[str], ids: list[ArxivId | None]) -> Papers:
    if len(ids) > MOST_PAPERS:
        raise BadInput(f"at most {MOST_PAPERS} papers on one page")
    first: dict[ArxivId, ArxivId] = {}
    for part, paper_id in zip(parts, ids, strict=True):
        if paper_id is None:
            raise InvalidArxivId(part.strip()[:60])
        first.setdefault(paper_id.bare, paper_id)
    return Papers(tuple(first.values()))


def _id_or_none(text: str) -> ArxivId | None:
    try:
        return ArxivId.parse(text)
    except InvalidArxivId:
        return None
