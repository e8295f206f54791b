from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Dropped, EmptyAnswer, FreshprintError, Refused, Truncated
from app.llm.heard import Heard, Thoughts, Usage


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def heard(*chunks: dict[str, Any], most: int = 1_000) -> Heard:
    listening = Heard(most)
    for each in chunks:
        listening.take(each)
    return listening


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<think>so</think>Yes", "Yes"),
        ("\n<think>\nso\n</think>\n\nYes", "Yes"),
        ("<thinking>a</think>b</thinking>Yes", "Yes"),
        ("<think>a</think>\n<think>b</think> Yes", "Yes"),
        ("<think>never closed", ""),
        ("The tag <think>x</think> is theirs", "The tag <think>x</think> is theirs"),
        ("<thin ice", "<thin ice"),
        ("<", "<"),
        ("", ""),
        ("<think></think>", ""),
        ("<b>Yes", "<b>Yes"),
    ],
)
def test_thoughts_are_no_answer_however_they_are_split(said: str, shown: str) -> None:
    for size in (1, 2, 3, 7, 100):
        thoughts = Thoughts()
        pieces = [thoughts.shown(said[n : n + size]) for n in range(0, len(said), size)]
        assert "".join(pieces) + thoughts.rest() == shown


@given(st.text(max_size=60), st.integers(1, 9))
def test_what_has_no_thoughts_is_shown_as_it_is(text: str, size: int) -> None:
    thoughts = Thoughts()
    pieces = [thoughts.shown(text[n : n + size]) for n in range(0, len(text), size)]
    assert "".join(pieces) + thoughts.rest() == text.lstrip() or "<think" in text.lower()


@pytest.mark.parametrize(
    ("finish", "means"),
    [
        ("stop", type(None)),
        ("STOP", type(None)),
        ("eos", type(None)),
        ("length", Truncated),
        ("MAX_TOKENS", Truncated),
        ("content_filter", Refused),
        ("SAFETY", Refused),
        ("sensitive", Refused),
        ("tool_calls", Dropped),
        ("insufficient_system_resource", Dropped),
        ("error", Dropped),
        ("sk-proj-Zy9xW8vU7tS6", Dropped),
        (None, Dropped),
    ],
)
def test_an_answer_is_what_its_end_says(
    finish: str | None, means: type[FreshprintError] | None
) -> None:
    assert type(heard(chunk("Yes"), chunk(finish=finish)).fault()) is means


def test_an_empty_or_declined_answer_is_none() -> None:
    assert isinstance(heard(chunk(" \n"), chunk(finish="stop")).fault(), EmptyAnswer)
    declined = {"choices": [{"delta": {"refusal": "I can't"}, "finish_reason": "stop"}]}
    assert isinstance(heard(declined).fault(), Refused)


def test_typed_parts_are_joined_and_thoughts_among_them_left_out() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Yes"}, 5]
    assert heard({"choices": [{"delta": {"content": parts}}]}).text == "Yes"


def test_what_no_database_keeps_is_left_out() -> None:
    assert heard(chunk("a\x00b\ud83dc\n")).text == "abc\n"


def test_words_after_the_end_are_not_heard() -> None:
    assert heard(chunk("Yes", "stop"), chunk(" and no")).text == "Yes"


def test_no_more_is_kept_than_may_be() -> None:
    listening = heard(chunk("abcdef"), chunk("ghi"), most=4)
    assert (listening.text, listening.is_full) == ("abcd", True)
    thinking = {"choices": [{"delta": {"reasoning_content": "x" * 50}}]}
    assert heard(thinking, most=4).is_full


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        ({}, (9, 0, 2)),
        ({"prompt_tokens_details": {"cached_tokens": 5}}, (9, 5, 2)),
        ({"prompt_cache_hit_tokens": 4}, (9, 4, 2)),
        ({"cached_tokens": 99}, (9, 9, 2)),
        ({"completion_tokens": None, "prompt_tokens_details": 5}, (9, 0, 0)),
    ],
)
def test_tokens_are_counted_in_each_providers_words(
    counted: dict[str, Any], usage: tuple[int, int, int]
) -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 2, **counted}
    told = heard(chunk("Yes", "stop", model="m-1"), {"choices": [], "usage": counted})
    assert told.usage(["x"], "m") == Usage(*usage, "m-1", "stop")


@pytest.mark.parametrize("counted", [None, 5, {}, {"prompt_tokens": -3}, {"prompt_tokens": "9"}])
def test_what_is_no_count_is_estimated(counted: object) -> None:
    usage = heard(chunk("Yes", "stop"), {"usage": counted}).usage(["four words of text"], "m")
    assert usage.estimated
    assert usage.model == "m"
    assert usage.tokens_in >= 4


shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "usage", "finish_reason", "model", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "model"]), shapes))
def test_a_chunk_of_any_shape_can_be_taken(told: dict[str, Any]) -> None:
    listening = heard(told)
    assert listening.usage([], "m").tokens_in >= 0
    listening.fault()
