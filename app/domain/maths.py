r"""TeX formulas to MathML Core. Nothing here raises: None says that a formula is refused.

math-core takes the whole process down on deep nesting (a few hundred `\hat` on a thread's stack)
and on macros that a formula defines itself, and its time doubles with each opening bracket (40 `[`
that nothing closes: hours). So every formula is measured, and if need be rewritten, before the
call. Its text is escaped, but it writes `style`, `id`, `class` and links: only what is on the lists
below leaves here.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache

from math_core import LatexError, LatexToMathML

MAX_LENGTH = 2_000
MAX_NESTING = 40
MAX_OPENING = 8

_BLACKBOARD = {f"{letter}{letter}": rf"\mathbb{{{letter}}}" for letter in "CEFHNPQRTZ"}
_MACROS = {
    **_BLACKBOARD,
    "mathbbm": r"\mathbb{#1}",
    "mathds": r"\mathbb{#1}",
    "mbox": r"\text{#1}",
    "hbox": r"\text{#1}",
    "textup": r"\text{#1}",
    "textmd": r"\text{#1}",
    "textnormal": r"\text{#1}",
    "ensuremath": r"{#1}",
    # math-core's own of these put the argument beside a loose bracket: see _tame.
    "pmod": r"\;\text{(mod }{#1}\text{)}",
    "pod": r"\;\text{(}{#1}\text{)}",
    "bra": r"{\langle{}}{#1}{|}",
    "ket": r"{|}{#1}\rangle",
    "braket": r"{\langle{}}{#1}\rangle",
    "set": r"{\{{}}{#1}\}",
    "dotsc": r"\ldots",
    "dotsb": r"\cdots",
    "eps": r"\epsilon",
    "degr": r"^\circ",
    "arcsec": r"^{\prime\prime}",
    "msun": r"M_\odot",
    "Msun": r"M_\odot",
    "kms": r"\mathrm{km\,s^{-1}}",
}


def _converter(*, lenient: bool) -> LatexToMathML:
    return LatexToMathML(
        macros=_MACROS,
        ignore_unknown_commands=lenient,
        allow_unreliable_rendering=True,  # \widetilde: a tilde of the wrong width beats TeX source
        fancy_error=False,
        max_expansions=200,
    )


_STRICT, _LENIENT = _converter(lenient=False), _converter(lenient=True)

_PIECE = re.compile(r"\\[A-Za-z]+|\\.|\S", re.DOTALL)
_OPENERS = frozenset(("{", r"\left", r"\begin"))
_CLOSERS = frozenset(("}", r"\right", r"\end"))
_REFUSED = re.compile(
    r"\\(?:[gex]?def|let|futurelet|(?:re)?newcommand|providecommand|(?:re)?newenvironment"
    r"|Declare[A-Za-z]+|csname|expandafter|global|catcode|mathchoice)(?![A-Za-z])"
)


def nesting(tex: str) -> int:
    """An upper bound of how deep a converter may descend, also through arguments without braces.

    A command or script lets the level rise, and so may the argument that follows it: only a second
    plain character in a row tells that the argument is over.
    """
    level = deepest = 0
    outer: list[int] = []
    argument = False
    for piece in _PIECE.findall(tex):
        if piece in _CLOSERS:
            level, argument = (outer.pop() if outer else level), True
        elif piece in _OPENERS:
            outer.append(level)
            level, argument = level + 1, True
        elif len(piece) > 1 or piece in "^_[":
            level, argument = level + 1, True
        elif argument:
            argument = False
        else:
            level = outer[-1] + 1 if outer else 0
        deepest = max(deepest, level)
    return deepest


ENVELOPE = re.compile(r"\\(?:begin|end)\s*\{(?:equation|displaymath|math)\*?\}")
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<!\\)([%#])"), r"\\\1"),  # meant as themselves: TeX would drop what follows
    (re.compile(r"\\\s"), r"\\ "),
    (re.compile(r"\\_(?=\{)"), "_"),  # HAL escapes a formula's scripts: `\lambda\_{p}`
    (re.compile(r"(?<=[_^])\\(rm|bf|it|tt|sf|cal)(?![A-Za-z])"), r"\\math\1"),
    (re.compile(r"\\(rm|bf|it|tt|sf|cal)(?=\{)"), r"\\math\1"),
    (re.compile(r"\\(?:label|tag\*?)\s*\{[^{}]*\}|\\(?:nonumber|notag|leqno)(?![A-Za-z])"), ""),
    (ENVELOPE, ""),
    (re.compile(r"\\begin\s*\{eqnarray\*?\}"), r"\\begin{array}{rcl}"),
    (re.compile(r"\\end\s*\{eqnarray\*?\}"), r"\\end{array}"),
    (re.compile(r"\\(begin|end)\s*\{(?:align|split|flalign)\*?\}"), r"\\\1{aligned}"),
    (re.compile(r"\\(begin|end)\s*\{(?:gather|multline)\*?\}"), r"\\\1{gathered}"),
)
_TEXT_LETTER = re.compile(r"\\([HOLSPolijt])(?![A-Za-z{])")
_TEXT_BOX = re.compile(r"\\(text[a-z]*|mbox|hbox)\s*\{((?:[^{}]|\{[^{}]*\})*+)\}")
_CODE_POINT = re.compile(r"\\unicode\s*\{\s*(?:x([0-9A-Fa-f]{2,5})|([0-9]{2,6}))\s*\}")


def _character(match: re.Match[str]) -> str:
    point = int(match[1], 16) if match[1] else int(match[2])
    char = chr(point) if point <= 0x10FFFF else ""
    return char if char.isprintable() and not char.isascii() else match[0]


def _leave_text(match: re.Match[str]) -> str:
    parts = re.split(r"(?<!\\)\$", match[2])
    if len(parts) == 1:
        return match[0]
    return "".join(
        part if i % 2 else rf"\{match[1]}{{{part}}}" if part else "" for i, part in enumerate(parts)
    )


def leave_text_boxes(tex: str) -> str:
    r"""`\text{if $x$ or $y$}`: math-core knows no formula inside a text, so the text is cut up."""
    return _TEXT_BOX.sub(_leave_text, tex)


# Without any of these nothing is rewritten: most formulas, at a third of the time.
_REWRITTEN = re.compile(
    r"[%#]|\\(?:\s|_\{|rm|bf|it|tt|sf|cal|label|tag|no|leqno|begin|end|text|mbox|hbox|unicode)"
)


def _prepared(tex: str) -> str:
    if not _REWRITTEN.search(tex):
        return _tame(tex)
    for pattern, replacement in _REWRITES:
        tex = pattern.sub(replacement, tex)
    return _tame(_CODE_POINT.sub(_character, leave_text_boxes(tex)))


_KINDS = (
    "angle|ang|Angle|langle|floor|ceil|brace|Brace|brack|Brack|paren|group|moustache|vert|Vert"
    "|lbracket|lparenthesis"
)
_BRACKET = re.compile(
    r"\\(?:left|middle|right)(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\.|.)?|\\sqrt\s*\[|\\\\\s*\[[\w.\s-]*\]"
    rf"|(?P<opening>[\[(\u2045\u2308\u230a\u231c\u231e\u2772\u27e6-\u27ef\u2983-\u2998\u29d8-\u29db\u29fc]"
    rf"|\\\{{|\\(?:l(?:{_KINDS})|ulcorner|llcorner)(?![A-Za-z])"
    r"|\\[bB]igg?l(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\.|.)?)"
    r"|\\[A-Za-z]+|\\.",
    re.DOTALL,
)


def _tame(tex: str) -> str:
    """With many opening brackets, put each in a group of its own: there it is a plain symbol."""
    if sum(1 for bracket in _BRACKET.finditer(tex) if bracket["opening"]) <= MAX_OPENING:
        return tex
    return _BRACKET.sub(lambda m: f"{{{m[0]}{{}}}}" if m["opening"] else m[0], tex)


_ELEMENT = re.compile(r"<(/?)([a-z]+)((?: [a-z-]+=\"[^\"<>]*\")*) ?(/?)>")
_ATTRIBUTE = re.compile(r" (?:([a-z]+)=\"([A-Za-z0-9.%-]*)\"|[^\"]*\"[^\"]*\")")
# `&ApplyFunction;` is HTML's alone; an Atom feed knows only XML's own entities.
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot);)[A-Za-z]+;")
_ELEMENTS = frozenset({
    "math", "mi", "mn", "mo", "mtext", "ms", "mspace", "mrow", "msub", "msup", "msubsup",
    "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mfrac", "msqrt", "mroot",
    "mtable", "mtr", "mtd", "mstyle", "mphantom", "mpadded", "merror", "menclose", "b", "i",
    "em", "code", "span",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "accent", "accentunder", "depth", "display", "displaystyle", "fence", "form", "height",
    "largeop", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits",
    "notation", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset",
    "width",
})  # fmt: skip
# Of these alone, written as they are kept; the short names first, which most are.
_LISTED = re.compile(
    rf"(?:</?(?:{'|'.join(sorted(_ELEMENTS - {'merror'}, key=len))})"
    rf"(?: (?:{'|'.join(_ATTRIBUTES)})=\"[A-Za-z0-9.%-]*\")*+/?>"
    r"|[^<&]++|&(?![A-Za-z])|&(?:amp|lt|gt|quot);)*+"
)


def _kept(element: re.Match[str]) -> str:
    closing, name, attributes, empty = element.groups()
    pairs = _ATTRIBUTE.findall(attributes) if attributes else ()
    kept = "".join(f' {key}="{value}"' for key, value in pairs if key in _ATTRIBUTES)
    name = "mrow" if name == "merror" else name  # browsers paint an merror red and yellow
    return f"<{closing}{name}{kept}{empty}>"


def _safe(mathml: str) -> str | None:
    """`mathml` with listed attributes only; None if an element isn't listed or can't be read."""
    if _LISTED.fullmatch(mathml):  # nine of ten: a tenth of the time
        return mathml
    names = [match[2] for match in _ELEMENT.finditer(mathml)]
    if len(names) != mathml.count("<") or not _ELEMENTS.issuperset(names):
        return None
    return _ENTITY.sub(_as_character, _ELEMENT.sub(_kept, mathml))


def _as_character(entity: re.Match[str]) -> str:
    return html.escape(html.unescape(entity[0]), quote=False)


@lru_cache(maxsize=4096)
def to_mathml(tex: str, *, display: bool = False) -> str | None:
    """The formula `tex` (without its delimiters) as a `<math>` element, or None if refused."""
    if len(tex) > MAX_LENGTH or _REFUSED.search(tex):
        return None
    prepared = _prepared(tex)
    if len(prepared) > 2 * MAX_LENGTH or nesting(prepared) > MAX_NESTING:
        return None
    mathml = _converted(prepared, display)
    return _safe(mathml) if mathml else None


def _converted(tex: str, display: bool) -> str | None:
    try:
        return _STRICT.convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        lenient = _without_what_failed(tex, str(error))
    except UnicodeEncodeError:  # a lone surrogate
        return None
    try:
        return lenient and _LENIENT.convert_with_local_state(lenient, displaystyle=display)
    except LatexError:
        return None


def _without_what_failed(tex: str, error: str) -> str | None:
    """What to try after `error`, with unknown names shown as such within the formula; or None.

    A name of the author's own that takes arguments can't be read without its definition.
    """
    if "Not valid in math mode" in error:
        tex = _TEXT_LETTER.sub(r"\\mathrm{\\backslash \1}", tex)
        return tex.replace(r"\AA", r"\text{Å}")
    unknown = re.search(r'Unknown command "\\([A-Za-z]+)"', error)
    return tex if unknown and not re.search(rf"\\{unknown[1]}\s*\{{", tex) else None
