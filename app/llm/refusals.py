"""What a provider's error means, by its status and the words that providers are known to use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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

LONGEST_HOLD = 3600.0  # seconds; what a provider may ask for
_LONGEST_REASON = 300  # characters

# Where errors keep their words. What else they bring, such as FastAPI's `input`, may be the paper
# itself, and a paper may well speak of quotas and context lengths.
_TELLING = (
    *("message", "msg", "code", "type", "param", "status", "reason", "error_description"),
    *("error", "errors", "detail", "loc", "metadata", "raw"),
)

_REFUSED = re.compile(
    r"content[_ ](?:filter|policy|management)|responsibleaipolicy|data_?inspection|"
    r"content exists risk|considered high risk|input was flagged|requires moderation|"
    r"inappropriate content|invalid_prompt|敏感内容|不安全",
)
_NO_BALANCE = re.compile(
    r"insufficient[_ ](?:quota|balance|credits?|funds)|exceeded_current_quota|billing_hard_limit|"
    r"billing_not_active|balance is (?:too low|insufficient|not enough)|not enough balance|"
    r"arrearage|overdue-payment|used all available credits|spending limit|余额不足|欠费",
)
# OpenAI's words for an empty account; Google's for too many requests a minute, with when to return
_QUOTA = re.compile(r"exceeded your current quota")
_COMES_BACK = re.compile(r"resource_exhausted|retry in")
_OVERFLOW = re.compile(
    r"context[_ ](?:length|window|size)|exceed_context_size|exceeded model token limit|"
    r"maximum model length|prompt is too long|input token (?:count|length)|too large for model|"
    r"range of input length|request too large|max_seq_len|prompt 超长|n_keep",
)
_LIMITS = (
    re.compile(r"n_ctx\D{0,3}(\d{3,8})\b"),
    re.compile(
        r"(?:context (?:length|window|size)|token limit|maximum model length|>)"
        r"[^\d,.;]{0,20}(\d{3,8})\b"
    ),
)
_RATE = re.compile(r"rate[_ ]limit|too many requests|overloaded|concurrency|server is busy")
_WRONG_KEY = re.compile(r"(?:invalid|incorrect)[_ ]api[_ ]key|api key not valid")
_NO_MODEL = re.compile(
    r"model_not_found|model[^.]{0,120}(?:does not exist|not found|is not available|not supported)|"
    r"no models? loaded|not a valid model",
)
_KEYLIKE = re.compile(r"\b(?:sk|ak|gsk|xai|pk|rk|AIza)[-_]?[\w-]{12,}|\S*\*{3,}\S*")


def error_of(
    status: int | None,
    body: object,
    headers: Mapping[str, str],
    *,
    key: str,
    now: datetime | None = None,
) -> FreshprintError:
    """The error that an answer stands for; `status` None: told in the middle of an answer.

    `now` is the time that a Retry-After date counts from, by default the answer's own date.
    """
    words = " ".join(_telling(body))
    said = words.lower()
    told = _told(status, words, key)
    if status in (400, 403, 422, 451, None) and (status == 451 or _REFUSED.search(said)):
        return Refused(told)
    if status == 402 or (status in (400, 403, 429, None) and _is_broke(said)):
        return NoBalance(told)
    if status == 413 or (status in (400, 422, 500, None) and _OVERFLOW.search(said)):
        return ContextOverflow(told, limit=_limit(said))
    if status is None:
        return LlmBusy(told) if _RATE.search(said) else Dropped(told)
    return _by_status(status, said, told, retry_after(headers, now))


def _by_status(status: int, said: str, told: str, wait: float | None) -> FreshprintError:
    if status == 429 or (status in (503, 529) and wait is not None):
        return LlmBusy(told, retry_after=wait)
    if status in (401, 403) or (status == 400 and _WRONG_KEY.search(said)):
        return WrongKey(told)
    if status in (404, 405, 410) or (status == 400 and _NO_MODEL.search(said)):
        return NoSuchModel(told)
    if status in (408, 409, 425) or status >= 500:
        return LlmUnavailable(told)
    if status < 400 or status == 407:
        return LlmStopped(f"{told}: the address leads elsewhere")
    return Unanswered(told)


def _is_broke(said: str) -> bool:
    return bool(_NO_BALANCE.search(said) or (_QUOTA.search(said) and not _COMES_BACK.search(said)))


def _limit(said: str) -> int | None:
    found = next(filter(None, (pattern.search(said) for pattern in _LIMITS)), None)
    return int(found[1]) if found else None


def _told(status: int | None, words: str, key: str) -> str:
    head = f"HTTP {status}" if status else "in the middle of the answer"
    reason = redacted(" ".join(words.split()), key)[:_LONGEST_REASON]
    return f"{head}: {reason}" if reason else head


def redacted(text: str, key: str) -> str:
    """Text without the key, or anything that looks like one, whole or in part."""
    if len(key) >= 4:
        text = text.replace(key, "[key]")
    if len(key) >= 16:  # the beginning of one, as a provider that shortens keys may show it
        text = re.sub(re.escape(key[:8]) + r"\S*", "[key]", text)
    return _KEYLIKE.sub("[key]", text)


def _telling(body: object, depth: int = 6) -> Iterator[str]:
    if isinstance(body, str):
        yield body[:2_000]
    elif isinstance(body, int | float) and not isinstance(body, bool):
        yield str(body)
    elif isinstance(body, list | tuple) and depth:
        for item in body[:10]:
            yield from _telling(item, depth - 1)
    elif isinstance(body, Mapping) and depth:
        for name in _TELLING:
            yield from _telling(body.get(name), depth - 1)
        if "n_ctx" in body:  # llama.cpp
            yield f"n_ctx {body['n_ctx']}"


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that an answer asks us to wait, at most LONGEST_HOLD; None where it doesn't say."""
    exact = _number(headers.get("retry-after-ms", ""))
    if exact is not None:
        return min(exact / 1000, LONGEST_HOLD)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None:
        return min(seconds, LONGEST_HOLD)
    until = _moment(value)
    if until is None:
        return None
    # the server's own clock where it tells it: ours may be off
    since = now or _moment(headers.get("date", "")) or datetime.now(UTC)
    return min(max((until - since).total_seconds(), 0.0), LONGEST_HOLD)


def _number(value: str) -> float | None:
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", value, re.ASCII)
    return float(found[1]) if found else None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
