"""Stored and fetched, made one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.domain.merge import Change, merge
from app.domain.paper import Author, Paper, Version

MONDAY = datetime(2026, 1, 19, 12, tzinfo=UTC)
FEED = Paper(
    ArxivId.parse("2601.00001"),
    "A title",
    (Author("Ada B."), Author("Carl D.")),
    "An abstract.",
    ("cs.CL",),
    version=1,
)
DETAILED = replace(
    FEED, comment="9 pages", submitted_at=MONDAY, updated_at=MONDAY, versions=(Version(1, MONDAY),)
)

papers = st.builds(
    Paper,
    id=st.just(FEED.id),
    title=st.text(max_size=5),
    authors=st.lists(
        st.builds(Author, st.sampled_from("AB"), st.sampled_from([(), ("X",)])), max_size=2
    ).map(tuple),
    abstract=st.text(max_size=5),
    subjects=st.just(("cs.CL",)),
    version=st.none() | st.integers(1, 3),
    comment=st.none() | st.text(max_size=3),
    complete=st.booleans(),
    versions=st.sets(st.integers(1, 3)).map(
        lambda ns: tuple(Version(n, MONDAY) for n in sorted(ns))
    ),
)


def test_a_paper_not_stored_is_new() -> None:
    assert merge(None, FEED).change is Change.NEW


def test_what_a_source_does_not_tell_is_kept() -> None:
    merged = merge(DETAILED, FEED)
    assert merged.change is Change.UNCHANGED
    assert merged.paper == DETAILED


def test_details_are_added() -> None:
    merged = merge(FEED, DETAILED)
    assert merged.change is Change.REVISED
    assert merged.changed == {"comment", "submitted_at", "updated_at", "versions"}
    assert merged.paper == DETAILED


def test_a_correction_without_a_new_version_is_taken() -> None:
    assert merge(FEED, replace(FEED, title="A better title")).paper.title == "A better title"


def test_an_old_version_does_not_replace_a_newer_one() -> None:
    second = replace(DETAILED, title="Second", version=2)
    assert merge(second, replace(FEED, title="First")).paper.title == "Second"


def test_an_old_version_still_adds_what_was_unknown() -> None:
    second = replace(FEED, version=2)
    versions = merge(second, DETAILED).paper.versions
    assert versions == (Version(1, MONDAY, FEED.title, FEED.abstract),)


def test_a_superseded_version_keeps_its_words() -> None:
    second = replace(DETAILED, version=2, title="Second", versions=(Version(2, MONDAY),))
    versions = merge(DETAILED, second).paper.versions
    assert versions == (Version(1, MONDAY, FEED.title, FEED.abstract), Version(2, MONDAY))


def test_a_version_without_a_time_does_not_erase_its_time() -> None:
    timeless = replace(FEED, versions=(Version(1, None), Version(2, None)))
    assert merge(DETAILED, timeless).paper.versions == (Version(1, MONDAY), Version(2, None))


def test_affiliations_survive_a_source_without_them() -> None:
    affiliated = replace(FEED, authors=(Author("Ada B.", ("Here",)), Author("Carl D.")))
    assert merge(affiliated, FEED).paper.authors == affiliated.authors


def test_what_a_complete_source_no_longer_has_is_gone() -> None:
    second = replace(DETAILED, version=2, comment=None, complete=True)
    assert merge(DETAILED, second).paper.comment is None


def test_a_feed_does_not_reword_what_a_complete_source_told() -> None:
    known = replace(DETAILED, complete=True)
    assert merge(known, replace(FEED, title="Otherwise")).paper.title == FEED.title
    assert merge(known, replace(FEED, title="Next", version=2)).paper.title == "Next"


@given(papers, papers)
def test_merging_twice_changes_nothing_more(stored: Paper, fetched: Paper) -> None:
    once = merge(stored, fetched).paper
    again = merge(once, fetched)
    assert again.change is Change.UNCHANGED
    assert again.paper == once


@given(papers, papers)
def test_nothing_known_is_ever_erased(stored: Paper, fetched: Paper) -> None:
    paper = merge(stored, fetched).paper
    assert paper.comment is not None or stored.comment is None or fetched.complete
    assert {v.n for v in paper.versions} >= {v.n for p in (stored, fetched) for v in p.versions}
    assert paper.authors or not stored.authors
