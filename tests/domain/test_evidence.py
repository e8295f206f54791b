"""What an answer names as evidence, and what becomes of it."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.evidence import MOST, Evidence, Found, checked
from app.domain.fulltext import FullText, Kind, Origin, Part


def part(place: str, title: str, text: str, level: int = 1) -> Part:
    return Part(place, title, level, Kind.BODY, text)


PAPER = FullText(
    Origin.HTML,
    (
        part("abstract", "Abstract", "We study things that nobody had studied."),
        part("S2", "2 Background", "Nothing is known [12], said “everyone”."),
        part(
            "S2.SS1",
            "2.1 Method",
            "The well-known eﬃcient repre-\nsentation gives $x_{i}\\leq 0.91$, a gain of −3.1"
            " points where $\\alpha\\,=\\,\\mathbf{W}x$ and A ≠ B.",
        ),
        part(
            "S3", "III Results", "结果表明该方法有效。Scores of 95.5% are naïvely good, or better."
        ),
        part("A1", "Appendix A Proofs", "The proof is left out."),
    ),
)
PDF = FullText(Origin.PDF, (part("p1", "", "Words of page one."), part("p3", "", "Page three.")))


def one(answer: str, text: FullText = PAPER) -> Evidence:
    (evidence,) = checked(answer, text)
    return evidence


@pytest.mark.parametrize(
    ("answer", "at"),
    [
        ('[S2.SS1: "well-known efficient representation"]', "S2.SS1"),
        ('[S2.SS1: "well known   efﬁcient\nrepresentation"]', "S2.SS1"),
        ("[s2.ss1: “WELL-KNOWN”]", "S2.SS1"),
        ('[S3: "well-known"]', "S2.SS1"),  # it is elsewhere
        ('[S9: "well-known"]', "S2.SS1"),
        ('[S2.SS1, "a gain of -3.1 points"]', "S2.SS1"),
        ('[S2.SS1: "$x_i \\le 0.91$"]', "S2.SS1"),
        ('[S2.SS1: "xᵢ ≤ 0.91"]', "S2.SS1"),
        ('[S2.SS1: "α = Wx"]', "S2.SS1"),
        ('[S2.SS1: "The well-known … a gain"]', "S2.SS1"),
        ('[S2.SS1: "The well-known [...] points where"]', "S2.SS1"),
        ('[S2: "known [12], said "everyone""]', "S2"),
        ("[S3：“该方法有效”]", "S3"),
        ("【S3：「结果表明」】", "S3"),
        ("［S3: 『naively good』］", "S3"),
        ('[Section 2.1: "efficient"]', "S2.SS1"),
        ('[§2.1: "efficient"]', "S2.SS1"),
        ('[Section S2.SS1: "efficient"]', "S2.SS1"),
        ('[**S3**: *"Scores of 95.5%"*]', "S3"),
        ('[Section III - "are naïvely good."]', "S3"),
        ("[S3: 'Scores of']", "S3"),
        ('[Appendix A: "proof is left out"]', "A1"),
        ("[S3: Scores of 95.5%]", "S3"),  # words without quotation marks
        ('[S3.T1: "naïvely"]', "S3"),  # a table in it
        ('[Abstract: "nobody"]', "abstract"),
        ("[摘要：“nobody had”]", "abstract"),
    ],
)
def test_a_quote_is_found_however_it_is_written(answer: str, at: str) -> None:
    evidence = one(answer)
    assert (evidence.found, evidence.at) == (Found.QUOTE, at)


@pytest.mark.parametrize(
    "answer",
    [
        '[S3: "words that are not there"]',
        '[S3: "5.5%"]',  # of 95.5%
        '[S3: "cores of"]',
        '[S2.SS1: "a gain of 3.2 points"]',
        '[S2.SS1: "gain of +3.1"]',
        '[S2.SS1: "A = B"]',
        '[S2.SS1: "a gain … well-known"]',  # the other way round
        '[S3: "!!!"]',
        "[S9]",
        "[p3]",
        "[Section 7.2]",
    ],
)
def test_what_is_not_there_is_not_found(answer: str) -> None:
    assert one(answer).found is Found.NOT_FOUND
    assert one(answer).at == ""


@pytest.mark.parametrize(
    ("answer", "at"),
    [("[S3]", "S3"), ("[§ 2.1]", "S2.SS1"), ("[Sec. 2]", "S2"), ("[S3, Table 2]", "S3"),
     ("[S3: it is what I think]", "S3"), ("【S3】", "S3"), ("[Appendix A]", "A1")],
)  # fmt: skip
def test_a_place_alone_is_known_or_not(answer: str, at: str) -> None:
    evidence = one(answer)
    assert (evidence.found, evidence.place, evidence.quote) == (Found.PLACE, at, "")


@pytest.mark.parametrize("name", ["p3", "P3", "p. 3", "page 3", "pp. 3-4", "第3页", "第 3 页"])
def test_a_page_has_many_names(name: str) -> None:
    assert one(f"[{name}]", PDF).at == "p3"
    assert one(f'[{name}: "page one"]', PDF).at == "p1"


@pytest.mark.parametrize(
    "answer",
    ["[1]", "[12, 13]", "[Smith 2020]", "[S3](https://evil.example)", "![S3](x.png)", "[S3 is]",
     "[S3]: https://evil.example", "$x[S3]$", "$$\n[S3]\n$$", r"\(a[S3]\)", r"\[ [S3] \]",
     "`[S3]`", "```\n[S3]\n```", r"\[S3]", "[S3", '[S3: "open', "[]", "S3", "[^1]", "[ ] [x]",
     "[Section]", "[page]", "[2.1]", "[AI]", "[S]", '["quote"]'],
)  # fmt: skip
def test_other_brackets_are_no_evidence(answer: str) -> None:
    assert checked(answer, PAPER) == ()


def test_several_stand_in_one_bracket_and_each_has_its_own_span() -> None:
    answer = 'So [S3: "Scores of", "are naïvely"; §2.1、A1] it costs $5, [S9], and $6.'
    found = checked(answer, PAPER)
    assert [answer[e.start : e.end] for e in found] == [
        'S3: "Scores of"', '"are naïvely"', "§2.1", "A1", "S9",
    ]  # fmt: skip
    assert [e.place for e in found] == ["S3", "S3", "S2.SS1", "A1", "S9"]


WORDS = ("the", "well-known", "eﬃcient", "state-of-the-art", "method", "fluffy", "0.91", "model’s")
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=4, max_size=40)


@settings(max_examples=120)
@given(SENTENCES, st.data())
def test_a_quote_cut_from_any_text_is_found_when_disturbed(
    sentence: list[str], data: st.DataObject
) -> None:
    text = " ".join(sentence)
    first = data.draw(st.integers(0, len(sentence) - 1))
    last = data.draw(st.integers(first + 1, len(sentence)))
    disturb = st.sampled_from(
        [lambda w: w.replace("ﬃ", "ffi"), lambda w: w.replace("-", "-\n"), str.upper,
         lambda w: w.replace("-", "‑"), lambda w: w.replace("’", "'"), lambda w: f"*{w}*",
         lambda w: w.replace("ff", "ﬀ"), lambda w: w]
    )  # fmt: skip
    quoted = [data.draw(disturb)(word) for word in sentence[first:last]]
    quote = data.draw(st.sampled_from([" ", "  ", "\n", "\xa0"])).join(quoted)
    paper = FullText(Origin.HTML, (part("S1", "", "Nothing."), part("S2", "", text)))
    evidence = one(f"It is so [S1: “{quote}”].", paper)
    assert (evidence.found, evidence.at) == (Found.QUOTE, "S2")


@settings(max_examples=60)
@given(st.text("bcdfghjk ", min_size=8, max_size=60).filter(lambda text: text.strip()))
def test_random_words_are_not_found(noise: str) -> None:
    assert one(f'[S3: "z{noise.strip()}z"]').found is Found.NOT_FOUND


@settings(max_examples=150)
@given(st.text(st.sampled_from('[]【】"“”;:§SAp123. \n$`\\()*x-'), max_size=120))
def test_any_answer_is_read(answer: str) -> None:
    found = checked(answer, PAPER)
    spans = [(e.start, e.end) for e in found]
    assert all(0 <= start < end <= len(answer) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


HOSTILE = [
    "[", '[S1:"', '[S1: "a"; ', '"[S1:";S1:', "$ ", "$a ", "`", "[S1: “", "\\[", "[S1: a",
    "[S1: a]", "[p1 ", "*[S1", "```[S1]", "[S1:" + " " * 50, "[S1, fig " + "x" * 50, "\n\n$a",
    '[S1: "' + "alpha " * 90 + '"] ', '[S1: "a"]', "§" * 40 + "[§", "[section" + " " * 90,
    '[S1: "a … a … a … b"]',
]  # fmt: skip


def test_a_hostile_answer_takes_no_time() -> None:
    text = FullText(Origin.HTML, (part("S1", "", "a" * 200_000), part("S2", "", "a b " * 50_000)))
    checked("[S1]", text)
    for unit in HOSTILE:
        began = time.process_time()
        found = checked(unit * (100_000 // len(unit)), text)
        assert time.process_time() - began < 1.0, unit[:20]  # about 0.1 s each
        assert len(found) <= MOST
