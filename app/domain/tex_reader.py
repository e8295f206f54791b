r"""Reads text with TeX in it, once, from left to right, and tells a writer what stands there.

Whatever is not surely TeX is told as plain text: `~5%`, `{0, 1}`, a lone `$`, `\method`. Brackets
need not match. Time is linear in the length of the source, and nothing recurses into groups.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from app.domain import tex_grammar as grammar
from app.domain.maths_plain import symbol


class Writer(Protocol):
    """What a reader tells. Styles are named as HTML does: em, strong, code, u, sub, sup."""

    def text(self, text: str) -> None:
        """Plain characters, nothing of them TeX any more."""

    def formula(self, tex: str, *, source: str, display: bool) -> None:
        """A formula, without and with its delimiters."""

    def open(self, style: str) -> None:
        """A style begins."""

    def close(self, style: str) -> None:
        """The style opened last ends."""

    def link(self, url: str) -> None:
        """A link to an http(s) address begins; links never hold links."""

    def end_link(self) -> None:
        """The link ends."""

    def paragraph(self) -> None:
        """A new paragraph begins; no style or link is open."""


_DEEPEST = 20


class _Group(NamedTuple):
    """An open `{`: the style or link it closes, and what its `}` prints."""

    style: str = ""
    prints: str = ""
    link: bool = False


def read(source: str, writer: Writer) -> None:
    """Tell `writer` what `source` says; a newline in `source` begins a paragraph."""
    _Reader(source, writer).read()


def may_hold_tex(source: str) -> bool:
    """False when `read` would tell all of `source` as it stands: most names, titles, abstracts."""
    return any(sign in source for sign in grammar.SIGNS)


@dataclass
class _Reader:
    source: str
    writer: Writer
    groups: list[_Group] = field(default_factory=list)
    linked: bool = False
    quoted: int = 0

    def read(self) -> None:
        at = 0
        while token := self._next(at):
            if token.start() > at:
                self.writer.text(self.source[at : token.start()])
            at = getattr(self, f"_{token.lastgroup}")(token)
        self.writer.text(self.source[at:])
        self._unwind()

    def _next(self, at: int) -> re.Match[str] | None:
        while begins := grammar.BEGINS.search(self.source, at):
            token = grammar.TOKEN.match(self.source, begins.start())
            if token:
                return token
            at = begins.start() + 1
        return None

    # Each token's method does what it asks for and returns where to read on.

    def _formula(self, token: re.Match[str]) -> int:
        delimiter, start = token["formula"], token.end()
        content, end = self._formula_after(token)
        if content is None or (delimiter == "$" and self._is_money(content, end)):
            self.writer.text(delimiter)
            return start
        if content.lstrip().startswith(("\\href", "\\url")):
            _Reader(content, self.writer, linked=self.linked).read()
        else:
            source = " ".join(self.source[token.start() : end].split())
            display = delimiter not in ("$", r"\(")
            self.writer.formula(content.replace("\n", " "), source=source, display=display)
        return end

    def _formula_after(self, token: re.Match[str]) -> tuple[str | None, int]:
        start = token.end()
        if token["env"]:
            closing = f"\\end{{{token['env']}}}"
            at = self.source.find(closing, start, start + grammar.LONGEST_ENVIRONMENT)
            end = at + len(closing)
            return (self.source[token.start() : end] if at >= 0 else None), end
        match = grammar.ENDS[token["formula"]].match(self.source, start)
        if not match or not match[1].strip():
            return None, start
        return match[1], match.end()

    def _is_money(self, content: str, end: int) -> bool:
        """Whether two dollars have prose between them: `from $5 million to $10 million`."""
        if content[0].isdigit() and content[-1].isspace() and self.source[end : end + 1].isdigit():
            return True
        return bool(
            grammar.AMOUNT.match(content) or grammar.PROSE.search(grammar.BOXED.sub("", content))
        )

    def _address(self, token: re.Match[str]) -> int:
        url = token["address"]
        surplus = url.count(")") - url.count("(")
        end = len(url)
        while url[end - 1] in ".,;:!?'*]|~" or (url[end - 1] == ")" and surplus > 0):
            surplus -= url[end - 1] == ")"
            end -= 1
        self._linked_text(grammar.ESCAPED.sub(r"\1", url[:end]))
        return token.start() + end

    def _linked_text(self, url: str) -> None:
        if self.linked or not grammar.HTTP.fullmatch(url):
            self.writer.text(url)
            return
        self.writer.link(url)
        self.writer.text(url)
        self.writer.end_link()

    def _accent(self, token: re.Match[str]) -> int:
        marks = re.findall(grammar.MARK, token[0])
        base = re.sub(grammar.MARK, "", token[0]).strip("{} ").removeprefix("\\").strip()
        for mark in reversed(marks):
            base += grammar.MARKS[mark[1]]
        self.writer.text(unicodedata.normalize("NFC", base))
        return token.end()

    def _command(self, token: re.Match[str]) -> int:
        name, end = token["name"], token.end()
        if len(name) == 1 and (word := grammar.MANGLED.match(self.source, end)):
            known = symbol(name + word[1]) or (word[1] if name in grammar.MARKS else None)
            if known:
                self.writer.text(known)
                return word.end()
        if name in grammar.STYLES or name in grammar.PLAIN or name in grammar.AROUND:
            return self._styled(name, end)
        if name in ("href", "url", "path", "textcolor", "colorbox") or name in grammar.UNSEEN:
            return self._with_argument(name, token)
        if grammar.REFERS.match(name) and (target := grammar.REFERENCE.match(self.source, end)):
            self.writer.text(f"[{target[1]}]")
            return target.end()
        return self._symbol(token)

    def _styled(self, name: str, end: int) -> int:
        opening = grammar.BEFORE_GROUP.match(self.source, end)
        if not opening:  # a switch for the rest of a group, or of everything: not worth following
            return end
        before, after = grammar.AROUND.get(name, ("", ""))
        self.writer.text(before)
        self._push(_Group(style=grammar.STYLES.get(name, ""), prints=after))
        return opening.end()

    def _with_argument(self, name: str, token: re.Match[str]) -> int:
        end = token.end()
        if name == "href" and (link := grammar.HREF.match(self.source, end)):
            self._push(self._link_group(grammar.ESCAPED.sub(r"\1", link[1].strip())))
            return link.end()
        argument = grammar.ARGUMENT.match(self.source, end)
        if not argument:
            self.writer.text(token[0])
            return end
        if name in ("url", "path"):
            self._linked_text(grammar.ESCAPED.sub(r"\1", argument[1].strip()))
        elif name in ("textcolor", "colorbox"):
            return self._styled("text", argument.end())
        elif name not in ("label", "color"):
            self.writer.text(" ")
        return argument.end()

    def _link_group(self, url: str) -> _Group:
        if self.linked or not grammar.HTTP.fullmatch(url):
            return _Group()
        self.writer.link(url)
        self.linked = True
        return _Group(link=True)

    def _symbol(self, token: re.Match[str]) -> int:
        name, end = token["name"], token.end()
        printed = " " if name in grammar.BLANK else " • " if name == "item" else symbol(name)
        self.writer.text(printed or token[0])
        if self.source.startswith("{}", end):
            return end + 2
        if name in grammar.LETTERS and self.source.startswith(" ", end):
            return end + 1
        if printed is None and self.source.startswith("{", end):  # `\ours{x}`: whole, as it stands
            self.writer.text("{")
            self._push(_Group(prints="}"))
            return end + 1
        return end

    def _escape(self, token: re.Match[str]) -> int:
        char, end = token[0][1], token.end()
        if char in "%&$#_{}":
            self.writer.text(char)
        elif char in "\\ ,;:>\n":
            self.writer.text(" ")
        elif char in "^~" or self.source.startswith("{}", end):
            self.writer.text(char)
            return end + 2 if self.source.startswith("{}", end) else end
        elif char not in "!/-@":
            self.writer.text(token[0])
        return end

    def _opening(self, token: re.Match[str]) -> int:
        at = token.start()
        if switch := grammar.SWITCH.match(self.source, at):
            self._push(_Group(style=grammar.STYLES.get(switch["name"] or "", "")))
            return switch.end()
        if self.source.startswith("{}", at):
            return at + 2
        scripted = at > 0 and self.source[at - 1] in "^_"
        if not scripted and grammar.WORD.match(self.source, at):
            self._push(_Group())
        else:
            self.writer.text("{")
            self._push(_Group(prints="}"))
        return at + 1

    def _closing(self, token: re.Match[str]) -> int:
        if self.groups:
            self._end(self.groups.pop())
        else:
            self.writer.text("}")
        return token.end()

    def _tie(self, token: re.Match[str]) -> int:
        at, end = token.span()
        before, after = self.source[max(0, at - 2) : at], self.source[end : end + 1]
        last = before[-1:]
        about = not last or last in " \n(<[/~≈" or (last.isdigit() and after.isdigit())
        if after.isdigit() and last.isalpha() and not before[:-1].isalpha():  # `z~0.3`
            about = True
        self.writer.text("~" if about else " ")
        return end

    def _dash(self, token: re.Match[str]) -> int:
        before = self.source[token.start() - 1 : token.start()].strip()
        after = self.source[token.end() : token.end() + 1]
        option = not before and after.isalpha()  # `--verbose`
        self.writer.text(
            {"--": "–", "---": "—"}.get(token[0], token[0]) if not option else token[0]
        )
        return token.end()

    def _quote(self, token: re.Match[str]) -> int:
        if token[0] == "``":
            self.quoted += 1
            self.writer.text("“")
        elif token[0] != "''":
            self.writer.text(f"‘{token[0][1:-1]}’")
        elif self.quoted:
            self.quoted -= 1
            self.writer.text("”")
        else:  # seconds of arc
            self.writer.text("''")
        return token.end()

    def _paragraph(self, token: re.Match[str]) -> int:
        self._unwind()
        self.writer.paragraph()
        return token.end()

    # Groups: what a `{` opened.

    def _push(self, group: _Group) -> None:
        if group.style and len(self.groups) >= _DEEPEST:
            group = group._replace(style="")
        if group.style:
            self.writer.open(group.style)
        self.groups.append(group)

    def _unwind(self) -> None:
        """End what is open: TeX's groups could go on in the next paragraph, HTML's styles can't."""
        while self.groups:
            group = self.groups.pop()._replace(prints="")
            self._end(group)

    def _end(self, group: _Group) -> None:
        if group.style:
            self.writer.close(group.style)
        if group.link:
            self.writer.end_link()
            self.linked = False
        self.writer.text(group.prints)
