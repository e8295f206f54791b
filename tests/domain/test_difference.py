"""What changed from one text to the next."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.difference import MOST, Change, Run, difference

SIGNS = {Change.SAME: "", Change.REMOVED: "-", Change.ADDED: "+"}


def told(old: str, new: str) -> list[str]:
    """Runs in short: what goes with `-` before it, what comes with `+`."""
    return [SIGNS[run.change] + run.text for run in difference(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("a b c", "a b c", ["a b c"]),
        ("a  b\n\nc", " a b c ", ["a b c"]),
        ("", "a b", ["+a b"]),
        ("a b", "", ["-a b"]),
        ("a b c", "a x c", ["a", "-b", "+x", "c"]),
        ("a b c d", "a d", ["a", "-b c", "d"]),
        ("we show that", "we prove now that", ["we", "-show", "+prove now", "that"]),
        ("one two", "three four", ["-one two", "+three four"]),
    ],
)
def test_words_stay_go_and_come(old: str, new: str, expected: list[str]) -> None:
    assert told(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("let $a + b$ be", "let $a + c$ be", ["let", "-$a + b$", "+$a + c$", "be"]),
        ("let $a + b$, so", "let $a + b$ so", ["let", "-$a + b$,", "+$a + b$", "so"]),
        (r"\(a + b\) is", r"\(a - b\) is", [r"-\(a + b\)", r"+\(a - b\)", "is"]),
        ("$$a = b$$ is", "$$a = c$$ is", ["-$$a = b$$", "+$$a = c$$", "is"]),
        (r"for \$5 and \$6", r"for \$5 and \$7", [r"for \$5 and", r"-\$6", r"+\$7"]),
        ("a $5 b", "a $5 c", ["a $5", "-b", "+c"]),
    ],
)  # fmt: skip
def test_a_formula_is_one_word(old: str, new: str, expected: list[str]) -> None:
    assert told(old, new) == expected


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "$x + y$", r"\(", "$", "\\"]), max_size=12).map(
    " ".join
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_it(old: str, new: str) -> None:
    runs = difference(old, new)
    before = " ".join(run.text for run in runs if run.change is not Change.ADDED)
    after = " ".join(run.text for run in runs if run.change is not Change.REMOVED)
    assert (before.split(), after.split()) == (old.split(), new.split())
    changes = [run.change for run in runs]
    assert all(a is not b for a, b in pairwise(changes))
    assert all(run.text for run in runs)


def test_it_is_the_shortest() -> None:
    chance = random.Random(3)
    for _ in range(200):
        old, new = (
            " ".join(chance.choice("abc") for _ in range(chance.randint(0, 7))) for _ in "12"
        )
        changed = sum(
            len(r.text.split()) for r in difference(old, new) if r.change is not Change.SAME
        )
        assert changed == _distance(old.split(), new.split())


def _distance(old: list[str], new: list[str]) -> int:
    row = list(range(len(new) + 1))
    for i, a in enumerate(old, start=1):
        last, row[0] = row[0], i
        for j, b in enumerate(new, start=1):
            last, row[j] = row[j], last if a == b else 1 + min(row[j], row[j - 1])
    return row[-1]


def test_what_has_little_left_is_replaced_whole_between_what_both_begin_and_end_with() -> None:
    old = " ".join(["begin", *(f"o{n}" for n in range(MOST)), "end"])
    new = " ".join(["begin", *(f"n{n}" for n in range(MOST)), "end"])
    runs = difference(old, new)
    assert [run.change for run in runs] == [
        Change.SAME,
        Change.REMOVED,
        Change.ADDED,
        Change.SAME,
    ]
    assert (runs[0], runs[-1]) == (Run(Change.SAME, "begin"), Run(Change.SAME, "end"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 50_000, "b " * 50_000),
        ("a b " * 25_000, "b a " * 25_000),
        ("$" * 100_000, "$ " * 50_000),
        ("\\(" * 50_000, "\\( " * 33_000),
        ("\\" * 100_000, "x"),
        ("$a " * 33_000, "x"),
        ("x" * 100_000, "y" * 100_000),
    ],
    ids=range(7),
)
def test_a_text_of_100_kb_is_answered_soon(old: str, new: str) -> None:
    began = time.process_time()
    assert difference(old, new)
    assert time.process_time() - began < 2
