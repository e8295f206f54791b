"""Papers to measure with: real ones where they are, made-up ones of the same size elsewhere."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from random import Random

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, Paper, Version
from app.domain.subjects import canonical_all
from tests.real import REAL

_SUBMITTED = datetime(2026, 1, 21, 12, tzinfo=UTC)


def papers(count: int) -> list[Paper]:
    """So many distinct papers, with comments and two versions each as OAI-PMH tells them."""
    found = list(islice(_real() if REAL else _made_up(), count))
    assert len(found) == count
    return found


def _real() -> Iterator[Paper]:
    assert REAL is not None
    with lzma.open(REAL / "corpus.jsonl.xz", "rt") as lines:
        for line in map(json.loads, lines):
            subjects = canonical_all(line.get("categories") or ["cs.LG"]) or ("cs.LG",)
            authors = tuple(map(Author, line.get("authors") or ["Nobody"]))
            yield _detailed(line["id"], line["title"], authors, line["abstract"], subjects)


def _made_up() -> Iterator[Paper]:
    random = Random(1)
    words = ["".join(random.choices("aeioulnrst", k=random.randint(2, 9))) for _ in range(3_000)]
    homes = ["cs.LG", "cs.CV", "cs.CL", "math.AP", "quant-ph", "hep-th", "stat.ML"]
    for n in range(10**6):
        number = f"{2001 + n // 90_000:04}.{n % 90_000 + 1:05}"
        text = " ".join(random.choices(words, k=190)) + r" with $O(n \log n)$ steps"
        names = tuple(Author(" ".join(random.choices(words, k=2)).title()) for _ in range(5))
        yield _detailed(number, text[:70], names, text, tuple(random.sample(homes, 2)))


def _detailed(
    number: str, title: str, authors: tuple[Author, ...], abstract: str, subjects: tuple[str, ...]
) -> Paper:
    bare = Paper(ArxivId.parse(number), title, authors, abstract, subjects)
    return replace(
        bare,
        version=2,
        comment="12 pages, 5 figures",
        licence="http://creativecommons.org/licenses/by/4.0/",
        submitted_at=_SUBMITTED,
        updated_at=_SUBMITTED,
        versions=(Version(1, _SUBMITTED), Version(2, _SUBMITTED)),
    )
