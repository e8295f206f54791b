"""arxiv.org/html/ID: a paper as LaTeXML writes it → sections of text, with formulas as TeX.

Pure. What LaTeXML means by its elements is told by their classes (`ltx_…`), which have not changed
in ten years, while arXiv's frame around the article has, often.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

from selectolax.lexbor import LexborHTMLParser, LexborNode

from app.domain.fulltext import ABSTRACT, FullText, Kind, Origin, fitted
from app.errors import BrokenAnswer, NotFound
from app.sources.sections import Sections
from app.sources.unseen import Look, light, seen_tex, shaped

MOST = 4_000_000  # characters of text; the longest theses have two million

_FEWEST = 100  # letters; a conversion that failed has a title, or the words of an error
_DEEPEST = 1000  # elements in one another; the parser takes quadratic time, real pages 40 levels
_TAGS = re.compile(
    rb"</[a-zA-Z]|/>|<(?!(?:br|img|hr|meta|link|input|col|wbr|source)[\s/>])[a-zA-Z]"
)
_STEPS = {b"</": -1, b"/>": -1}
_NO_HTML = re.compile(r"no html for|html is not available for|had a fatal error", re.IGNORECASE)


def _names(text: str) -> frozenset[str]:
    """Tags and classes."""
    return frozenset(text.split())


# Not the author's words, but the page's.
_SKIPPED = _names(
    "script style template noscript nav button form dialog input select textarea iframe object"
    " head title desc metadata annotation annotation-xml"
)
_SKIPPED_CLASSES = _names("ltx_TOC ltx_note_mark ltx_tag_note ltx_note_type ltx_listing_data")
_LINES = _names("li dt dd tr br ltx_tr ltx_listingline ltx_bibitem ltx_personname")
_BLOCKS = _names(
    "p div section article figure figcaption table ul ol dl blockquote pre h1 h2 h3 h4 h5 h6"
    " ltx_para ltx_p ltx_caption ltx_tabular ltx_listing ltx_equation ltx_theorem ltx_proof"
    " ltx_creator ltx_acknowledgements foreignObject"
)
_PARTS = _names(
    "ltx_part ltx_chapter ltx_section ltx_subsection ltx_subsubsection ltx_appendix"
    " ltx_bibliography ltx_index ltx_glossary"
)
_GLUED = _names("ltx_tag_item ltx_tag_bibitem ltx_tag_listingline")
_ENDS_NOTES = frozenset({"ltx_para", "ltx_abstract", "ltx_title", "ltx_authors", "figure"})
_KINDS = {"ltx_appendix": Kind.APPENDIX, "ltx_bibliography": Kind.REFERENCES}

_Leave = Callable[[], None]


def parse(body: bytes) -> FullText:
    """The text of a paper's page.

    Raises NotFound for a page that says there is no HTML, or has none to speak of since the
    conversion failed; BrokenAnswer for what is no such page, or not whole.
    """
    _check_whole(body)
    page = LexborHTMLParser(body)
    article = _article(page)
    reader = _Reader()
    reader.read(article)
    parts = reader.sections.parts()
    letters = sum(len(part.text) for part in parts if part.kind == Kind.BODY)
    if letters < _FEWEST or page.css_first(".ltx_FATAL, .ar5iv-severity-fatal"):
        raise NotFound("a page whose conversion to HTML failed")
    return fitted(FullText(Origin.HTML, parts, reader.hidden), MOST)


_LONGEST_TAG = 65_536  # bytes


def _check_whole(body: bytes) -> None:
    if b"<article" in body and b"</article" not in body:
        raise BrokenAnswer("an article that does not end")
    tags = body.split(b"<")[1:]
    if any(len(tag) > _LONGEST_TAG and b">" not in tag[:_LONGEST_TAG] for tag in tags):
        # reading a tag's attributes takes their number squared
        raise BrokenAnswer("a tag that hardly ends")
    depths = accumulate(_STEPS.get(tag[:2], 1) for tag in _TAGS.findall(body))
    if max(depths, default=0) > _DEEPEST:
        raise BrokenAnswer("a page of elements nested too deeply")


def _article(page: LexborHTMLParser) -> LexborNode:
    """The paper's element. A box of arXiv's with warnings has the class ltx_document, too."""
    for selector in ("article.ltx_document", ".ltx_document:not(.package-alerts)"):
        if found := page.css_first(selector):
            return found
    words = page.body.text()[:10_000] if page.body else ""
    if _NO_HTML.search(words):
        raise NotFound("arXiv has no HTML of it")
    raise BrokenAnswer("a page without a paper")


class _Reader:
    """Walks an article from beginning to end, without recursion: pages nest as they like."""

    def __init__(self) -> None:
        self.sections = Sections()
        self.hidden = 0
        self._raw = 0  # how deep in listings, whose blanks matter
        self._verbatim = 0  # how deep in <pre>, whose line ends matter, too
        self._equation: list[str] | None = None  # the formulas of a row, until words come

    def read(self, article: LexborNode) -> None:
        """Take in all of it."""
        stack: list[tuple[LexborNode, Look] | _Leave] = [(article, Look())]
        while stack:
            entry = stack.pop()
            if not isinstance(entry, tuple):
                entry()
                continue
            node, look = entry
            inside = self._entered(node, look)
            if inside is not None:
                within, leave = inside
                stack.append(leave)
                stack.extend((child, within) for child in _children_backwards(node))

    def _entered(self, node: LexborNode, look: Look) -> tuple[Look, _Leave] | None:
        """The look inside an element and what to do after it; None if there is nothing in it."""
        tag = node.tag or ""
        if tag.startswith("-"):
            self._say(node.text_content or "" if tag == "-text" else "", look)
            return None
        attributes = node.attributes
        classes = (attributes.get("class") or "").split()
        if tag == "math":
            self._formula(node, attributes, look.within(attributes))
            return None
        if tag in _SKIPPED or not _SKIPPED_CLASSES.isdisjoint(classes):
            self.sections.note_mark(node, classes)
            return None
        look = look.within(attributes)
        if tag == "svg" and any(not light(n.attributes.get("fill")) for n in node.css("[fill]")):
            look = look.over_drawing()
        return look, self._begun(tag, classes, attributes)

    def _say(self, text: str, look: Look) -> None:
        """A text node."""
        if not self._raw and (not text or text.isspace()):
            self.sections.words.say(text)
            return
        if look.unseen:
            self.hidden += len(" ".join(text.split()))
            return
        text, shapeless = shaped(text)
        self.hidden += shapeless
        words = self.sections.words
        if self._verbatim:
            for n, line in enumerate(text.split("\n")):
                if n:
                    words.line()
                words.say_raw(line.replace("\xa0", " "))
        elif self._raw:
            words.say_raw(text.replace("\n", "").replace("\xa0", " "))
        else:
            self._end_formulas()
            words.say(text)

    def _formula(self, node: LexborNode, attributes: dict[str, str | None], look: Look) -> None:
        tex, hidden = seen_tex(_tex(node, attributes)) if not look.unseen else ("", 0)
        tex, shapeless = shaped(tex)
        self.hidden += hidden + shapeless + (len(_tex(node, attributes)) if look.unseen else 0)
        tex = " ".join(tex.removeprefix("\\displaystyle").split())
        if not tex:
            return
        if self._equation is not None:
            self._equation.append(tex)
        elif attributes.get("display") == "block":
            self.sections.words.block()
            self.sections.words.say(f"$${tex}$$")
            self.sections.words.block()
        else:
            self.sections.words.say(f"${tex}$")

    def _end_formulas(self) -> None:
        """Write the formulas of an equation's row as one."""
        if self._equation:
            self.sections.words.say(f"$${' '.join(self._equation)}$$ ")
            self._equation.clear()

    def _begun(self, tag: str, classes: list[str], attributes: dict[str, str | None]) -> _Leave:
        """Begin an element; what its end is to do."""
        sections, names = self.sections, {tag, *classes}
        if part := next((name for name in classes if name in _PARTS), None):
            kind = _KINDS.get(part, Kind.BODY)
            return sections.begin(attributes.get("id") or "", kind)
        if "ltx_abstract" in names:
            return sections.begin(ABSTRACT, Kind.BODY)
        if "ltx_title" in names or "ltx_title_document" in names:
            return self._ended(names, sections.begin_title("ltx_title_document" in names))
        if "ltx_note" in names:
            return sections.begin_note()
        if "ltx_eqn_row" in names or ("ltx_equation" in names and tag == "tr"):
            return self._equation_row()
        return self._ended(names, self._in_line(tag, names))

    def _in_line(self, tag: str, names: set[str]) -> _Leave:
        words = self.sections.words
        if tag in ("td", "th") or "ltx_td" in names:
            return self._cell()
        if not _GLUED.isdisjoint(names):
            return words.glue
        if tag == "pre" or "ltx_verbatim" in names or "ltx_listing" in names:
            return self._listing(verbatim="ltx_listing" not in names)
        if tag == "tr" or "ltx_tr" in names:
            words.row()
        return _nothing

    def _cell(self) -> _Leave:
        if self._equation is not None:
            return _nothing
        self.sections.words.cell()
        return self.sections.words.end_cell

    def _listing(self, *, verbatim: bool) -> _Leave:
        def leave() -> None:
            self._raw -= 1
            self._verbatim -= verbatim

        self.sections.words.block()
        self._raw += 1
        self._verbatim += verbatim
        return leave

    def _equation_row(self) -> _Leave:
        before = self._equation

        def leave() -> None:
            self._end_formulas()
            self._equation = before
            self.sections.words.line()

        self.sections.words.row()
        self._equation = []
        return leave

    def _ended(self, names: set[str], leave: _Leave) -> _Leave:
        """Break the line or the block before an element, and after it."""
        block, line = not _BLOCKS.isdisjoint(names), not _LINES.isdisjoint(names)
        ends_notes = not _ENDS_NOTES.isdisjoint(names)
        if not block and not line:
            return leave
        words = self.sections.words
        if line:
            words.line()
        else:
            words.block()

        def after() -> None:
            leave()
            if line:
                self.sections.words.line()
            else:
                self.sections.words.block()
            if ends_notes:
                self.sections.end_notes()

        return after


def _nothing() -> None:
    """What the end of most elements is to do."""


def _children_backwards(node: LexborNode) -> list[LexborNode]:
    children, child = [], node.last_child
    while child is not None:
        children.append(child)
        child = child.prev
    return children


def _tex(node: LexborNode, attributes: dict[str, str | None]) -> str:
    """A formula's source, in which LaTeXML breaks long lines by `%`."""
    tex = attributes.get("alttext") or ""
    if not tex:
        annotated = node.css_first('annotation[encoding="application/x-tex"]')
        tex = (annotated or node).text()
    return tex.replace("%\n", "").strip()
