r"""The TeX that arXiv's plain text fields hold: what is a token, and what the commands mean.

No pattern here can take more than linear time: repetitions are bounded, possessive, or stop at what
would begin them anew.
"""

from __future__ import annotations

import re

MARKS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323",
    "b": "\u0331", "r": "\u030a", "k": "\u0328",
}  # fmt: skip
STYLES = {
    "emph": "em", "textit": "em", "textsl": "em", "textbf": "strong", "texttt": "code",
    "underline": "u", "uline": "u", "textsubscript": "sub", "textsuperscript": "sup",
    "em": "em", "it": "em", "sl": "em", "itshape": "em", "bf": "strong", "bfseries": "strong",
    "tt": "code", "ttfamily": "code",
}  # fmt: skip
SWITCHES = "em|it|sl|itshape|bf|bfseries|tt|ttfamily|sc|scshape|rm|sf|sffamily|normalfont|small"
PLAIN = frozenset({
    "textsc", "textsf", "textrm", "textnormal", "textmd", "textup", "text", "mbox", "hbox",
    "ensuremath",
})  # fmt: skip
AROUND = {"enquote": ("“", "”"), "footnote": (" (", ")"), "thanks": (" (", ")")}
BLANK = frozenset({
    "newline", "linebreak", "par", "noindent", "indent", "quad", "qquad", "smallskip",
    "medskip", "bigskip", "centering", "maketitle", "xspace", "thinspace",
})  # fmt: skip
LETTERS = frozenset({
    "O", "o", "L", "l", "ss", "ae", "AE", "oe", "OE", "aa", "i", "j", "dh", "DH", "th", "TH",
    "dj", "DJ", "ng", "NG",
})  # fmt: skip

MARK = r"\\(?:[`'^\"~=.]|[uvHcdbrk](?![A-Za-z])\s*)"
LETTER = r"(?:\\[ij](?![A-Za-z])\s?|[^\W\d_])"
ONE = rf"{MARK}(?:{LETTER}|\{{\s*{LETTER}\s*\}})"
ACCENTED = rf"{MARK}(?:{LETTER}|\{{\s*(?:{LETTER}|{ONE})\s*\}}|{ONE})"
FORMULAS = "equation|displaymath|math|align|aligned|eqnarray|gather|multline|flalign"

TOKEN = re.compile(
    rf"""
    (?P<formula> \$\$? | \\[(\[] | \\begin\{{(?P<env>(?:{FORMULAS})\*?)\}} )
  | (?P<address> (?i:https?)://(?:[A-Za-z0-9\-._:/?#\[\]@!&'()*+,;=%|~]|\\[_%#&~](?:\{{\}})?)+ )
  | (?P<accent> {ACCENTED} )
  | (?P<command> \\(?P<name>[A-Za-z]+)\*? )
  | (?P<escape> \\. )
  | (?P<opening> \{{ )
  | (?P<closing> \}} )
  | (?P<tie> ~ )
  | (?P<dash> -{{2,}} )
  | (?P<quote> ``|''|`(?![\s`])[^`'\n\\${{}}]{{1,80}}'(?!\w) )
  | (?P<paragraph> \n+ )
    """,
    re.VERBOSE | re.DOTALL,
)
# Where a token can begin. Looked for before TOKEN, a tenth of the time: alternatives that begin
# with a literal each are a set to Python's regex engine, and most text has none of them.
BEGINS = re.compile(r"\$|\\|\{|\}|~|`|\n|--|''|h(?=[tT]{2}[pP])|H(?=[tT]{2}[pP])")
# One of these is in each token: to find none in a text, as in most, takes a tenth of the pattern's
# time.
SIGNS = ("$", "\\", "{", "}", "~", "`", "\n", "--", "''", "://")
WORD = re.compile(rf"\{{\s*(?:{ACCENTED}|\\[A-Za-z]+\s*|[\w.+-]){{1,60}}+\s*\}}")
SWITCH = re.compile(
    rf"\{{\s*\\(?:(?P<name>{SWITCHES})(?![A-Za-z])|color\s*(?:\[\w*\])?\{{[^{{}}]*\}})\s*"
)
ENDS = {
    "$": re.compile(
        r"((?:[^$\\\n]++|\\(?:text[a-z]*|mbox|hbox)\s*\{(?:[^{}\n]|\{[^{}\n]*\})*+\}|\\.|\n(?!\n))*+)\$",
        re.DOTALL,
    ),
    # A display may stand on indented lines, which look like paragraphs.
    "$$": re.compile(r"((?:[^$\\]++|\\.|\$(?!\$))*+)\$\$", re.DOTALL),
    r"\(": re.compile(r"((?:[^\\\n]++|\\[^()]|\n(?!\n))*+)\\\)", re.DOTALL),
    r"\[": re.compile(r"((?:[^\\]++|\\[^\[\]])*+)\\\]", re.DOTALL),
}
LONGEST_ENVIRONMENT = 4_000

ARGUMENT = re.compile(r"\s*\{([^{}]*)\}")
BEFORE_GROUP = re.compile(r"\s*\{")
HREF = re.compile(r"\s*\{([^{}]*)\}\s*\{")
REFERS = re.compile(r"(?:[Cc]ite[a-z]*|(?:eq|c|C|auto|name|page)?ref)$")
REFERENCE = re.compile(r"(?:\s*\[[^\[\]]*\]){0,2}\s*\{([^{}]*)\}")
UNSEEN = frozenset({
    "label", "vspace", "hspace", "color", "index", "pagestyle", "begin", "end",
})  # fmt: skip
MANGLED = re.compile(r"\{([^\W\d_]{2,20})\}")
AMOUNT = re.compile(
    r"\d[\d.,]*(?:[kKMB](?=[\s,.;)])|[-\s](?:thousand|million|billion|trillion|per|USD|and|to|or|for)\b)"
)
PROSE = re.compile(r"(?<![\\A-Za-z])[a-z]{2,} [a-z]{2,} [a-z]{2,}")
BOXED = re.compile(r"\\[A-Za-z]+\s*\{[^{}]*\}")
HTTP = re.compile(r"(?i:https?)://[^\s\"<>\\{}]+")
ESCAPED = re.compile(r"\\([_%#&~])(?:\{\})?")
