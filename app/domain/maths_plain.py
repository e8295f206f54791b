r"""TeX formulas and symbols to plain Unicode, where that can be read: `\ell_2` as ℓ_2."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import get_default_latex_context_db

from app.domain.maths import ENVELOPE, MAX_LENGTH, leave_text_boxes

_SYMBOLS = get_default_latex_context_db()
_OWN_SYMBOLS = {
    "LaTeX": "LaTeX", "TeX": "TeX", "pounds": "£", "deg": "°", "degr": "°", "copyright": "©",
    "S": "§", "P": "¶", "ne": "≠", "slash": "/", "textgreater": ">", "textless": "<",
    "textbar": "|", "textunderscore": "_", "colon": ":", "lbrace": "{", "rbrace": "}",
    "lvert": "|", "rvert": "|", "vert": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖",
    "textrightarrow": "→", "textleftarrow": "←", "eps": "ϵ", "R": "ℝ",
}  # fmt: skip


@lru_cache(maxsize=2048)
def symbol(name: str) -> str | None:
    r"""What `\name` prints, if that is a character or the name of a function: α, ≤, log."""
    if name in _OWN_SYMBOLS:
        return _OWN_SYMBOLS[name]
    spec = _SYMBOLS.get_macro_spec(name)
    text = getattr(spec, "simplify_repl", None)
    return text if isinstance(text, str) and (len(text) == 1 or text == name) else None


_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|middle|displaystyle|textstyle|limits|nolimits|nonumber"
    r"|rm|bf|it|sf|tt|cal)"
    r"(?![A-Za-z])\s*|\\[!/]"
)
_SPACE = re.compile(r"\\(?:q?quad(?![A-Za-z])|[,;:> ])|~")
_BOX = re.compile(
    r"\\(?:text|textrm|textbf|textit|textsc|texttt|textsf|mbox|hbox|math(?:rm|bf|it|sf|tt|cal|scr"
    r"|frak|normal)|boldsymbol|bm|operatorname\*?|ensuremath)\s*(?:\{([^{}]*)\}|([A-Za-z])(?![A-Za-z]))"
)
_BOARD = re.compile(r"\\math(?:bb|bbm|ds)\s*(?:\{\s*([A-Z])\s*\}|([A-Z])(?![A-Za-z]))")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}\\]*)\}\s*\{([^{}\\]*)\}")
_ROOT = re.compile(r"\\sqrt\s*(?:\{([^{}\\]*)\}|([A-Za-z0-9])(?![A-Za-z]))")
_MARKS = {
    "hat": "\u0302", "widehat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307",
    "widetilde": "\u0303", "ddot": "\u0308", "check": "\u030c", "acute": "\u0301",
    "grave": "\u0300", "breve": "\u0306", "vec": "\u20d7",
}  # fmt: skip
_ACCENT = re.compile(rf"\\({'|'.join(_MARKS)})(?![A-Za-z])\s*(?:\{{\s*(\w)\s*\}}|(\w))")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_GROUP = re.compile(r"([_^])\{([^{}\\])\}|(?<![\\_^])\{([^{}\\]*)\}")
_ESCAPED = re.compile(r"\\([{}$%&#_])")


def _double_struck(match: re.Match[str]) -> str:
    letter = match[1] or match[2]
    usual = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
    return usual.get(letter) or unicodedata.lookup(f"MATHEMATICAL DOUBLE-STRUCK CAPITAL {letter}")


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[2] or match[3]) + _MARKS[match[1]])


def _named(match: re.Match[str]) -> str:
    """A symbol, or a function's name set off from a letter or bracket before it: `n log n`."""
    text = symbol(match[1]) or match[0]
    before = match.string[match.start() - 1 : match.start()]
    return f" {text}" if len(text) > 1 and (before.isalnum() or before == ")") else text


def _unit(text: str) -> str:
    return text if re.fullmatch(r"\w*", text.strip()) else f"({text.strip()})"


@lru_cache(maxsize=4096)
def to_unicode(tex: str) -> str | None:
    r"""The formula in plain characters (`\ell_2` as `ℓ_2`), or None if commands would remain."""
    if len(tex) > MAX_LENGTH:
        return None
    text = leave_text_boxes(ENVELOPE.sub("", tex))
    text = _SPACE.sub(" ", _LAYOUT.sub("", text))
    text = _BOARD.sub(_double_struck, text)
    text = _BOX.sub(lambda m: m[1] if m[1] is not None else m[2], text)
    text = _ACCENT.sub(_accented, _COMMAND.sub(_named, text))
    text = _ROOT.sub(lambda m: f"√{_unit(m[1] or m[2] or '')}", text)
    text = _FRACTION.sub(lambda m: f"{_unit(m[1])}/{_unit(m[2])}", text)
    text = _GROUP.sub(r"\1\2\3", text)
    rest = _ESCAPED.sub("", text)
    return None if "\\" in rest or "&" in rest else _ESCAPED.sub(r"\1", text)
