from __future__ import annotations

import json
import lzma
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.authors import from_parts, split_authors
from app.domain.paper import Author
from tests.real import REAL


def names(line: str) -> list[str]:
    return [author.name for author in split_authors(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Mara Voss", ["Mara Voss"]),
        ("Mara Voss, Ilya Brandt", ["Mara Voss", "Ilya Brandt"]),
        ("M. Voss, I. Brandt and K. Oyelaran", ["M. Voss", "I. Brandt", "K. Oyelaran"]),
        ("M. Voss, I. Brandt, and K. Oyelaran", ["M. Voss", "I. Brandt", "K. Oyelaran"]),
        ("M. Voss & I. Brandt \\& K. Oyelaran", ["M. Voss", "I. Brandt", "K. Oyelaran"]),
        ("M. Voss; I. Brandt", ["M. Voss", "I. Brandt"]),
        ("Ferdinand Anders, Roland Sandor", ["Ferdinand Anders", "Roland Sandor"]),
        ("M. Voss,\n  I. Brandt", ["M. Voss", "I. Brandt"]),
        ("and M. Voss, I. Brandt and", ["M. Voss", "I. Brandt"]),
        ("M. Voss,, I. Brandt,", ["M. Voss", "I. Brandt"]),
        ("", []),
        (" , : ; and", []),
    ],
)
def test_names_are_parted_by_commas_and_ands(line: str, expected: list[str]) -> None:
    assert names(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Lou Marsh, Jr. and Ana Diaz", ["Lou Marsh Jr.", "Ana Diaz"]),
        ("Lou Marsh, III, Ana Diaz", ["Lou Marsh III", "Ana Diaz"]),
        ("Lou Marsh, Ph.D., Ana Diaz", ["Lou Marsh Ph.D.", "Ana Diaz"]),
        ("Lou Marsh Jr, Ana Diaz", ["Lou Marsh Jr", "Ana Diaz"]),
        ("Jr, Ana Diaz", ["Jr", "Ana Diaz"]),
    ],
)
def test_a_suffix_belongs_to_the_name_before_it(line: str, expected: list[str]) -> None:
    assert names(line) == expected


def test_a_suffix_keeps_its_affiliation() -> None:
    assert split_authors("Lou Marsh, Jr (MIT)") == (Author("Lou Marsh Jr", ("MIT",)),)


@pytest.mark.parametrize(
    "name",
    [
        r"Erd\H{o}s P{\'a}l",
        r"Zolt\'an {\O}bro",
        r"J.\,Smith",
        r"Fran\c{c}ois M\"uller",
        "{Voss, Mara}",
        "Maria (Mia) Ito",
        "M. ) Voss",
    ],
)
def test_a_name_stays_as_it_is_written(name: str) -> None:
    assert names(f"{name}, Ana Diaz") == [name, "Ana Diaz"]


def test_an_affiliation_may_hold_commas_ands_and_parentheses() -> None:
    line = "Mara Voss (Lab A (UMR 1), City and Land), Ana Diaz, Lou Marsh (CERN) (MIT)"
    assert split_authors(line) == (
        Author("Mara Voss", ("Lab A (UMR 1), City and Land",)),
        Author("Ana Diaz"),
        Author("Lou Marsh", ("CERN", "MIT")),
    )


@pytest.mark.parametrize(
    "line",
    [
        "A. Voss (1), B. Ito (1 and 2) ((1) MIT, Boston (USA), (2) CERN)",
        "A. Voss (1), B. Ito (1,2), ((1) MIT, Boston (USA), (2) CERN)",
        "A. Voss (1) and B. Ito (1, 2)((1): MIT, Boston (USA); (2): CERN.)",
        "A. Voss (a), B. Ito (a,b) ((a) MIT, Boston (USA) (b) CERN)",
        "A. Voss (1), B. Ito (1 & 2); (1 - MIT, Boston (USA); 2 - CERN)",
        "A. Voss (1), B. Ito (1,2), (1) MIT, Boston (USA), (2) CERN",
    ],
)
def test_keys_stand_for_the_institutes_listed_at_the_end(line: str) -> None:
    boston = "MIT, Boston (USA)"
    assert split_authors(line) == (Author("A. Voss", (boston,)), Author("B. Ito", (boston, "CERN")))


