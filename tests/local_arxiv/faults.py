"""How arXiv fails. One middleware, before any protocol: what fails, fails here.

Each kind of `Fault` has been seen at arXiv or is what a broken or hostile server can do. Some take
the place of an answer or spoil it (fault_replies.py), others change what feeds and OAI-PMH tell
(fault_content.py). A `Weather` says which of them strike which requests, and when it is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple, Self

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.local_arxiv.fault_content import Content
from tests.local_arxiv.fault_kinds import CONTENT, WHERE, Fault
from tests.local_arxiv.fault_replies import ANSWERS, Struck

__all__ = ["Fault", "Strike", "Trouble", "Weather", "Weathered"]


@dataclass
class Trouble:
    """One kind of fault, and how long it lasts: `times` strikes, or until a simulated time.

    A request that it can strike, of those whose path begins with `prefix`, it strikes with the
    probability `share`.
    """

    fault: Fault
    share: float = 1.0
    times: int = 2
    prefix: str = "/"
    until: datetime | None = None

    def meets(self, path: str, now: datetime) -> bool:
        """Whether it can strike a request for a path with its query."""
        if self.times <= 0 or (self.until is not None and now >= self.until):
            return False
        place, token = WHERE[self.fault]
        return path.startswith(self.prefix) and path.startswith(place) and token in path


class Strike(NamedTuple):
    """A request that was struck; `at` is in monotonic seconds, as in the ledger."""

    at: float
    fault: Fault
    path: str


class Weather:
    """What goes wrong now: `site.weather = Weather.of([Fault.RESET], times=3)`, `POST /_weather`.

    `seconds` is how long silent and slow answers take, `retry_after` what the 429 with a
    Retry-After says, `part` the share of papers that a partial day shows. `down`: 503 to all.
    `struck` tells what happened. The same seed and the same requests in the same order bring the
    same faults.
    """

    def __init__(
        self,
        troubles: Iterable[Trouble] = (),
        seed: int = 1,
        seconds: float = 1.0,
        retry_after: int = 0,
        part: float = 0.5,
    ) -> None:
        self.troubles = list(troubles)
        self.seed, self.seconds, self.retry_after, self.part = seed, seconds, retry_after, part
        self.down = False
        self.struck: list[Strike] = []
        self._random = Random(seed)

    @classmethod
    def of(
        cls,
        faults: Iterable[Fault],
        seed: int = 1,
        *,
        share: float = 1.0,
        times: int = 2,
        prefix: str = "/",
        until: datetime | None = None,
        **how: Any,
    ) -> Self:
        """These kinds, all alike; `how` is what the constructor takes beside."""
        return cls((Trouble(Fault(f), share, times, prefix, until) for f in faults), seed, **how)

    @classmethod
    def mixed(cls, seed: int, faults: Sequence[Fault], most: int = 4, **how: Any) -> Self:
        """Two to `most` of these kinds, drawn by the seed, each striking here and there."""
        random = Random(seed)
        drawn = random.sample(faults, random.randint(2, min(most, len(faults))))
        troubles = [Trouble(f, random.choice((0.3, 0.6, 1.0)), random.randint(1, 3)) for f in drawn]
        return cls(troubles, seed, **how)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """The arguments of `of` by name, `until` in ISO's form; UTC where it names no zone."""
        if told.get("until"):
            until = datetime.fromisoformat(told["until"])
            told = {**told, "until": until if until.tzinfo else until.replace(tzinfo=UTC)}
        return cls.of(**{"faults": (), **told})

    def strikes(self, path: str, now: datetime) -> list[Fault]:
        """What strikes this request: one fault of its answer, or all that strike its content."""
        met = [t for t in self.troubles if t.meets(path, now) and self._random.random() < t.share]
        chosen = next(([t] for t in met if t.fault not in CONTENT), met)
        for trouble in chosen:
            trouble.times -= 1
            self.struck.append(Strike(time.monotonic(), trouble.fault, path))
        return [trouble.fault for trouble in chosen]

    def refusal(self, scope: Scope) -> PlainTextResponse | None:
        """The answer to a request that gets none, whatever the faults are."""
        if self.down:
            return PlainTextResponse("Service Unavailable", 503)
        headers = dict(scope["headers"])
        if not headers.get(b"user-agent") or not headers.get(b"accept"):
            return PlainTextResponse("Not Acceptable", 406)  # seen from the real one
        return None


class Weathered:
    """Middleware: answers with a fault where there is one, or has the site tell the wrong."""

    def __init__(
        self, app: ASGIApp, weather: Callable[[], Weather], clock: Callable[[], datetime]
    ) -> None:
        self._app, self._weather, self._clock = app, weather, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers it with a fault."""
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self._app(scope, receive, send)
            return
        weather = self._weather()
        refusal = weather.refusal(scope)
        if refusal:
            await refusal(scope, receive, send)
            return
        faults = weather.strikes(_path(scope), self._clock())
        answer = ANSWERS.get(faults[0]) if faults else None
        if answer:
            struck = Struck(self._app, scope, receive, send, weather.seconds, weather.retry_after)
            await answer(struck)
            return
        if faults:
            scope = {**scope, "content": Content(frozenset(faults), weather.seed, weather.part)}
        await self._app(scope, receive, send)


def _path(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")
