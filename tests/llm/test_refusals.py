from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import (
    ContextOverflow,
    Dropped,
    FreshprintError,
    LlmBusy,
    LlmStopped,
    LlmUnavailable,
    NoBalance,
    NoSuchModel,
    Refused,
    Unanswered,
    WrongKey,
)
from app.llm.refusals import LONGEST_HOLD, error_of, redacted, retry_after

KEY = "sk-proj-Zy9xW8vU7tS6rQ5pO4nM3lK2"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def message(words: str, **more: object) -> dict[str, object]:
    return {"message": words, **more}


# Words as providers were seen to use them (`body` is what is under `error`).
@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (400, message("Context size has been exceeded.", type="server_error"), ContextOverflow),
        (500, message("Context size has been exceeded.", type="server_error"), ContextOverflow),
        (400, message("Requested tokens (2050) exceed context window of 2048"), ContextOverflow),
        (400, message(
            "Prompt is 11543 tokens but the model context window is 4096"),
         ContextOverflow),
        (400, message(
            "The decoder prompt (length 9000) is longer than the maximum model length of 4096"),
         ContextOverflow),
        (400, message(
            "The input token count (2000000) exceeds the maximum number of tokens allowed"),
         ContextOverflow),
        (400, message(
            "Range of input length should be [1, 30720]", code="invalid_parameter_error"),
         ContextOverflow),
        (413, "<html>Request Entity Too Large</html>", ContextOverflow),
        (None, message("Reached context length of 4096 tokens with this model"), ContextOverflow),
        (429, message("Request too fast", type="rate_limit_reached_error"), LlmBusy),
        (429, [{"error": message(
            "You exceeded your current quota. Please retry in 29s.",
            status="RESOURCE_EXHAUSTED")}], LlmBusy),
        (429, message("You exceeded your current quota, please check your plan"), NoBalance),
        (429, message(
            "Error from provider",
            metadata={"raw": '{"error": "suspended due to insufficient balance"}'}), NoBalance),
        (400, message("Your credit balance is too low to access the API"), NoBalance),
        (400, message("Access denied", code="Arrearage"), NoBalance),
        (403, message("Sorry, your account balance is insufficient", code=30001), NoBalance),
        (403, message("Your chosen model requires moderation and your input was flagged"), Refused),
        (400, message(
            "Input data may contain inappropriate content",
            code="data_inspection_failed"), Refused),
        (400, message("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301"), Refused),
        (451, None, Refused),
        (400, message("API key not valid. Please pass a valid API key."), WrongKey),
        (401, None, WrongKey),
        (403, "<html>Forbidden", WrongKey),
        (404, {"detail": "Not Found"}, NoSuchModel),
        (405, None, NoSuchModel),
        (400, message("The model 'x' does not exist"), NoSuchModel),
        (301, "", LlmStopped),
        (407, "", LlmStopped),
        (408, None, LlmUnavailable),
        (503, message("Loading model", type="unavailable_error"), LlmUnavailable),
        (520, "<html>", LlmUnavailable),
        (400, message("temperature must be 1"), Unanswered),
        (422, {"detail": [{
            "loc": ["body", "messages"], "msg": "bad",
            "input": "context length, insufficient_quota"}]}, Unanswered),
        (None, message("upstream overloaded"), LlmBusy),
        (None, "An error", Dropped),
        (None, None, Dropped),
    ],
)  # fmt: skip
def test_a_refusal_means_what_its_provider_means(
    status: int | None, body: object, means: type[FreshprintError]
) -> None:
    assert type(error_of(status, body, {}, key=KEY)) is means


def test_a_503_that_says_when_to_return_is_busy() -> None:
    error = error_of(503, None, {"retry-after": "3"}, key=KEY)
    assert isinstance(error, LlmBusy)
    assert error.retry_after == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "99999999"}, LONGEST_HOLD),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Tue, 24 Nov 2026 12:01:00 GMT"}, 60),
        ({"retry-after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "Tue, 24 Nov 99999 12:01:00 GMT"}, None),
    ],
)
def test_when_to_return_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers, NOW) == seconds


def test_a_date_counts_from_the_servers_own() -> None:
    dates = {
        "retry-after": "Fri, 01 Jan 2021 00:00:30 GMT",
        "date": "Fri, 01 Jan 2021 00:00:00 GMT",
    }
    assert retry_after(dates) == 30


@pytest.mark.parametrize(
    "text",
    [
        f"no such key: {KEY}",
        f"{KEY}{KEY}",
        f"Bearer {KEY[:14]}... is wrong",
        "Your api key: ****lK2 is invalid",
        "sk-proj-********************lK2",
        "account <ak-f817m9q3k3wi11gjwbgi> is suspended",
    ],
)
def test_keys_are_taken_out_of_what_is_told(text: str) -> None:
    told = redacted(text, KEY)
    assert "[key]" in told
    assert not any(part in told for part in (KEY[:12], "lK2", "ak-f8"))


def test_what_is_no_key_stays() -> None:
    words = "This model's maximum context length is 4096 tokens; see https://a.b/task-list **now**"
    assert redacted(words, "") == words
    assert redacted(words, "abc") == words


texts = st.text(max_size=20) | st.sampled_from([KEY, "error", "message", f"x{KEY}y"])
bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.none() | st.integers(300, 599), bodies, st.dictionaries(texts, texts, max_size=2))
@settings(max_examples=150)
def test_any_answer_means_something_and_never_tells_the_key(
    status: int | None, body: Any, headers: dict[str, str]
) -> None:
    error = error_of(status, body, headers, key=KEY)
    assert isinstance(error, FreshprintError)
    assert KEY not in str(error)
    assert len(str(error)) < 500