def test_keys_that_nothing_explains_are_left_out() -> None:
    assert split_authors("A. Voss (1,2), B. Ito (3)") == (Author("A. Voss"), Author("B. Ito"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("XYZ Collaboration: A. Voss, B. Ito", ["XYZ Collaboration", "A. Voss", "B. Ito"]),
        ("XYZ Collaboration, :, A. Voss", ["XYZ Collaboration", "A. Voss"]),
        ("The XYZ and UVW Collaborations: A. Voss", ["The XYZ and UVW Collaborations", "A. Voss"]),
        ("A. Voss, for the XYZ Collaboration", ["A. Voss", "for the XYZ Collaboration"]),
        ("A. Voss and the XYZ Collaboration", ["A. Voss", "the XYZ Collaboration"]),
        ("A. Voss, et al", ["A. Voss", "et al"]),
    ],
)
def test_collaborations_are_authors(line: str, expected: list[str]) -> None:
    assert names(line) == expected


def test_whom_a_speaker_stands_for_is_kept() -> None:
    line = "A. Voss (for the XYZ Collaboration)"
    assert split_authors(line) == (Author("A. Voss", ("for the XYZ Collaboration",)),)


def test_an_unclosed_bracket_swallows_no_authors() -> None:
    assert names("A. Voss (MIT, B. Ito, {C. Diaz, D. Lee") == [
        "A. Voss (MIT",
        "B. Ito",
        "{C. Diaz",
        "D. Lee",
    ]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("Voss", "Mara"), "Mara Voss"),
        (("Marsh", "Lou", "Jr."), "Lou Marsh Jr."),
        (("XYZ Collaboration",), "XYZ Collaboration"),
        ((" de la\n Cruz ", "Ana  M."), "Ana M. de la Cruz"),
    ],
)
def test_a_name_of_parts_reads_forenames_first(parts: tuple[str, ...], expected: str) -> None:
    assert from_parts(*parts) == expected


@given(st.text(st.sampled_from("AB (){},;:&\\'\"1 2and.\n\x00"), max_size=200) | st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_gives_names_with_letters_and_no_stray_blanks(line: str) -> None:
    for author in split_authors(line):
        assert any(char.isalpha() for char in author.name)
        assert author.name == " ".join(author.name.split())
        assert all(author.affiliations)


@given(
    st.lists(
        st.text(st.sampled_from("abcdefé.-'\\{}"), min_size=3, max_size=12).filter(
            lambda name: name[0].isalpha() and name != "and"
        ),
        max_size=20,
    )
)
@settings(max_examples=200, deadline=None)
def test_names_joined_by_commas_are_found_again(given_names: list[str]) -> None:
    whole = [name for name in given_names if name.count("{") == name.count("}") == 0]
    whole = [name for name in whole if not name.endswith("\\")]
    assert names(", ".join(whole)) == whole


@pytest.mark.parametrize(
    "line",
    [
        ", ".join(f"A. Voss{i} (Institute {i})" for i in range(3000)),
        "(" * 50_000,
        "{" * 50_000,
        "(" * 25_000 + ")" * 25_000,
        "\\" * 50_000,
        "a (1) " * 10_000,
        "a ((1) x," * 5_000,
        "a and " * 10_000,
    ],
    ids=lambda line: line[:8],
)
def test_long_lines_take_linear_time(line: str) -> None:
    began = time.perf_counter()
    split_authors(line)
    assert time.perf_counter() - began < 1.5


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_real_names_joined_by_commas_are_found_again() -> None:
    assert REAL is not None
    wrong = 0
    with lzma.open(REAL / "three-weeks" / "corpus.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            listed = json.loads(line)["authors"]
            wrong += names(", ".join(listed)) != [" ".join(name.split()) for name in listed]
    assert wrong <= 3  # where the source has split badly itself: names ":" and "and Some One"
