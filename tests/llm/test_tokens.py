from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.tokens import tokens


# (text, what the greediest of cl100k, o200k, DeepSeek's and Claude's tokenizers makes of it)
@pytest.mark.parametrize(
    ("text", "counted"),
    [
        (r"$\mathbb{E}_{x\sim p(x)}[\|f_\theta(x)-y\|_2^2]$", 28),
        ("这篇论文试图解决的核心问题是大语言模型在长上下文场景下的推理效率。", 34),
        ("93.27 ± 0.412 | 18.03 ± 0.976", 18),
        ("We study how well language models follow long instructions.", 10),
    ],
)
def test_an_estimate_is_above_the_count_and_not_far(text: str, counted: int) -> None:
    assert counted <= tokens(text) <= counted * 2


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_is_no_fewer_tokens(one: str, other: str) -> None:
    assert max(tokens(one), tokens(other)) <= tokens(one + other) <= tokens(one) + tokens(other)


def test_nothing_is_none() -> None:
    assert tokens("") == 0
