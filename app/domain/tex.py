r"""arXiv's TeX in titles, abstracts, names and comments: to plain Unicode, and to safe HTML.

arXiv's fields are plain text with TeX sprinkled in: `Erd\H{o}s`, ``quotes'', `\emph{so}`, `$x^2$`,
`100\%`; and as much that only looks like it: `~5%`, `{0, 1}`, `$5 million`, `\method`. What is not
surely TeX stays as it stands. A source is read once from left to right, so time is linear.
"""

from __future__ import annotations

import html
import re

from app.domain.maths import to_mathml
from app.domain.maths_plain import to_unicode
from app.domain.tex_reader import may_hold_tex, read

_DROPPED = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def clean(source: str) -> str:
    """`source` without what no text may hold; newlines stay, other control characters don't.

    Dropped: C0 and C1 controls and NUL, lone surrogates (no UTF-8, no Postgres), U+FFFE and U+FFFF
    (no XML), and the bidi embeddings, overrides and isolates: one that is never closed turns the
    rest of a page around. LRM and RLM stay. Tabs and other blanks become spaces.
    """
    if source.replace("\n", " ").isprintable():  # nearly all: a twentieth of the time
        return source
    source = _LINE_ENDS.sub("\n", source).translate(_BLANKS)
    return _DROPPED.sub("", source)


def is_neat(source: str) -> bool:
    """Whether `source` is one line already, with single blanks: most is, since it was read before.
    A tenth of the time of finding out by making it so."""
    return source.isprintable() and "  " not in source and source == source.strip()


def is_plain(source: str) -> bool:
    """Whether `source` is a line without TeX, which `to_text` leaves as it stands."""
    return is_neat(source) and not may_hold_tex(source)


_BLANKS = {ord(blank): " " for blank in "\t\v\f"}


def to_text(source: str, *, paragraphs: bool = False) -> str:
    r"""`source` in plain Unicode, on one line: for search, copying, `<title>` and names.

    Accents and simple formulas become characters (`$\ell_2$`: ℓ_2); a formula that can't stays as
    TeX between its dollars. With `paragraphs`, an abstract's are kept, parted by a blank line.
    Never raises.
    """
    text = _lines(source, paragraphs)
    if not may_hold_tex(text):
        return text
    writer = _Text()
    read(text, writer)
    return writer.result()


def to_html(source: str, *, paragraphs: bool = False, links: bool | None = None) -> str:
    """`source` as HTML that is safe to put into a page, formulas as MathML. Never raises.

    With `paragraphs` (an abstract) each is a `<p>`, and http(s) addresses are links; a title stays
    on one line, with its display formulas inline, and without links since it mostly is one itself;
    `links=True` has them in a line of text (a comment). A formula that can't be converted is shown
    as source in `<code class="tex">`. Elements: p, em, strong, code, u, sub, sup, a, and MathML's;
    attributes: href, rel, class="tex", and MathML's own.
    """
    text = _lines(source, paragraphs)
    writer = _Html(paragraphs, paragraphs if links is None else links)
    if may_hold_tex(text):
        read(text, writer)
    else:
        writer.text(text)
    return writer.result()


def _lines(source: str, paragraphs: bool) -> str:
    """`source` with single blanks between words, and newlines only where a paragraph begins.

    arXiv wraps abstracts and begins a paragraph with an indented line; other sources leave a blank
    one. An indented line of a title only continues it. A formula within a line of text ends at two
    newlines; a displayed one may go on.
    """
    if is_neat(source):
        return source
    if not paragraphs:
        return " ".join(clean(source).split())
    lines = clean(source).strip().split("\n")
    written = [" ".join(lines[0].split())]
    for line in lines[1:]:
        words = " ".join(line.split())
        written.append(("\n" if line[:1].isspace() else " ") + words if words else "\n\n")
    return "".join(written)


class _Text:
    """Writes plain text."""

    def __init__(self) -> None:
        self._paragraphs: list[list[str]] = [[]]

    def result(self) -> str:
        written = (" ".join("".join(parts).split()) for parts in self._paragraphs)
        return "\n\n".join(paragraph for paragraph in written if paragraph)

    def text(self, text: str) -> None:
        self._paragraphs[-1].append(text)

    def formula(self, tex: str, *, source: str, display: bool) -> None:
        text = to_unicode(tex) or source
        self.text(f" {text} " if display else text)

    def open(self, style: str) -> None:
        pass

    def close(self, style: str) -> None:
        pass

    def link(self, url: str) -> None:
        pass

    def end_link(self) -> None:
        pass

    def paragraph(self) -> None:
        self._paragraphs.append([])


class _Html(_Text):
    """Writes HTML; all that isn't a tag of its own passes through `text` or from math-core."""

    def __init__(self, paragraphs: bool, links: bool) -> None:
        super().__init__()
        self._wraps, self._links = paragraphs, links

    def result(self) -> str:
        written = ("".join(parts).strip() for parts in self._paragraphs)
        if not self._wraps:
            return "".join(written)
        return "".join(f"<p>{paragraph}</p>" for paragraph in written if paragraph)

    def _tag(self, tag: str) -> None:
        self._paragraphs[-1].append(tag)

    def text(self, text: str) -> None:
        self._tag(html.escape(text, quote=False))

    def formula(self, tex: str, *, source: str, display: bool) -> None:
        mathml = to_mathml(tex, display=display and self._wraps)
        self._tag(mathml or f'<code class="tex">{html.escape(source, quote=False)}</code>')

    def open(self, style: str) -> None:
        self._tag(f"<{style}>")

    def close(self, style: str) -> None:
        self._tag(f"</{style}>")

    def link(self, url: str) -> None:
        if self._links:
            self._tag(f'<a href="{html.escape(url)}" rel="noopener nofollow ugc">')

    def end_link(self) -> None:
        if self._links:
            self._tag("</a>")
