"""What has been heard of an answer so far, and whether it is one.

Chunks come from outside: nothing about their shape is taken for granted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.errors import Dropped, EmptyAnswer, FreshprintError, Refused, Truncated
from app.llm.tokens import tokens

# What providers call the ways in which an answer ends (OpenAI's words first).
_WHOLE = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence"})
_CUT = frozenset({"length", "max_tokens", "model_length", "max_output_tokens"})
_UNFIT = frozenset({"content_filter", "safety", "sensitive", "recitation", "refusal"})

# No database keeps, and no request can carry, NUL and half a surrogate pair.
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_FINISH = re.compile(r"[A-Za-z_ ]{1,40}")
_MORE_THOUGHT = 4  # times as many characters may be thought as answered
_OPENING = re.compile(r"\s*<(think|thinking)>", re.IGNORECASE)
_LONGEST_OPENING = 64  # characters before it is clear that no thoughts come


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer took, in tokens; `cached` of `tokens_in` were charged less.

    `finish` is the provider's own word for how it ended, empty when it didn't say; `estimated`:
    the provider didn't count, so we did, rather too many.
    """

    tokens_in: int
    cached: int
    out: int
    model: str
    finish: str
    estimated: bool = False


class Thoughts:
    """Takes the thoughts that a model writes before its answer, `<think>…</think>`, out of it."""

    def __init__(self) -> None:
        self._held = ""
        self._within = ""  # the tag we are in
        self._past = False

    def shown(self, text: str) -> str:
        """What of this piece belongs to the answer."""
        if self._past:
            return text
        self._held += text
        if self._within and not self._left():
            return ""
        opening = _OPENING.match(self._held)
        if opening:
            self._within = f"</{opening[1].lower()}>"
            self._held = self._held[opening.end() :]
            return self.shown("")
        if _may_open(self._held):
            return ""
        return self.rest()

    def rest(self) -> str:
        """What was held back at the end of an answer, in case it was the beginning of thoughts."""
        held, self._held, self._past = self._held, "", True
        return "" if self._within else held.lstrip()

    def _left(self) -> bool:
        _, closing, after = self._held.partition(self._within)
        if closing:
            self._held, self._within = after, ""
        else:  # a closing tag may be split between two pieces
            self._held = self._held[-len(self._within) :]
        return bool(closing)


def _may_open(held: str) -> bool:
    start = held.lstrip().lower()
    return len(held) < _LONGEST_OPENING and "<thinking>".startswith(start[:10])


class Heard:
    """An answer as it comes in, at most `most` characters of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._thoughts = Thoughts()
        self._thought = 0  # characters
        self._refusal = False
        self._counted: Mapping[str, object] | None = None
        self.text = ""
        self.finish = ""
        self.model = ""
        self.is_full = False
        self.has_begun = False  # set by who opens the stream

    def take(self, chunk: Mapping[str, object]) -> str:
        """The words to show that a chunk brings; none when it brings none."""
        choice = _first(chunk.get("choices"))
        self.model = _word(chunk.get("model")) or self.model
        # Moonshot counts within the choice
        counted = chunk.get("usage") or choice.get("usage")
        self._counted = counted if isinstance(counted, Mapping) else self._counted
        if self.finish:
            return ""
        text = self._said(_mapping(choice.get("delta")))
        finish = _word(choice.get("finish_reason"))
        # an odd one is told in an error, so it must be a word indeed
        self.finish = finish.lower() if _FINISH.fullmatch(finish) else ""
        return self._kept(text + (self._thoughts.rest() if self.finish else ""))

    def _said(self, delta: Mapping[str, object]) -> str:
        self._refusal = self._refusal or bool(delta.get("refusal"))
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        text = _text(delta.get("content"))
        shown = self._thoughts.shown(text)
        self._thought += len(text) - len(shown) + (len(thought) if isinstance(thought, str) else 0)
        return shown

    def _kept(self, text: str) -> str:
        kept = text[: self._most - len(self.text)]
        self.text += kept
        self.is_full = len(kept) < len(text) or self._thought > self._most * _MORE_THOUGHT
        return kept

    def fault(self) -> FreshprintError | None:
        """Why this is no whole answer; None when it is one."""
        if self.finish in _UNFIT or self._refusal:
            return Refused("the model declines to answer")
        if self.is_full:
            return Truncated(f"longer than {self._most} characters")
        if self.finish in _CUT:
            return Truncated("the answer reached the longest that was allowed")
        if self.finish not in _WHOLE:
            told = f"ended with {self.finish!r}" if self.finish else "broke off without an end"
            return Dropped(f"the answer {told}")
        return None if self.text.strip() else EmptyAnswer("nothing but silence was answered")

    def usage(self, asked: Iterable[str], model: str) -> Usage:
        """What it took: as the provider counted, else estimated from what was asked and said."""
        model = self.model or model
        counted = self._counted or {}
        tokens_in, out = _count(counted, "prompt_tokens"), _count(counted, "completion_tokens")
        if tokens_in:
            return Usage(tokens_in, min(_cached(counted), tokens_in), out, model, self.finish)
        said = tokens(self.text) + self._thought // 4
        return Usage(sum(map(tokens, asked)), 0, said, model, self.finish, estimated=True)


def _cached(counted: Mapping[str, object]) -> int:
    """Tokens read from a cache, in the words of OpenAI and vLLM, DeepSeek, and Moonshot."""
    details = _mapping(counted.get("prompt_tokens_details"))
    return (
        _count(details, "cached_tokens")
        or _count(counted, "prompt_cache_hit_tokens")
        or _count(counted, "cached_tokens")
    )


def _count(counted: Mapping[str, object], name: str) -> int:
    value = counted.get(name)
    return value if isinstance(value, int) and 0 < value < 2**31 else 0


def _text(content: object) -> str:
    """The text of a chunk: a string, or (Mistral's thinking models) a list of typed parts."""
    if isinstance(content, list):
        parts = map(_mapping, content)
        return "".join(_text(part.get("text")) for part in parts if part.get("type") == "text")
    return _NO_TEXT.sub("", content) if isinstance(content, str) else ""


def _first(choices: object) -> Mapping[str, object]:
    return _mapping(choices[0]) if isinstance(choices, list) and choices else {}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _word(value: object) -> str:
    return value[:100] if isinstance(value, str) and value.isprintable() else ""
