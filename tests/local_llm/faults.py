"""How language models fail, by name; `Weather` says which faults strike which requests.

Refusals come in place of an answer; the words are what the named providers were seen to say.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple, Self


class Fault(StrEnum):
    """A kind of fault."""

    # instead of an answer
    BUSY = "busy"  # 429 with Retry-After in seconds
    BUSY_UNTIL = "busy-until"  # 429 with Retry-After as a date
    BUSY_MS = "busy-ms"  # 429 with retry-after-ms
    BUSY_SILENT = "busy-silent"  # 429 that doesn't say for how long
    OVERLOADED = "overloaded"  # 503
    SERVER_ERROR = "server-error"  # 500
    BAD_GATEWAY = "bad-gateway"  # 502, HTML
    SILENT = "silent"  # takes the request and says nothing
    RESET = "reset"  # breaks the connection off instead of answering
    WEB_PAGE = "web-page"  # 200, HTML
    OVERFLOW_OPENAI = "overflow-openai"
    OVERFLOW_MOONSHOT = "overflow-moonshot"
    OVERFLOW_VLLM = "overflow-vllm"
    OVERFLOW_LLAMACPP = "overflow-llamacpp"
    OVERFLOW_DEEPSEEK = "overflow-deepseek"
    OVERFLOW_LMSTUDIO = "overflow-lmstudio"
    OVERFLOW_ANTHROPIC = "overflow-anthropic"
    TOO_LARGE = "too-large"  # 413
    WRONG_KEY = "wrong-key"  # 401, telling the key
    FORBIDDEN = "forbidden"  # 403
    NO_BALANCE = "no-balance"  # 402
    NO_QUOTA = "no-quota"  # OpenAI's 429 insufficient_quota
    SUSPENDED = "suspended"  # Moonshot's 403 exceeded_current_quota_error
    RECHARGE = "recharge"  # Zhipu's 429
    NO_MODEL = "no-model"  # 404
    REDIRECT = "redirect"
    BAD_REQUEST = "bad-request"  # 400, telling the key
    UNFIT_OPENAI = "unfit-openai"  # 400 with a code of a content filter
    UNFIT_MOONSHOT = "unfit-moonshot"
    UNFIT_DEEPSEEK = "unfit-deepseek"
    # in an answer
    DROPPED = "dropped"  # the connection breaks
    TRUNCATED = "truncated"  # ends as if well, without a finish_reason
    CORRUPT = "corrupt"  # a chunk that is no JSON
    ODD_CHUNK = "odd-chunk"  # a chunk of another shape
    DEEP_CHUNK = "deep-chunk"  # brackets without end
    STALLED = "stalled"
    ERROR_WITHIN = "error-within"  # an error event telling the key
    OVERFLOW_WITHIN = "overflow-within"  # LM Studio's way
    LENGTH = "length"  # finish_reason length
    FILTERED = "filtered"  # finish_reason content_filter
    ODD_FINISH = "odd-finish"  # DeepSeek's insufficient_system_resource
    EMPTY = "empty"  # no word at all
    ENDLESS = "endless"  # words that don't end
    # that do no harm
    NO_USAGE = "no-usage"
    MOONSHOT_USAGE = "moonshot-usage"  # usage within the choice
    NO_STREAM_OPTIONS = "no-stream-options"  # 400 to whoever sends them
    NEW_MAXIMUM = "new-maximum"  # 400 to max_tokens: wants max_completion_tokens
    REASONING = "reasoning"  # thoughts in reasoning_content
    THINK = "think"  # thoughts in <think>…</think>
    COMMENTS = "comments"  # comments between chunks
    DROPPED_AFTER = "dropped-after"  # the connection breaks after the last word


OVERFLOWS = frozenset(f for f in Fault if f.startswith("overflow")) | {Fault.TOO_LARGE}
UNFIT = frozenset(f for f in Fault if f.startswith("unfit")) | {Fault.FILTERED}
STOPS = frozenset({
    Fault.WRONG_KEY, Fault.FORBIDDEN, Fault.NO_BALANCE, Fault.NO_QUOTA, Fault.SUSPENDED,
    Fault.RECHARGE, Fault.NO_MODEL, Fault.REDIRECT,
})  # fmt: skip
HARMLESS = frozenset({
    Fault.NO_USAGE, Fault.MOONSHOT_USAGE, Fault.NO_STREAM_OPTIONS, Fault.NEW_MAXIMUM,
    Fault.REASONING, Fault.THINK, Fault.COMMENTS, Fault.DROPPED_AFTER,
})  # fmt: skip
ENDLESS = frozenset({Fault.LENGTH, Fault.ENDLESS})
TRANSIENT = frozenset(Fault) - OVERFLOWS - UNFIT - STOPS - HARMLESS - ENDLESS - {Fault.BAD_REQUEST}


@dataclass(frozen=True)
class Refusal:
    """An answer that is none. In its words `{key}` becomes the key that was sent."""

    status: int
    body: str | Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def _error(
    message: str, kind: str = "invalid_request_error", code: object = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


_RATE = _error("Rate limit reached for requests", "rate_limit_error", "rate_limit_exceeded")

REFUSALS: dict[Fault, Refusal] = {
    Fault.BUSY: Refusal(429, _RATE, {"Retry-After": "{seconds}"}),
    Fault.BUSY_UNTIL: Refusal(429, _RATE, {"Retry-After": "{date}"}),
    Fault.BUSY_MS: Refusal(429, _RATE, {"retry-after-ms": "{ms}"}),
    Fault.BUSY_SILENT: Refusal(429, _error("Engine overloaded", "engine_overloaded_error")),
    Fault.OVERLOADED: Refusal(503, _error("The server is overloaded", "server_error")),
    Fault.SERVER_ERROR: Refusal(500, _error("The server had an error", "server_error")),
    Fault.BAD_GATEWAY: Refusal(502, "<html><h1>502 Bad Gateway</h1></html>"),
    Fault.WEB_PAGE: Refusal(200, "<!doctype html><p>Sign in to the network to go on"),
    Fault.OVERFLOW_OPENAI: Refusal(400, _error(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in "
        "21000 tokens. Please reduce the length of the messages.",
        code="context_length_exceeded")),
    Fault.OVERFLOW_MOONSHOT: Refusal(400, _error(
        "Invalid request: Your request exceeded model token limit: 8192 (requested: 21000)")),
    Fault.OVERFLOW_VLLM: Refusal(400, {
        "object": "error", "type": "BadRequestError", "param": None, "code": 400,
        "message": "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's "
        "maximum context length is 8192 tokens and your request has 21000 input tokens."}),
    Fault.OVERFLOW_LLAMACPP: Refusal(400, {"error": {
        "code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 21000, "n_ctx": 8192,
        "message": "the request exceeds the available context size, try increasing it"}}),
    Fault.OVERFLOW_DEEPSEEK: Refusal(400, _error(
        "This model's maximum context length is 8192 tokens. However, you requested 23000 tokens "
        "(21000 in the messages, 2000 in the completion).", code="invalid_request_error")),
    Fault.OVERFLOW_LMSTUDIO: Refusal(400, {"error":
        "The number of tokens to keep from the initial prompt is greater than the context length "
        "(n_keep: 21000>= n_ctx: 8192)."}),
    Fault.OVERFLOW_ANTHROPIC: Refusal(400, _error(
        "prompt is too long: 21000 tokens > 8192 maximum")),
    Fault.TOO_LARGE: Refusal(413, _error(
        "Request too large for model: Limit 8192, Requested 21000")),
    Fault.WRONG_KEY: Refusal(401, _error(
        "Incorrect API key provided: {key}.", code="invalid_api_key")),
    Fault.FORBIDDEN: Refusal(403, _error("Country, region, or territory not supported for {key}")),
    Fault.NO_BALANCE: Refusal(402, _error("Insufficient Balance", "unknown_error")),
    Fault.NO_QUOTA: Refusal(429, _error(
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota", "insufficient_quota"), {"Retry-After": "{seconds}"}),
    Fault.SUSPENDED: Refusal(403, _error(
        "Your account {key} is not active, organization exceeded current quota, please check your "
        "plan and billing details", "exceeded_current_quota_error")),
    Fault.RECHARGE: Refusal(429, {"error": {
        "code": "1113", "message": "余额不足或无可用资源包,请充值。"}}),
    Fault.NO_MODEL: Refusal(404, _error("The model `x` does not exist", code="model_not_found")),
    Fault.REDIRECT: Refusal(308, "", {"Location": "http://127.0.0.1:9/v1/chat/completions"}),
    Fault.BAD_REQUEST: Refusal(400, _error("messages: can't be read (Bearer {key})")),
    Fault.UNFIT_OPENAI: Refusal(400, _error(
        "The response was filtered due to the prompt triggering content management policy.",
        code="content_filter")),
    Fault.UNFIT_MOONSHOT: Refusal(400, _error(
        "The request was rejected because it was considered high risk", "content_filter")),
    Fault.UNFIT_DEEPSEEK: Refusal(400, _error("Content Exists Risk", code="invalid_request_error")),
    Fault.NO_STREAM_OPTIONS: Refusal(422, {"detail": [{
        "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted",
        "type": "extra_forbidden"}]}),
    Fault.NEW_MAXIMUM: Refusal(400, _error(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.", code="unsupported_parameter")),
}  # fmt: skip


class Strike(NamedTuple):
    """A request that was struck; `at` is in monotonic seconds, as in the ledger."""

    at: float
    fault: Fault


@dataclass
class Trouble:
    """One kind of fault: it strikes `times` requests, each it can with the probability `share`."""

    fault: Fault
    share: float = 1.0
    times: int = 1

    def meets(self, asked: Mapping[str, Any]) -> bool:
        """Whether it can strike this request."""
        if self.fault is Fault.NO_STREAM_OPTIONS:
            return "stream_options" in asked
        if self.fault is Fault.NEW_MAXIMUM:
            return "max_tokens" in asked
        return self.times > 0


class Weather:
    """What goes wrong now: `llm.weather = Weather.of([Fault.RESET], times=3)`, `POST /_weather`.

    `seconds` is how long silent and stalled answers take, `retry_after` what a 429 asks for,
    `after` after how many words an answer is struck. `struck` tells what happened. The same seed
    and the same requests in the same order bring the same faults.
    """

    def __init__(
        self,
        troubles: Iterable[Trouble] = (),
        seed: int = 1,
        *,
        seconds: float = 1.0,
        retry_after: float = 0.0,
        after: int = 5,
    ) -> None:
        self.troubles = list(troubles)
        self.seconds, self.retry_after, self.after = seconds, retry_after, after
        self.struck: list[Strike] = []
        self._random = Random(seed)

    @classmethod
    def of(
        cls,
        faults: Iterable[str],
        seed: int = 1,
        *,
        share: float = 1.0,
        times: int = 1,
        **how: Any,
    ) -> Self:
        """These kinds, all alike; `how` is what the constructor takes beside."""
        return cls((Trouble(Fault(name), share, times) for name in faults), seed, **how)

    @classmethod
    def mixed(cls, seed: int, faults: Sequence[Fault], most: int = 4, **how: Any) -> Self:
        """Two to `most` of these kinds, drawn by the seed, each striking here and there."""
        random = Random(seed)
        drawn = random.sample(faults, random.randint(2, min(most, len(faults))))
        troubles = [Trouble(f, random.choice((0.3, 0.6, 1.0)), random.randint(1, 3)) for f in drawn]
        return cls(troubles, seed, **how)

    def strikes(self, asked: Mapping[str, Any]) -> Fault | None:
        """What strikes this request."""
        for trouble in self.troubles:
            if trouble.meets(asked) and self._random.random() < trouble.share:
                trouble.times -= 1
                self.struck.append(Strike(time.monotonic(), trouble.fault))
                return trouble.fault
        return None
