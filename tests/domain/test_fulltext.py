"""A full text: shown, cut to a length, kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.fulltext import (
    Cut,
    FullText,
    Kind,
    Origin,
    Part,
    as_json,
    fitted,
    from_json,
    material,
    of_abstract,
)


def part(place: str, text: str, kind: Kind = Kind.BODY, title: str = "A title") -> Part:
    return Part(place, title, 1, kind, text)


def words(n: int) -> str:
    return ("word " * n).strip()


PAPER = FullText(
    Origin.HTML,
    (
        part("abstract", words(50), title="Abstract"),
        part("S1", words(200), title="1 Introduction"),
        part("S2", words(1000), title="2 Method"),
        part("bib", words(400), Kind.REFERENCES, "References"),
        part("A1", words(300), Kind.APPENDIX, "Appendix A Proofs"),
    ),
    hidden=7,
)

PARTS = st.builds(
    Part,
    st.sampled_from(["S1", "S2.SS1", "p3", "bib"]),
    st.text(max_size=30),
    st.integers(1, 3),
    st.sampled_from(Kind),
    st.one_of(st.text(max_size=300), st.integers(0, 400).map(words)),
)
TEXTS = st.builds(
    FullText,
    st.sampled_from(Origin),
    st.lists(PARTS, max_size=8).map(tuple),
    st.integers(0, 99),
    st.lists(st.builds(Cut, st.just("p9"), st.text(max_size=5), st.integers(0, 9))).map(tuple),
)


def test_each_part_stands_under_its_place() -> None:
    text = FullText(
        Origin.PDF, (part("S2.SS1", "Words.", title="2.1 Method"), part("p3", "More.", title=""))
    )
    assert material(text) == "[S2.SS1] 2.1 Method\nWords.\n\n[p3]\nMore."


def test_a_section_of_sections_is_its_title_alone() -> None:
    assert material(FullText(Origin.HTML, (part("S2", "", title="2 Method"),))) == "[S2] 2 Method"


def test_a_text_that_fits_is_left_as_it_is() -> None:
    assert fitted(PAPER, len(material(PAPER))) == PAPER


@pytest.mark.parametrize(
    ("characters", "touched"),
    [(9000, ["bib"]), (7500, ["bib", "A1"]), (5000, ["S2", "bib", "A1"]),
     (1500, ["S1", "S2", "bib", "A1"])],
)  # fmt: skip
def test_references_go_first_then_appendices_then_the_middle_of_the_longest(
    characters: int, touched: list[str]
) -> None:
    cut = fitted(PAPER, characters)
    assert [one.place for one in cut.cut] == touched
    assert characters - 200 < len(material(cut)) <= characters
    assert len(cut.parts) == len(PAPER.parts)


def test_a_cut_is_marked_where_it_is_and_counted() -> None:
    cut = fitted(PAPER, 5000)
    method = cut.parts[2].text
    (told,) = (one for one in cut.cut if one.place == "S2")
    assert f"\n[… {told.characters} characters left out …]\n" in method
    assert method.startswith("word word") and method.endswith("word word")
    beginning, end = method.split(f"\n[… {told.characters} characters left out …]\n")
    assert len(beginning) + told.characters + len(end) == len(PAPER.parts[2].text)
    assert {*beginning.split(), *end.split()} == {"word"}


def test_words_in_chinese_are_cut_too() -> None:
    text = FullText(Origin.PDF, (part("p1", "字" * 5000),))
    assert 900 < len(material(fitted(text, 1000))) <= 1000


def test_what_not_even_the_marks_fit_into_loses_its_last_parts() -> None:
    text = FullText(Origin.PDF, tuple(part(f"p{n}", "few words") for n in range(100)))
    cut = fitted(text, 500)
    assert len(material(cut)) <= 500
    assert len(cut.parts) + len(cut.cut) == 100
    assert cut.cut[0] == Cut(f"p{len(cut.parts)}", "A title", 9)


def test_earlier_cuts_stay_told() -> None:
    before = Cut("p401", "p401–p600", 0)
    cut = fitted(FullText(Origin.PDF, (part("p1", words(500)),), cut=(before,)), 400)
    assert [one.place for one in cut.cut] == ["p401", "p1"]


@settings(max_examples=150)
@given(TEXTS, st.integers(0, 3000))
def test_no_text_is_longer_than_asked_for_and_every_missing_letter_is_counted(
    text: FullText, characters: int
) -> None:
    cut = fitted(text, characters)
    assert len(material(cut)) <= characters
    assert (cut == text) == (len(material(text)) <= characters)
    new = cut.cut[len(text.cut) :]
    kept = sum(len(p.text) for p in text.parts) - sum(one.characters for one in new)
    assert 0 <= kept <= sum(len(p.text) for p in cut.parts)
    assert fitted(text, characters) == cut


@settings(max_examples=80)
@given(TEXTS)
def test_what_is_kept_comes_back(text: FullText) -> None:
    assert from_json(json.loads(json.dumps(as_json(text)))) == text


def test_a_form_of_another_age_is_no_text() -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        from_json({"origin": "html"})


def test_the_fallback_is_the_abstract_and_says_so() -> None:
    text = of_abstract("On Things", "We study things.")
    assert text.origin is Origin.ABSTRACT
    assert material(text) == "[abstract] On Things\nWe study things."
