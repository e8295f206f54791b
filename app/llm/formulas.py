r"""The formulas of a Markdown text, found and set aside before Markdown reads it.

Models write `$…$`, `$$…$$`, `\(…\)`, `\[…\]`, bare environments and fences of the kind `math`; and
dollars that are money, and all of that within code, where it stays as it is.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from app.domain import tex_grammar
from app.domain.maths import to_mathml
from app.llm.aside import Aside, Held

_ITEM = r"(?:[-*+]|\d{1,9}[.)])[ ]+"
_TOKEN = re.compile(
    rf"""
    ^ [ >]*+ (?:{_ITEM})*+ (?P<fence> `{{3,}}+(?=[^`\n]*$) | ~{{3,}}+ ) [ ]* (?P<info>[^\n]*)
  | (?P<code> `++ )
  | (?P<formula> \$\$? | \\[(\[] | \\begin\{{(?P<environment>(?:{tex_grammar.FORMULAS})\*?)\}} )
  | (?P<escape> \\. )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_BEGINS = re.compile(r"^[ >]*+(?:[-*+\d]|```|~~~)|[`$\\]", re.MULTILINE)
_FENCE_ENDS = re.compile(r"^[ >]*+(`{3,}+|~{3,}+) *$", re.MULTILINE)
_RUN = re.compile("`++")
_LONGEST_CODE = 2_000  # characters within a line of text; without a limit, time is quadratic

# A formula's text up to what may end it. None takes more than linear time: it stops at what would
# begin it anew. A formula in a line goes on in the next one unless that begins a block; a displayed
# one ends at an empty line.
_ON = rf"\n(?![ ]*(?:\n|[*#>|]|[-+][ ]|{_ITEM}))"
_BOX = r"\\(?:text[a-z]*|[mh]box)\s*\{(?:[^{}\n]|\{[^{}\n]*\})*+\}"
_BODIES = {
    "$": re.compile(rf"(?:[^$\\\n]++|{_BOX}|\\[^\n]|{_ON})*+"),
    "$$": re.compile(r"\s*+(?:[^$\\\n]++|\\[^\n]|\$(?!\$)|\\?\n(?![ ]*\n))*+\s*"),
    r"\(": re.compile(rf"(?:[^\\\n]++|\\[^()\n]|{_ON})*+"),
    r"\[": re.compile(r"\s*+(?:[^\\\n]++|\\[^\[\]\n]|\\?\n(?![ ]*\n))*+\s*"),
}
_CLOSERS = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_ABROAD = re.compile(r"(?:US|HK|NT|NZ|AU?|CA?|S)$")
_PRICE = re.compile(r"\d[\d.,]*(?:\s+[^\W\d_]{2}|[);]?\s)")
_STOP = re.compile("[，。；！？]")
_REFERENCE = re.compile(r"[\s\d,;–-]*")  # `\[1, 2\]` is a bracket that somebody escaped


def without_formulas(text: str, aside: Aside, *, partial: bool = False) -> str:
    """Markdown with its formulas set aside, outside code.

    With `partial`, text is cut before a formula, evidence or link that has not ended yet, and bold
    text or code that has not is ended.
    """
    reader = _Reader(text, aside, partial)
    reader.read()
    if partial and not reader.in_code:
        reader.said = [_tidied("".join(reader.said))]
    return "".join(reader.said)


