"""Which papers an expression means: some categories' listings, without those of others."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.selection import Selection
from app.domain.subjects import Subjects, archives
from app.errors import BadInput, UnknownSubject

_NAMES = [a.name for a in archives()] + [c.name for a in archives() for c in a.categories]


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("cs.AI", "cs.AI"),
        ("cs.LG,cs.AI", "cs.AI+cs.LG"),
        ("cs.AI+cs.LG-cs.CY-econ.GN", "cs.AI+cs.LG-cs.CY-econ.GN"),
        ("cs-cs.CY", "cs-cs.CY"),
        ("cs-cs.CY+cs.CY", "cs"),
        ("cs.AI-math", "cs.AI-math"),
        ("astro-ph", "astro-ph"),
        ("hep-th-math-ph", "hep-th-math-ph"),
        ("cs.NA cs.sy", "math.NA+eess.SY"),
    ],
)
def test_an_expression_is_read_and_written_back(expression: str, written: str) -> None:
    assert str(Selection.parse(expression)) == written


def test_what_is_taken_away_is_left_out_of_the_rest_too() -> None:
    selection = Selection.parse("cs.AI+cs.CY-cs.CY")
    assert selection == Selection(Subjects.of(["cs.AI"]), Subjects.of(["cs.CY"]))


@pytest.mark.parametrize("expression", ["", " , ", "-cs.CY", "cs.AI-cs.AI", "cs.AI-cs"])
def test_what_names_no_paper_is_bad_input(expression: str) -> None:
    with pytest.raises(BadInput):
        Selection.parse(expression)


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(UnknownSubject, match=r"cs\.XX"):
        Selection.parse("cs.AI+cs.XX")


@given(
    st.lists(st.tuples(st.sampled_from("+-, "), st.sampled_from(_NAMES)), min_size=1, max_size=9)
)
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_as_the_same(terms: list[tuple[str, str]]) -> None:
    try:
        selection = Selection.parse("cs.AI" + "".join(sign + name for sign, name in terms))
    except BadInput:
        return
    assert Selection.parse(str(selection)) == selection
    assert not {*selection.wanted} & {*selection.unwanted}


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadInput):
        assert Selection.parse(text).wanted


def test_an_archive_of_old_is_left_out_only_as_a_whole() -> None:
    selection = Selection.parse("cs.AI-astro-ph+astro-ph.CO")
    assert "astro-ph" not in selection.unwanted
    assert Selection.parse(str(selection)) == selection
    assert "astro-ph" in Selection.parse("astro-ph-astro-ph.GA").wanted
