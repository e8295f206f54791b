"""Invented papers of the kinds that programs stumble over; arXiv has had every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tests.local_arxiv.draft import Draft, Ids
from tests.local_arxiv.world import previous_weekday, submission_time

MANY_AUTHORS = 3_000
LONG_ABSTRACT = 100_000

_ABSTRACT = "  A short abstract, with two blanks before it as old records have.\nAnd a second line."

# One of each on every day.
_NEW: tuple[dict[str, Any], ...] = (
    {
        "title": 'K\\H{o}r\\"osi--\\O{}degaard sums over $\\mathbb{Z}_2^{n}$, '
        'and a \\emph{na\\"\\i ve} bound',
        "authors": (
            "Zolt\\'an K\\H{o}r\\\"osi",
            "\\O{}ystein \\AA s",
            "Ji\\v{r}\\'{\\i} Dvo\\v{r}ka",
        ),
        "abstract": "For $a_{ij} \\le \\frac{1}{2}$ we show $$\\sum_{i<j} a_{ij} < \\infty.$$ "
        "It costs \\$5.",
        "categories": ("math.CO", "math.NT"),
        "classes": ("11P99", "05C80"),
    },
    {
        "title": "<script>alert('title')</script> Papers & \"Quotes\" <img src=x onerror=alert(1)>",
        "authors": ("<b>Bold</b> O'Neil", "Amp & Sons", "\"><script>alert('author')</script>"),
        "abstract": "</div></article><script>alert('abstract')</script> {{ 7*7 }} <!-- ]]> -->",
        "comment": "<a href=\"javascript:alert('comment')\">7 pages</a>",
        "journal_ref": "J. <i>Mark-up</i> & Co. 7 (2026) 1--9",
        "doi": "10.1000/<b>&'\"x",
        "categories": ("cs.CR",),
        "classes": ("I.2.10", "K.6.5"),
    },
    {
        "title": "When a<b and c>d: on $x<y$ & friends",
        "authors": ("Less T. Han",),
        "abstract": "If n<m then f(n)<f(m); if n>m, f(n)>f(m). A&B.",
        "categories": ("cs.DS", "cs.AI"),
    },
    {
        "title": "\u202eThis title turns\u202c and \u05e9\u05dc\u05d5\u05dd \u200fstays\u200e",
        "authors": ("\u0646\u0648\u0631", "\u05e0\u05d5\u05e2\u05d4 \u05dc\u05d5\u05d9"),
        "abstract": "Marks of direction, unclosed: \u202e\u2067 and a zero\u200bwidth space.",
        "categories": ("cs.CL",),
    },
    {
        "title": "面向低资源语言的检索: Retrieval for Low-Resource Languages \U0001f9ea",
        "authors": ("张伟", "王小明", "Li Ming (李明)"),
        "abstract": "摘要：我们提出一种简单的方法。 The method is simple.",
        "categories": ("cs.IR", "cs.CL"),
    },
    {
        "title": "Unclosed $\\frac{1}{2 and \\href{javascript:alert(1)}{a link}, " + "{" * 60,
        "authors": ("Brace Left", "Open Dollar, Jr."),
        "abstract": "It ends in the middle of $\\sqrt{" + "\\frac{1}{" * 50 + "x",
        "categories": ("math.LO",),
    },
    {
        "title": "Ultralongwordwithoutanyblank" * 20,
        "authors": ("The Very Large Array of Small Things Collaboration", "A. B. See"),
        "abstract": "One.\n\nTwo paragraphs.\n  * and a list",
        "categories": ("astro-ph.IM",),
        "licence": None,
    },
    {
        "title": "A Paper at Home in Five Archives",
        "authors": ("Wide Lee",),
        "abstract": "Listed in many places on one day.",
        "categories": ("stat.ML", "cs.LG", "cs.IT", "math.IT", "eess.SP", "quant-ph", "math.PR"),
        "licence": "http://creativecommons.org/publicdomain/zero/1.0/",
    },
)


def new(ids: Ids, day: date, *, first: bool) -> Iterator[Draft]:
    """Those announced as new on a day; the two big ones only on the first."""
    kinds = (*_NEW, *(_big() if first else ()))
    for place, kind in enumerate(kinds):
        late = submission_time(day, 10_000 + place, 10_000 + len(kinds))
        draft = _draft(ids.take(day), day, late, **kind)
        draft.announce(day)
        yield draft


def old(day: date, number: int) -> Iterator[Draft]:
    """Those that are older and change on a day; `number` tells the days' apart."""
    yield _old_style(day, number)
    yield _twice_cross_listed(day, number)
    yield _replaced_and_cross_listed(day, number)
    yield _sixth_version(day, number)
    yield _withdrawn(day, number)


