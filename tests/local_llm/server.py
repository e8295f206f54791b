"""The local model: answers `chat/completions` as streams at a rate, so many at once.

POST /v1/chat/completions   GET /v1/models
GET /_ledger                what was asked
POST /_weather              {"faults": ["reset", …], "seed": 1, "share": 0.5, "times": 3}
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import repeat
from typing import Any

from tests.local_llm import answers
from tests.local_llm.faults import REFUSALS, Fault, Refusal, Weather
from tests.local_llm.http import Connection, Request, read
from tests.local_llm.ledger import Asked, Ledger

Script = Callable[[list[dict[str, str]]], str]

_PIECE = re.compile(r"\s*\S{1,6}|\s+")
_CHARACTERS_PER_TOKEN = 4


@dataclass
class Model:
    """How the model behaves: `rate` in tokens a second for each stream, `concurrency` streams at
    once (429 beyond), `context` in tokens, `first` seconds until the first word, `key` what it
    wants to see (empty: anything), `script` what it says."""

    name: str = "local-model"
    rate: float = 2_000
    concurrency: int = 1_000
    context: int = 1_000_000
    first: float = 0.0
    key: str = ""
    script: Script = answers.answer
    weather: Weather = field(default_factory=Weather)
    ledger: Ledger = field(default_factory=Ledger)

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serves one connection to its end."""
        connection = Connection(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while request := await read(reader):
                    if not await self._serve(request, connection, reader):
                        break
        finally:
            writer.close()

    async def _serve(self, request: Request, connection: Connection, reader: StreamReader) -> bool:
        if request.path == "/v1/chat/completions" and request.method == "POST":
            return await self._asked(request, connection, reader)
        status, told = self._control(request)
        await connection.reply(status, told, {})
        return True

    def _control(self, request: Request) -> tuple[int, dict[str, Any]]:
        if request.path == "/v1/models":
            if self._is_stranger(request):
                return 401, _told(REFUSALS[Fault.WRONG_KEY].body, _key(request))
            return 200, {"object": "list", "data": [{"id": self.name, "object": "model"}]}
        if request.path == "/_ledger":
            return 200, self.ledger.summary()
        if request.path == "/_weather":
            self.weather = Weather.of(**request.json())
            return 200, {"faults": [trouble.fault for trouble in self.weather.troubles]}
        return 404, {"detail": "Not Found"}

    async def _asked(self, request: Request, connection: Connection, reader: StreamReader) -> bool:
        asked = Asked(time.monotonic(), request.json(), request.headers)
        self.ledger.add(asked)
        if self.ledger.at_once >= self.concurrency:
            asked.outcome = "limited"
            return await self._refuse(REFUSALS[Fault.BUSY], connection, request)
        self.ledger.begin()
        gone = asyncio.create_task(_gone(reader))
        answering = asyncio.create_task(self._answered(asked, request, connection))
        try:
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            return answering.done() and answering.result()
        finally:
            self.ledger.end()
            await _over(gone, answering)
            asked.outcome = asked.outcome or "closed"
            asked.done_at = time.monotonic()

    def _is_stranger(self, request: Request) -> bool:
        return bool(self.key) and _key(request) != self.key

    def _refusal(self, asked: Asked, request: Request, fault: Fault | None) -> Refusal | None:
        if fault in REFUSALS:
            return REFUSALS[fault]
        if self._is_stranger(request):
            return REFUSALS[Fault.WRONG_KEY]
        if asked.body.get("model") != self.name:
            return REFUSALS[Fault.NO_MODEL]
        room = self.context - _count(asked.messages) - _longest(asked.body)
        return None if room >= 0 else _overflow(self.context, _count(asked.messages))

    async def _answered(self, asked: Asked, request: Request, connection: Connection) -> bool:
        fault = self.weather.strikes(asked.body)
        asked.outcome = fault or ""
        refusal = self._refusal(asked, request, fault)
        if refusal:
            asked.outcome = asked.outcome or f"HTTP {refusal.status}"
            return await self._refuse(refusal, connection, request)
        if fault is Fault.SILENT:
            await asyncio.sleep(self.weather.seconds)
        if fault in (Fault.RESET, Fault.SILENT):
            connection.reset()
            return False
        await asyncio.sleep(self.first)
        stream = _Stream(self, asked, connection, fault, _key(request))
        is_whole = await stream.run()
        asked.outcome = asked.outcome or "whole"
        return is_whole

    async def _refuse(self, refusal: Refusal, connection: Connection, request: Request) -> bool:
        wait = self.weather.retry_after
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=wait), usegmt=True)
        words = {"seconds": f"{wait:g}", "date": date, "ms": f"{wait * 1000:g}"}
        headers = {name: value.format(**words) for name, value in refusal.headers.items()}
        headers["Date"] = format_datetime(datetime.now(UTC), usegmt=True)
        await connection.reply(refusal.status, _told(refusal.body, _key(request)), headers)
        return True


