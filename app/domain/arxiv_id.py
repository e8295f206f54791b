"""arXiv identifiers: the only place that knows their form.

Since April 2007 an identifier is `YYMM.NNNN`, from January 2015 on `YYMM.NNNNN`; before, it was
`archive/YYMMNNN` (https://info.arxiv.org/help/arxiv_identifier.html). Either may name a version,
`v1` being the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, total_ordering
from typing import Final
from urllib.parse import unquote

from app.errors import InvalidArxivId

# Every archive that gave out identifiers of its own before April 2007.
_ARCHIVE: Final = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas"
    "|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin"
    "|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con"
)

# An old identifier was often written with its subject class, as in math.CA/0611800.
_ID: Final = (
    r"(?:(?P<yymm>[0-9]{4})\.(?P<number>[0-9]{4,5})"
    rf"|(?<!-)(?P<archive>{_ARCHIVE})(?:\.[a-z-]{{2,9}})?/(?P<digits>[0-9]{{7}}))"
    r"(?:v(?P<version>[1-9][0-9]{0,2}))?"
)
_FLAGS: Final = re.IGNORECASE | re.ASCII

# In running text no letter, digit or decimal point may touch it: 12401.01234 and 2401.01234.5 are
# something else. ASCII ones, since Chinese is written without blanks. `arXiv.` stands in our DOIs.
_ANYWHERE: Final = re.compile(
    rf"(?:(?<![a-z0-9.])|(?<=arxiv)|(?<=arxiv\.)){_ID}(?![a-z0-9]|\.[0-9])", _FLAGS
)
_OTHERS_DOI: Final = re.compile(r"10\.[0-9]{4,9}/\Z", _FLAGS)

# A whole text: perhaps with a prefix, a file's ending, what follows in an address, or the category
# and date of arXiv's citations and of the stamp on a first page, `[cs.CL] 2 Jan 2024`.
_WHOLE: Final = re.compile(
    r"(?:oai:arxiv\.org:|(?:doi:\s?)?10\.48550/arxiv\.|arxiv[\s\xa0:：./]{0,4})?"
    rf"{_ID}"
    r"(?:\.(?:pdf|ps|html?|txt|tex|md|bib|gz|ps\.gz|tar\.gz))?"
    r"(?:[?#]\S*|\s{0,4}\[[a-z.-]{2,20}(?:\](?:\s{1,4}[0-9]{1,2}\s[a-z]{3}\s[0-9]{4})?)?)?",
    _FLAGS,
)

# A web address, often given without its scheme.
_ADDRESS: Final = re.compile(
    r"(?:(?:[a-z][a-z0-9+-]{1,20}:)?//(?:[^/?#@\s]*@)?|(?=[a-z0-9-]{1,63}\.))"
    r"(?P<host>[a-z0-9.-]{1,253})(?::[0-9]{1,5})?[/?#]\S*",
    _FLAGS,
)
# Hosts whose paths hold an identifier as it is. In any other address it must be said to be arXiv's:
# /arxiv/ID, ?q=arXiv:ID, ?url=https://arxiv.org/abs/ID.
_AT_HOME: Final = re.compile(
    r"(?:[a-z0-9.-]*\.)?(?:(?:arxiv|alphaxiv|ar5iv)\.org(?=[:/?#])|xxx\.lanl\.gov(?=[:/?#])"
    r"|(?:huggingface|hf)\.co/papers/)",
    _FLAGS,
)
_SAYS_ARXIV: Final = re.compile(r"(?<![a-z0-9])arxiv(?:\.org)?[:/.=_-]", _FLAGS)

# What texts wrap an identifier in: blanks (visible or not), quotes, brackets, punctuation.
_WRAPPING: Final = (
    " \t\r\n\f\v\xa0\u3000\u200b\u200e\u200f\u2060\ufeff"
    "\"'`“”‘’«»„「」『』<>()[]{}《》〈〉【】（）,.;:!?、。，；：！？…*|\\/"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv identifier, perhaps with a version. Made by `parse`; ordered by age."""

    _text: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> ArxivId:
        """The identifier that a text is a form of: bare, prefixed, a DOI, or a web address.

        Raises InvalidArxivId for anything else.
        """
        plain = _unquoted(text).strip(_WRAPPING)
        found = _WHOLE.fullmatch(plain)
        result = _made(found) if found else _from_address(plain)
        if result is None:
            raise InvalidArxivId(f"{text[:100]!r} is no arXiv identifier")
        return result

    @classmethod
    def find_all(cls, text: str) -> tuple[ArxivId, ...]:
        """All papers named in a text or web address, each as first mentioned, in that order."""
        first: dict[str, ArxivId] = {}
        for found in _ids_in(_unquoted(text)):
            first.setdefault(found._text, found)
        return tuple(first.values())

    def __str__(self) -> str:
        return self._text if self.version is None else f"{self._text}v{self.version}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, ArxivId):
            return NotImplemented
        return self._key < other._key

    @property
    def _key(self) -> tuple[int, str, int]:
        return self.ordinal, self._text, self.version or 0

    @property
    def bare(self) -> ArxivId:
        """The same paper, whatever version."""
        return self if self.version is None else ArxivId(self._text)

    def with_version(self, n: int) -> ArxivId:
        """Version `n` of the same paper. Raises InvalidArxivId unless 1 <= n <= 999."""
        if not 1 <= n <= 999:
            raise InvalidArxivId(f"{self._text} can have no version {n}")
        return ArxivId(self._text, n)

    @property
    def is_old_style(self) -> bool:
        """Whether it dates from before April 2007: `hep-th/9901001`."""
        return "/" in self._text

    @property
    def month(self) -> tuple[int, int]:
        """The year and month in which it was given out."""
        yymm = self._text.rpartition("/")[2][:4]
        return _year(yymm), int(yymm[2:])

    @property
    def ordinal(self) -> int:
        """A number that grows in the order in which identifiers were given out: YYYYMMNNNNN.

        The same for all versions, and for old identifiers that differ in the archive only.
        """
        text = self._text
        yymm, number = (text[-7:-3], text[-3:]) if "/" in text else (text[:4], text[5:])
        return _before(yymm) + int(number)

    def abs_url(self, base: str) -> str:
        """Its abstract page on a site such as `https://arxiv.org`."""
        return f"{base}/abs/{self}"

    def pdf_url(self, base: str) -> str:
        """Its PDF on a site such as `https://arxiv.org`."""
        return f"{base}/pdf/{self}"

    def html_url(self, base: str) -> str:
        """Its full text as HTML, which newer papers have, on a site such as `https://arxiv.org`."""
        return f"{base}/html/{self}"


