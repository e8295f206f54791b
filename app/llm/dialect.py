"""The Markdown that models write: CommonMark with tables, less what they never mean.

Left out are HTML, images (their text remains), link definitions (`[1]: …` is a note of theirs),
code by indentation (mostly a list in a list) and headings by underlining (mostly a rule under a
paragraph).
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_DEEPEST = 20  # levels of lists and quotations, of which a list takes two
_MOST_COLUMNS = 40
_MOST_CELLS = 20_000  # of an answer: rows are filled up, so that `|` may make forty of them

# Ideographs, kana, Hangul, their punctuation, and full-width forms.
_WIDE = re.compile(
    "[\u1100-\u11ff\u3000-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff00-\uffef\U00020000-\U0003ffff]"
)

_LABEL = r"(?P<label>(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*+\])*+)"
_ADDRESS = r"(?:<(?P<quoted>[^<>\n]*+)>|(?P<bare>(?:[^\s()\\]|\\.|\([^\s()]*+\))*+))"
_TITLE = r"""(?:[ ]+(?:"[^"\n]*+"|'[^'\n]*+'))?"""
_LINK = re.compile(rf"!?\[{_LABEL}\]\([ ]*+{_ADDRESS}{_TITLE}[ ]*+\)")


def _link(state: StateInline, silent: bool) -> bool:
    """`[label](address)`, and of an image its text. CommonMark's own rule looks for a label's end
    from every bracket anew."""
    match = _LINK.match(state.src, state.pos, state.posMax)
    if silent or not match:
        return False
    is_link, end = match[0][0] == "[", state.posMax
    if is_link:
        state.push("link_open", "", 1)
    state.pos, state.posMax = match.span("label")
    state.md.inline.tokenize(state)
    if is_link:
        close = state.push("link_close", "", -1)
        address = unescapeAll(match["quoted"] or match["bare"] or "")
        close.meta = {"label": match["label"], "address": address}
    state.pos, state.posMax = match.end(), end
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """As CommonMark has it, but also right beside wide characters, where no blank parts words."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    opens, closes, length = state.scanDelims(state.pos, marker == "*")
    after = state.pos + length
    around = state.src[max(0, state.pos - 1) : state.pos], state.src[after : after + 1]
    if marker == "*" and any(map(_WIDE.match, around)):
        closes, opens = (bool(char.strip()) for char in around)
    for _ in range(length):
        token = state.push("text", "", 0)
        token.content = marker
        at = len(state.tokens) - 1
        state.delimiters.append(Delimiter(ord(marker), length, at, -1, opens, closes))
    state.pos += length
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, unless it would grow without measure."""
    cells = state.env.setdefault("cells", 0)
    if cells > _MOST_CELLS or not table(state, start, end, True):
        return False
    columns = state.getLines(start + 1, start + 2, 0, False).count("|") + 1
    if silent or columns > _MOST_COLUMNS:
        return columns <= _MOST_COLUMNS
    rows = next((n for n in range(start, end) if state.isEmpty(n)), end) - start
    state.env["cells"] = cells + rows * columns
    return state.env["cells"] <= _MOST_CELLS and table(state, start, end, False)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.disable(["code", "lheading", "reference", "html_block"])
    parser.disable(["html_inline", "autolink", "image"])
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    return parser


PARSER = _parser()