class _Stream:
    """One answer as it is streamed, with its fault."""

    def __init__(
        self, model: Model, asked: Asked, connection: Connection, fault: Fault | None, key: str
    ) -> None:
        self._model, self._asked, self._connection = model, asked, connection
        self._fault, self._key = fault, key
        self._after = model.weather.after

    async def run(self) -> bool:
        """Writes it; tells whether the connection can be used on."""
        await self._connection.begin_stream()
        await self._send({"role": "assistant", "content": ""})
        if self._fault is Fault.REASONING:
            await self._send({"content": None, "reasoning_content": "Let me see. " * 9})
        said = 0
        async for piece in self._paced():
            if said == self._after and not await self._struck():
                return False
            said += 1
            await self._send({"content": piece})
            self._asked.said += piece
            self._asked.first_word_at = self._asked.first_word_at or time.monotonic()
        return await self._end()

    def _pieces(self) -> list[str]:
        if self._fault is Fault.EMPTY:
            return []
        text = self._model.script(self._asked.messages)
        if self._fault is Fault.THINK:
            text = f"<think>\nThe answer is <b> 42, isn't it?\n</think>\n\n{text}"
        return _PIECE.findall(text)

    async def _paced(self) -> AsyncIterator[str]:
        pieces = self._pieces()
        most = _longest(self._asked.body)
        began, seconds = time.monotonic(), 1 / self._model.rate
        for n, piece in enumerate(repeat("on ") if self._fault is Fault.ENDLESS else pieces[:most]):
            wait = began + n * seconds - time.monotonic()
            if wait > 0 or n % 50 == 0:
                await asyncio.sleep(max(wait, 0))
            self._model.ledger.tokens_out += 1
            yield piece
        self._is_cut = len(pieces) > most

    async def _struck(self) -> bool:
        """What happens in the middle; False: the answer is over."""
        events = {
            Fault.CORRUPT: 'data: {"choices": [{"delta": {"content": "a',
            Fault.ODD_CHUNK: 'data: ["not", {"a": "chunk"}]',
            Fault.DEEP_CHUNK: "data: " + "[" * 100_000,
            Fault.COMMENTS: ": still working\n\n: on it",
            Fault.ERROR_WITHIN: 'data: {"error": {"message": "failed for ' + self._key + '"}}',
            Fault.OVERFLOW_WITHIN: f"event: error\ndata: {json.dumps(_WITHIN)}",
        }
        if self._fault in events:
            await self._connection.send(events[self._fault])
            return True
        if self._fault is Fault.STALLED:
            await asyncio.sleep(self._model.weather.seconds)
        if self._fault in (Fault.STALLED, Fault.DROPPED):
            self._connection.reset()
        if self._fault is Fault.TRUNCATED:
            await self._connection.end_stream()
        return self._fault not in (Fault.STALLED, Fault.DROPPED, Fault.TRUNCATED)

    async def _end(self) -> bool:
        finishes = {
            Fault.LENGTH: "length",
            Fault.FILTERED: "content_filter",
            Fault.ODD_FINISH: "insufficient_system_resource",
        }
        finish = finishes.get(self._fault) if self._fault else None
        counted = self._usage()
        within = {"usage": counted} if self._fault is Fault.MOONSHOT_USAGE else {}
        await self._send({}, finish or ("length" if self._is_cut else "stop"), **within)
        if self._fault is Fault.DROPPED_AFTER:
            return False
        counts = "stream_options" in self._asked.body
        if counts and self._fault not in (Fault.NO_USAGE, Fault.MOONSHOT_USAGE):
            await self._event({"choices": [], "usage": counted})
        await self._connection.send("data: [DONE]")
        await self._connection.end_stream()
        return True

    def _usage(self) -> dict[str, Any]:
        tokens_in = _count(self._asked.messages)
        out = len(_PIECE.findall(self._asked.said))
        cached = int(tokens_in * self._asked.known)
        return {
            "prompt_tokens": tokens_in,
            "completion_tokens": out,
            "total_tokens": tokens_in + out,
            "prompt_tokens_details": {"cached_tokens": cached},
        }

    async def _send(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
        await self._event({"choices": [choice]})

    async def _event(self, chunk: dict[str, Any]) -> None:
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1}
        told = {**head, "model": self._model.name, **chunk}
        await self._connection.send(f"data: {json.dumps(told)}")


_WITHIN = {
    "error": {
        "message": "Trying to keep the first 21000 tokens when context the overflows. However, the "
        "model is loaded with context length of only 8192 tokens, which is not enough."
    }
}


async def _gone(reader: StreamReader) -> None:
    """Ends when the client closes its connection; it sends nothing while it is answered."""
    while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.02)


async def _over(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await task


def _key(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _told(body: Any, key: str) -> Any:
    if isinstance(body, str):
        return body.replace("{key}", key)
    return json.loads(json.dumps(body).replace("{key}", key))


def _count(messages: list[dict[str, str]]) -> int:
    return sum(len(m.get("content") or "") for m in messages) // _CHARACTERS_PER_TOKEN


def _longest(body: Mapping[str, Any]) -> int:
    return int(body.get("max_tokens") or body.get("max_completion_tokens") or 100_000)


def _overflow(context: int, asked: int) -> Refusal:
    message = (
        f"This model's maximum context length is {context} tokens. However, your messages "
        f"resulted in {asked} tokens."
    )
    error = {"message": message, "code": "context_length_exceeded", "type": "invalid_request_error"}
    return Refusal(400, {"error": error})