def _unquoted(text: str) -> str:
    """Without percent-encoding, of which an address within an address has two layers."""
    return unquote(unquote(text)) if "%" in text else text


def _from_address(text: str) -> ArxivId | None:
    address = _ADDRESS.fullmatch(text)
    if not address:
        return None
    said = _AT_HOME.match(text, address.start("host")) or _SAYS_ARXIV.search(
        text, address.end("host")
    )
    return next(_ids_in(text, said.start()), None) if said else None


def _ids_in(text: str, start: int = 0) -> Iterator[ArxivId]:
    for found in _ANYWHERE.finditer(text, start):
        at = found.start()
        if not _OTHERS_DOI.search(text, max(0, at - 13), at) and (made := _made(found)):
            yield made


def _made(found: re.Match[str]) -> ArxivId | None:
    """The identifier of a match, or None where its month or number can't be."""
    archive, digits = found["archive"], found["digits"]
    yymm, number = (digits[:4], digits[4:]) if archive else (found["yymm"], found["number"])
    year, month = _year(yymm), int(yymm[2:])
    if not 1 <= month <= 12 or not int(number):
        return None
    if archive:
        fits = (1991, 7) <= (year, month) <= (2007, 3)
    else:
        fits = (year, month) >= (2007, 4) and len(number) == (4 if year < 2015 else 5)
    if not fits:
        return None
    text = f"{archive.lower()}/{digits}" if archive else f"{yymm}.{number}"
    return ArxivId(text, int(found["version"]) if found["version"] else None)


@cache
def _before(yymm: str) -> int:
    """The ordinal before a month's first."""
    return (_year(yymm) * 100 + int(yymm[2:])) * 100_000


def _year(yymm: str) -> int:
    """arXiv began in 1991."""
    return int(yymm[:2]) + (1900 if yymm >= "91" else 2000)
