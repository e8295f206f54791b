"""What says that a paper is withdrawn, and what only sounds like it."""

from __future__ import annotations

import json
import lzma
import time
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.withdrawal import is_withdrawn
from tests.real import REAL

# The sentences are made up in the manner of real ones.
COMMENTS = [
    "This paper has been withdrawn",
    "This paper has been withdrawn by the author",
    "this submission has been withdrawn by the author(s), due to an error in Lemma 2",
    "12 pages, 3 figures This article has been withdrawn because of a gap",
    "12 pages. This preprint is withdrawn, pending approval",
    "This submission has been withdrawn by arXiv administrators due to a dispute",
    "arXiv admin note: withdrawn by arXiv admin",
    "Withdrawn",
    "withdrawn.",
    "Withdrawn: the bound was known",
    "Withdrawn due to a flaw in section 3",
    "Withdrawn by the author. A new version is in preparation",
    "Paper withdrawn by authors",
    "Temporarily withdrawn",
    "The current version has been temporarily withdrawn for a check",
    "This version of the paper has now been withdrawn",
    "The manuscript is being withdrawn at the request of the authors",
    "This paper has been withdrawn from arXiv for copyright reasons",
    "We would like to withdraw this paper, since a figure is wrong",
    "After a second look we are withdrawing the manuscript",
    "I kindly request the withdrawal of my submission",
    "The authors have withdrawn this article to correct the proof",
    "The result was known\n  before. Therefore the\n  paper is withdrawn.",
]
ELSEWHERE = [
    "20 pages, withdrawn from the proceedings for lack of funds",
    "This paper was withdrawn from the conference after acceptance",
    "I had to withdraw the paper from the conference; this is the version of the talk",
    "Accepted to a workshop, but withdrawn because nobody could travel",
    "The original submission to the journal was withdrawn and split in two",
    "The previous version has been withdrawn; this one is complete",
    "The first version of the paper was withdrawn for a mistake in the proof",
    "We withdraw the claim of Theorem 2",
    "It corrects the bound of a withdrawn paper",
    "We show that the paper has been withdrawn",
    "12 pages",
    "",
]
ABSTRACTS = [
    ("This paper has been withdrawn by the authors.", True),
    ("This submission has been withdrawn at the request of the author.", True),
    ("Withdrawn.", True),
    ("paper withdrawn due to a possible error", True),
    ("We study bounds. UPDATE: This manuscript has been withdrawn, since they are wrong.", True),
    ("We show that the claim was withdrawn.", False),
    ("We prove that this paper has been withdrawn by nobody.", False),
    ("We find when a drug is withdrawn from the market.", False),
    ("Withdrawn customers return; we model when.", False),
    ("Utilizing papers withdrawn from arXiv, we train a judge.", False),
    ("Users withdraw this and request withdrawal of all deposits.", False),
    ("The study finds that the submission was withdrawn by reviewers.", False),
]


@pytest.mark.parametrize("comment", COMMENTS)
def test_a_comment_that_withdraws_the_paper(comment: str) -> None:
    assert is_withdrawn("We study bounds.", comment)


@pytest.mark.parametrize("comment", ELSEWHERE)
def test_a_comment_that_tells_of_something_else(comment: str) -> None:
    assert not is_withdrawn("We study bounds.", comment)


@pytest.mark.parametrize(("abstract", "expected"), ABSTRACTS)
def test_an_abstract_that_does_or_does_not(abstract: str, expected: bool) -> None:
    assert is_withdrawn(abstract) == expected
    assert is_withdrawn(abstract.upper()) == expected
    assert is_withdrawn(abstract, None) == is_withdrawn(abstract, "")


_PIECES = [
    "this ",
    "the ",
    "paper ",
    "has ",
    "been ",
    "withdrawn ",
    "by the ",
    "(",
    '"',
    ". ",
    "it ",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6))
def test_no_text_takes_long(pieces: list[str]) -> None:
    text = "".join(pieces) * 20_000
    began = time.process_time()
    is_withdrawn(text, text)
    assert time.process_time() - began < 1


@pytest.mark.skipif(REAL is None, reason="no real data")
def test_of_real_papers_one_in_hundreds_is_withdrawn() -> None:
    assert REAL
    with lzma.open(REAL / "corpus.jsonl.xz", "rt") as lines:
        papers = [json.loads(line) for line in islice(lines, 20_000)]
    found = [p for p in papers if is_withdrawn(p["abstract"], p.get("comment"))]
    assert 100 < len(found) < 400
    said = ("withdr", "WITHDR", "Withdr")
    assert all(any(w in p["abstract"] + (p.get("comment") or "") for w in said) for p in found)