def _big() -> Iterator[dict[str, Any]]:
    yield {
        "title": "Search for Rare Decays with the MADEUP Detector",
        "authors": tuple(f"{chr(65 + n % 26)}. Author-{n:04d}" for n in range(MANY_AUTHORS)),
        "abstract": "A limit is set at 95% confidence level.",
        "categories": ("hep-ex",),
        "comment": f"Author list: {MANY_AUTHORS} names",
    }
    yield {
        "title": "Proceedings with Every Paper in the Abstract",
        "authors": ("Ed Itor",),
        "abstract": "One more talk of many, told at length. " * (LONG_ABSTRACT // 39 + 1),
        "categories": ("cs.SE",),
    }


def _old_style(day: date, number: int) -> Draft:
    draft = _old(
        f"hep-th/9901{number + 1:03d}", date(1999, 1, 5), "An Old-Style Identifier", "hep-th"
    )
    draft.replace(day, _just_before(day))
    return draft


def _twice_cross_listed(day: date, number: int) -> Draft:
    draft = _old(
        f"1512.{number + 1:05d}", date(2015, 12, 2), "Cross-Listed Twice at Once", "math.OC"
    )
    draft.cross_list(day, "cs.AI", "cs.LG")
    return draft


def _replaced_and_cross_listed(day: date, number: int) -> Draft:
    draft = _old(f"1701.{number + 1:05d}", date(2017, 1, 4), "Replaced and Cross-Listed", "cs.CV")
    draft.cross_list(day, "cs.RO")
    draft.replace(day, _just_before(day))
    return draft


def _sixth_version(day: date, number: int) -> Draft:
    draft = _old(f"1801.{number + 1:05d}", date(2018, 1, 3), "A Sixth Version", "cs.AI", "cs.CL")
    for year in range(2019, 2023):
        draft.replace(date(year, 1, 9), datetime(year, 1, 8, 12, tzinfo=UTC))
    draft.replace(day, _just_before(day))
    return draft


def _withdrawn(day: date, number: int) -> Draft:
    draft = _old(f"1901.{number + 1:05d}", date(2019, 1, 9), "A Withdrawn Paper", "cs.CL")
    draft.comment = "This paper has been withdrawn by the authors: Lemma 2 is wrong"
    draft.withdrawn = 2
    draft.replace(day, _just_before(day))
    return draft


def _old(paper_id: str, day: date, title: str, *categories: str) -> Draft:
    at = datetime.combine(previous_weekday(day), time(16, 9, 37), UTC)
    draft = _draft(
        paper_id, day, at, title=title, authors=("Ol D. Hand",), abstract=_ABSTRACT,
        categories=categories,
    )  # fmt: skip
    draft.announce(day)
    return draft


def _draft(
    paper_id: str, day: date, at: datetime, *, categories: tuple[str, ...], **rest: Any
) -> Draft:
    return Draft(id=paper_id, categories=[(day, categories)], versions=[at], **rest)


def _just_before(day: date) -> datetime:
    return submission_time(day, 0, 1) + timedelta(minutes=day.day)
