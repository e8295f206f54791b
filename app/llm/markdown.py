"""A model's answer, in Markdown with TeX and evidence, to HTML that is safe to put into a page.

A paper can tell a model what to write, so an answer is as hostile as a paper. Three layers keep it
harmless: no HTML is read, only that of Markdown's own is written, and of all that is written only
what is listed here leaves. There is no image, and no link but to the evidence: an address that a
model writes is shown as text, since a paper could talk it into any address.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import nh3
from markdown_it.token import Token

from app.domain.evidence import Evidence, Found
from app.llm.aside import LONGEST, Aside, Held, told
from app.llm.dialect import PARSER
from app.llm.formulas import without_formulas

_HTTP = re.compile(r"https?://", re.IGNORECASE)
_LONGEST_TITLE = 500
_SPAN = attrgetter("start", "end")


def nowhere(_: Evidence) -> str:
    """No address for any evidence."""
    return ""


def html(
    markdown: str,
    evidence: Sequence[Evidence] = (),
    link: Callable[[Evidence], str] = nowhere,
    *,
    partial: bool = False,
) -> str:
    """An answer as HTML, formulas as MathML; never raises, whatever the text.

    `evidence` stands in `markdown` by position; `link` gives the http(s) address of what was found.
    `partial` says that more will come: a formula, evidence or link whose end isn't there yet is
    left out, instead of flashing its source. What goes beyond 100,000 characters is cut.

    Elements: p, h4 to h6, lists, blockquote, tables, hr, br, em, strong, s, pre, code, MathML's;
    `a.evidence[href]` for evidence that was found, `span.evidence` where it has no address, with
    the quote as title; `span.evidence.unfound`; `code.tex` for a formula that can't be shown;
    `th`/`td` `.right` and `.center`.
    """
    aside = Aside()
    source = "".join(_pieces(markdown[:LONGEST], evidence, link, aside))
    source = without_formulas(source, aside, partial=partial)
    return _CLEANER.clean(_Writer(aside).write(PARSER.parse(source))).strip()


def _pieces(
    markdown: str, evidence: Sequence[Evidence], link: Callable[[Evidence], str], aside: Aside
) -> Iterator[str]:
    at = 0
    for (start, end), named in groupby(sorted(evidence, key=_SPAN), key=_SPAN):
        if at <= start < end <= len(markdown):
            yield told(markdown[at:start])
            shown = "; ".join(_evidence(one, link) for one in named)
            yield aside.put(Held(shown, told(markdown[start:end])))
            at = end
    yield told(markdown[at:])


def _evidence(one: Evidence, link: Callable[[Evidence], str]) -> str:
    place = markup.escape(told(one.place))
    quote = markup.escape(told(one.quote)[:_LONGEST_TITLE])
    title = f' title="{quote}"' if quote and one.found != Found.PLACE else ""
    if one.found == Found.NOT_FOUND:
        return f'<span class="evidence unfound"{title}>{place}</span>'
    address = link(one)
    if not _HTTP.match(address):
        return f'<span class="evidence"{title}>{place}</span>'
    return f'<a class="evidence" href="{markup.escape(address)}"{title}>{place}</a>'


class _Writer:
    """Writes Markdown's tokens as HTML. A method with the name of a kind of token writes that kind;
    all else is a tag."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside

    def write(self, tokens: Sequence[Token]) -> str:
        return "".join(
            getattr(self, token.type, self._tag)(tokens, at) for at, token in enumerate(tokens)
        )

    def _tag(self, tokens: Sequence[Token], at: int) -> str:
        token = tokens[at]
        if token.hidden or not token.tag:  # a list's paragraphs without empty lines; a link's begin
            return ""
        name = _HEADINGS.get(token.tag, token.tag)
        if token.nesting < 0:
            return f"</{name}>\n" if token.block else f"</{name}>"
        return f"<{name}{_attribute(token)}>"

    def inline(self, tokens: Sequence[Token], at: int) -> str:
        return self.write(tokens[at].children or ())

    def text(self, tokens: Sequence[Token], at: int) -> str:
        return self._aside.shown(markup.escape(tokens[at].content))

    text_special = text

    def code_inline(self, tokens: Sequence[Token], at: int) -> str:
        return f"<code>{markup.escape(self._aside.source(tokens[at].content))}</code>"

    def fence(self, tokens: Sequence[Token], at: int) -> str:
        return f"<pre>{self.code_inline(tokens, at)}</pre>\n"

    def softbreak(self, tokens: Sequence[Token], at: int) -> str:
        """Models don't wrap lines: where they end one, they mean it."""
        around = (tokens[at - 1].content[-1:], tokens[at + 1].content[:1])
        return "\n" if any(map(self._aside.is_display, around)) else "<br>\n"

    def link_close(self, tokens: Sequence[Token], at: int) -> str:
        """An address is shown, for the reader to judge; it is no link."""
        address, label = tokens[at].meta["address"], tokens[at].meta["label"]
        if not _HTTP.match(address) or address == label:
            return ""
        return f" ({markup.escape(self._aside.source(address))})"


_HEADINGS = {"h1": "h4", "h2": "h4", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}


def _attribute(token: Token) -> str:
    if token.tag == "ol" and (start := token.attrGet("start")):
        return f' start="{int(start)}"'
    way = str(token.attrGet("style") or "").removeprefix("text-align:")
    return f' class="{way}"' if way in _ALIGNED else ""


_ALIGNED = {"right", "center"}
_STYLED = {"displaystyle", "scriptlevel"}
_CLEANER = nh3.Cleaner(
    tags={
        *("p", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "hr", "br", "pre", "code"),
        *("table", "thead", "tbody", "tr", "th", "td", "em", "strong", "s", "a", "span", "b", "i"),
        *("math", "mrow", "mi", "mn", "mo", "mtext", "ms", "mspace", "mfrac", "msqrt", "mroot"),
        *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts"),
        *("mprescripts", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "menclose"),
    },
    clean_content_tags=set(),
    attributes={
        "*": set(),
        "a": {"href", "title"},
        "span": {"title"},
        "ol": {"start"},
        "math": {"display", *_STYLED},
        "mi": {"mathvariant"},
        "mo": {
            *("accent", "fence", "form", "largeop", "lspace", "maxsize", "minsize"),
            *("movablelimits", "rspace", "separator", "stretchy", "symmetric"),
        },
        "mover": {"accent"},
        "munder": {"accentunder"},
        "munderover": {"accent", "accentunder"},
        "mfrac": {"linethickness", *_STYLED},
        "mspace": {"depth", "height", "width"},
        "mpadded": {"depth", "height", "lspace", "voffset", "width"},
        "menclose": {"notation"},
        "mrow": _STYLED,
        "mstyle": _STYLED,
        "mtable": _STYLED,
    },
    allowed_classes={
        "a": {"evidence"},
        "span": {"evidence", "unfound"},
        "code": {"tex"},
        "th": _ALIGNED,
        "td": _ALIGNED,
    },
    url_schemes={"http", "https"},
    url_relative="deny",
    link_rel="nofollow noopener noreferrer",
)
