"""Two texts that say the same, made the same: for looking up quotes.

Dropped are blanks, hyphens, quotation marks, Markdown and TeX that only sets type; letters are
taken for themselves, whatever their case, accent, font or ligature. What changes a meaning stays:
a sign before a number, a decimal point, `<` and `≠`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from itertools import accumulate

_NO_WORDS = re.compile(r"[^\W_]")
_PATIENCE = 100  # occurrences of a quote inside of words, after which it is given up
# A quote's gaps: `the model … is better`.
_GAP = re.compile(r"\s*(?:\[\s*(?:…|\.{3})\s*\]|\(\s*(?:…|\.{3})\s*\)|…|\.{3,})\s*")
_EDGES = " \t\n.,;:!?*_\"'“”‘’«»„「」『』`()[]"

_TYPESETTING = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|mathrm|mathbf|mathit|mathcal|mathbb|mathsf|mathtt|boldsymbol"
    r"|text(?:bf|it|rm|sf|tt|sc)?|emph|operatorname\*?|displaystyle|textstyle|q?quad|limits"
    r"|[,;:!> ~])(?![A-Za-z])|\\[,;:!> ]|~|\\[()\[\]]"
)
_ESCAPED = re.compile(r"\\([%&#_${}])")
_SIGNED = re.compile(r"(?<![\w)\]}])[-\u2010-\u2015\u2212](?=\.?\d)")
_DROPPED = re.compile("[-\u2010-\u2015\u2212\\\\\"'`´“”‘’‚„«»‹›「」『』$*_^{}\u02c6\ue000]")
_ACCENTS = re.compile("[\u0300-\u0337\u0339-\u036f]")  # all but the stroke of ≠
_SPACE = re.compile(r"\s+")
_SIGN = "\ue001"  # what stands for a minus while hyphens are dropped

_SYMBOLS = {
    "×": "times", "±": "pm", "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "→": "rightarrow",
    "∞": "infty", "∈": "in", "∼": "sim", "·": "cdot", "⋅": "cdot", "∑": "sum", "∏": "prod",
    "∫": "int", "∂": "partial", "∇": "nabla", "∀": "forall", "∃": "exists", "√": "sqrt",
    "ℓ": "ell", "…": "...",
}  # fmt: skip
_ALIASES = re.compile(r"\\(le|ge|ne|to|ldots|dots|varepsilon|varphi)(?![A-Za-z])")
_SAME = {
    "le": "leq", "ge": "geq", "ne": "neq", "to": "rightarrow", "ldots": "...", "dots": "...",
    "varepsilon": "epsilon", "varphi": "phi",
}  # fmt: skip


def _greek() -> dict[int, str]:
    """`α` is `\\alpha`, in all of its mathematical fonts once they are decomposed."""
    letters = [chr(n) for n in (*range(0x391, 0x3AA), *range(0x3B1, 0x3CA)) if n != 0x3A2]
    named = {c: unicodedata.name(c).rpartition(" ")[2].lower() for c in letters}
    return {ord(c): f" {name.replace('lamda', 'lambda')} " for c, name in named.items()}


_GREEK = _greek()
_NAMED = {ord(symbol): f" {name} " for symbol, name in _SYMBOLS.items()}


def plain(text: str) -> str:
    """`text` in its plainest form, as words apart by single blanks."""
    text = _ALIASES.sub(lambda found: f" {_SAME[found[1]]} ", text)
    text = _ESCAPED.sub(r"\1", _TYPESETTING.sub(" ", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_NAMED)).translate(_GREEK)
        text = _ACCENTS.sub("", text)
    text = _SIGNED.sub(_SIGN, text)
    text = _DROPPED.sub(" ", text).replace(_SIGN, "-").casefold()
    return _SPACE.sub(" ", text).strip()


def pieces(quote: str) -> tuple[str, ...]:
    """A quote's parts between its gaps, plain and without blanks; none if it has no words."""
    parts = (plain(part.strip(_EDGES)) for part in _GAP.split(quote))
    return tuple(part.replace(" ", "") for part in parts if _NO_WORDS.search(part))


class Haystack:
    """A text in which quotes are looked up."""

    def __init__(self, text: str) -> None:
        words = plain(text).split(" ")
        self._text = "".join(words)
        self._starts = [0, *accumulate(map(len, words))]

    def has(self, wanted: tuple[str, ...]) -> bool:
        """Whether these `pieces` stand in the text, one after another."""
        at = 0
        for piece in wanted:
            at = self._end_of(piece, at)
            if at < 0:
                return False
        return True

    def _end_of(self, piece: str, start: int) -> int:
        """Where a piece ends that is not a part of other words; -1 if it is nowhere."""
        at = self._text.find(piece, start)
        for _ in range(_PATIENCE):
            if at < 0:
                return -1
            end = at + len(piece)
            if self._parts(at) and self._parts(end):
                return end
            at = self._text.find(piece, at + 1)
        return -1

    def _parts(self, at: int) -> bool:
        """Whether one word ends here and another begins; Chinese ones do so anywhere."""
        if not 0 < at < len(self._text):
            return True
        if not (_in_word(self._text[at - 1]) and _in_word(self._text[at])):
            return True
        n = bisect_left(self._starts, at)
        return n < len(self._starts) and self._starts[n] == at


def _in_word(letter: str) -> bool:
    return letter < "\u2e80" and letter.isalnum()
