"""What the local model was asked, when, by how many at once, and what of it was known before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """One request for an answer; times are monotonic seconds.

    `known` is the share of its messages' bytes that an earlier request began with, and
    `continued` the same where the answers given to those count as known too. `outcome` is
    `whole`, the fault's name, `closed` (by the client, before the end), `limited`, or empty while
    it goes on.
    """

    at: float
    body: dict[str, Any]
    headers: Mapping[str, str]
    known: float = 0.0
    continued: float = 0.0
    first_word_at: float = 0.0
    done_at: float = 0.0
    outcome: str = ""
    said: str = ""

    @property
    def messages(self) -> list[dict[str, str]]:
        """What was said so far."""
        return list(self.body.get("messages", []))


@dataclass
class Ledger:
    """All requests, in order of arrival. `most_at_once` counts streams, refused ones left out."""

    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    tokens_out: int = 0

    def add(self, asked: Asked, looked_back: int = 50) -> None:
        """Notes a request, and what of it earlier ones began with."""
        now = as_bytes(asked.messages)
        for before in self.asked[-looked_back:]:
            sent = as_bytes(before.messages)
            answered = sent + as_bytes([{"role": "assistant", "content": before.said}])
            asked.known = max(asked.known, share(sent, now))
            asked.continued = max(asked.continued, share(answered, now))
        self.asked.append(asked)

    def begin(self) -> None:
        """A stream begins."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)

    def end(self) -> None:
        """A stream has ended."""
        self.at_once -= 1

    def summary(self) -> dict[str, Any]:
        """For people: `GET /_ledger`."""
        return {
            "requests": len(self.asked),
            "at_once": self.at_once,
            "most_at_once": self.most_at_once,
            "tokens_out": self.tokens_out,
            "outcomes": [asked.outcome for asked in self.asked],
            "known": [round(asked.known, 4) for asked in self.asked],
        }


def as_bytes(messages: list[dict[str, str]]) -> bytes:
    """Messages one after the other, as a model's template lays them out."""
    return b"".join(json.dumps([m.get("role"), m.get("content")]).encode() for m in messages)


def share(before: bytes, now: bytes) -> float:
    """The share of a request that begins with the same bytes as an earlier one."""
    least, most = 0, min(len(before), len(now))
    while least < most:
        length = (least + most + 1) // 2
        least, most = (length, most) if before[:length] == now[:length] else (least, length - 1)
    return least / max(len(now), 1)