@dataclass(slots=True)
class _Reader:
    text: str
    aside: Aside
    partial: bool
    said: list[str] = field(default_factory=list)
    in_code: bool = False  # at the end of the text

    def read(self) -> None:
        at = 0
        while token := self._next(at):
            self.said.append(self.text[at : token.start()])
            at = getattr(self, f"_{'fence' if token['fence'] else token.lastgroup}")(token)
        self.said.append(self.text[at:])

    def _next(self, at: int) -> re.Match[str] | None:
        while begins := _BEGINS.search(self.text, at):
            token = _TOKEN.match(self.text, begins.start())
            if token:
                return token
            at = begins.start() + 1
        return None

    # Each token's method says what it asks for and returns where to read on.

    def _as_is(self, start: int, end: int) -> int:
        self.said.append(self.text[start:end])
        return end

    def _escape(self, token: re.Match[str]) -> int:
        return self._as_is(*token.span())

    def _fence(self, token: re.Match[str]) -> int:
        start, end, after = self._fenced(token)
        unended = after == end == len(self.text)
        if token["info"].strip().lower() != "math":
            self.in_code = unended
            return self._as_is(token.start(), after)
        self.said.append(self.text[token.start() : token.start("fence")])
        if unended and self.partial:
            return len(self.text)
        return self._put(self.text[start:end], token.start("fence"), after, True)

    def _fenced(self, token: re.Match[str]) -> tuple[int, int, int]:
        """Where a fence's code begins and ends, and where text goes on."""
        fence = token["fence"]
        start = min(token.end() + 1, len(self.text))
        for end in _FENCE_ENDS.finditer(self.text, start):
            if end[1].startswith(fence):
                return start, end.start(), end.end()
        return start, len(self.text), len(self.text)

    def _code(self, token: re.Match[str]) -> int:
        start, end = token.span()
        limit = end + _LONGEST_CODE
        paragraph = self.text.find("\n\n", end, limit)
        for run in _RUN.finditer(self.text, end, paragraph if paragraph >= 0 else limit):
            if len(run[0]) == end - start:
                return self._as_is(start, run.end())
        return self._as_is(start, end)

    def _formula(self, token: re.Match[str]) -> int:
        if token["environment"]:
            return self._environment(token)
        start, delimiter = token.end(), token["formula"]
        closer = _CLOSERS[delimiter]
        end = _end(_BODIES[delimiter], self.text, start)
        body = self.text[start:end]
        if not self._is_formula(delimiter, body, token.start(), end + 1):
            return self._as_is(token.start(), start)
        if self.text.startswith(closer, end) and body.strip():
            return self._put(body, token.start(), end + len(closer), delimiter in ("$$", r"\["))
        if self.partial and end + 1 >= len(self.text) and not _PRICE.match(body):
            return len(self.text)
        return self._as_is(token.start(), start)

    def _environment(self, token: re.Match[str]) -> int:
        closing = f"\\end{{{token['environment']}}}"
        limit = token.end() + tex_grammar.LONGEST_ENVIRONMENT
        end = self.text.find(closing, token.end(), limit) + len(closing)
        if end >= len(closing):
            return self._put(self.text[token.start() : end], token.start(), end, True)
        if self.partial and limit > len(self.text):
            return len(self.text)
        return self._as_is(*token.span())

    def _is_formula(self, delimiter: str, body: str, start: int, after: int) -> bool:
        """Whether this is no bracket that somebody escaped, and no money: `from $5 to $10`."""
        if delimiter == r"\[":
            return not body.strip() or not _REFERENCE.fullmatch(body)
        return delimiter != "$" or not self._is_money(body, start, after)

    def _is_money(self, body: str, start: int, after: int) -> bool:
        if self.text[after : after + 1].isdigit() or tex_grammar.AMOUNT.match(body):
            return True
        ended = self.text[after - 1 : after] == "$"
        if body[:1].isdigit() and _ABROAD.search(self.text[max(0, start - 2) : start]):
            return True
        before, behind = body[:1], body[-1:]
        if ended and before.isdigit() and behind.isspace():  # `$5 or $x$`
            return True
        if ended and before.isspace() and not behind.isspace():  # `5$ or 6$`
            return True
        bare = tex_grammar.BOXED.sub("", body)
        return bool(tex_grammar.PROSE.search(bare) or _STOP.search(bare))

    def _put(self, body: str, start: int, end: int, display: bool) -> int:
        if "\n" in body:
            line = self.text[self.text.rfind("\n", 0, start) + 1 : start]
            body = re.sub(r"\n[ >]*" if line.lstrip().startswith(">") else r"\n", " ", body)
        tex, source = self.aside.source(body), self.aside.source(self.text[start:end])
        self.said.append(self.aside.put(Held(_shown(tex, source, display), source, display)))
        return end


def _shown(tex: str, source: str, display: bool) -> str:
    mathml = to_mathml(tex.strip(), display=display)
    return mathml or f'<code class="tex">{html.escape(" ".join(source.split()))}</code>'


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


# What the last line begins: evidence or a link, or an environment or escape.
_BEGUN = re.compile(
    r"(?:!?[\[【][^\[\]【】\n]{0,240}+(?:\](?:\([^()\n]{0,240}+)?)?|\\[a-z]{0,5}+(?:\{[a-z*]{0,16}+)?)\Z"
)
_CODE = re.compile(r"(?<!`)(`++)[^`\n]*\1(?!`)")


def _tidied(text: str) -> str:
    """The beginning of a text, without what only makes sense once its end is there."""
    if begun := _BEGUN.search(text, max(0, len(text) - 500)):
        text = text[: begun.start()]
    line = _CODE.sub("", text[text.rfind("\n") + 1 :])
    if ticks := _RUN.search(line):
        return text.rstrip("`") + ("" if line.endswith(ticks[0]) else ticks[0])
    if line.count("**") % 2 == 0:
        return text
    bold = text.rstrip("* ")
    return bold if text.rstrip().endswith("**") else f"{bold}**"
