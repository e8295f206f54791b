"""The client of an OpenAI-compatible endpoint: one streamed answer at a time, errors by type.

It never asks twice by itself: what to do about an error is the caller's, told by its type
(app/errors.py). Only a request that an endpoint finds unfamiliar is put in other words at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

import httpx
import structlog

from app.errors import Dropped, FreshprintError, LlmUnreachable, Misconfigured, NoSuchModel
from app.llm.conversation import Message
from app.llm.heard import Heard, Usage
from app.llm.refusals import error_of, redacted
from app.llm.wire import Watched

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI, AsyncStream

__all__ = ["Client", "Endpoint", "Limits", "Piece", "Usage"]

Piece = str | Usage

_NO_KEY = "none"  # a server of one's own asks for none, and the openai package wants one
_MOST_BYTES = 64 * 1024 * 1024
_AFTER_THE_END = 10.0  # seconds that the count of tokens may come after the last word
_MOST_MODELS = 1_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked; the key may be empty."""

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        # An odd key would be told in full by the error that refuses it as a header.
        if not all(33 <= ord(sign) <= 126 for sign in self.api_key):
            raise Misconfigured("the model's key must be plain letters, digits and signs")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds, and the longest answer, in characters."""

    connect: float = 10
    begin: float = 180  # until the first bytes: the paper is read before the first word is written
    silence: float = 60  # between bytes from there
    whole: float = 600
    characters: int = 60_000


@dataclass(frozen=True, slots=True)
class _Manner:
    """How this endpoint wants to be asked; most take the first."""

    counted: bool = True
    longest: str = "max_tokens"

    def request(self, reply_tokens: int) -> dict[str, object]:
        counting = {"stream_options": {"include_usage": True}} if self.counted else {}
        return {self.longest: reply_tokens, **counting}

    def other(self, told: str) -> _Manner | None:
        """How to ask after a refusal that names what it doesn't know; None: it's not that."""
        if self.counted and "stream_options" in told:
            return replace(self, counted=False)
        unknown = "unsupported" in told or "not supported" in told
        if self.longest == "max_tokens" and "max_completion_tokens" in told and unknown:
            return replace(self, longest="max_completion_tokens")
        return None


class Client:
    """Asks one endpoint: `async with Client(endpoint) as client`."""

    def __init__(self, endpoint: Endpoint, limits: Limits = Limits()) -> None:
        self.endpoint = endpoint
        self._limits = limits
        self._manner = _Manner()
        self._openai: AsyncOpenAI | None = None

    async def __aenter__(self) -> Self:
        # takes more than a second: only who asks a model pays for it, and no loop waits for it
        await asyncio.to_thread(import_module, "openai")
        self._openai = _opened(self.endpoint, self._limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._openai
        await self._openai.close()

    async def answer(
        self, messages: Sequence[Message], *, reply_tokens: int
    ) -> AsyncGenerator[Piece, None]:
        """The answer to `messages`, of at most `reply_tokens`, piece by piece as it is written.

        The last piece is the Usage; it comes before the error too where an answer had begun, for
        that costs as well. Only when the iteration ends without an error is the answer whole.
        Raises LlmUnavailable, LlmStopped or Unanswered, each mostly as one of its kinds. To stop,
        close the generator (`contextlib.aclosing`) or cancel: the connection closes at once.
        """
        heard, fault, began = Heard(self._limits.characters), None, time.monotonic()
        try:
            async with aclosing(self._chunks(messages, reply_tokens, heard)) as chunks:
                async for chunk in chunks:
                    if text := heard.take(chunk):
                        yield text
                    if heard.is_full:
                        break
        except FreshprintError as error:
            fault = error
        if heard.has_begun:
            # what goes wrong after the last word doesn't unsay it
            fault = heard.fault() if heard.finish or not fault else fault
            usage = self._usage(messages, heard)
            _noted(usage, fault, began)
            yield usage
        if fault:
            raise fault

    async def models(self) -> tuple[str, ...]:
        """The models that the endpoint says it has; none where it doesn't say.

        For checks: raises LlmUnavailable when it isn't reachable, WrongKey and the like.
        """
        assert self._openai
        try:
            with self._as_our_errors(Heard(0)):
                async with asyncio.timeout(self._limits.silence):
                    told = await self._openai.get("/models", cast_to=object)
        except NoSuchModel:  # a 404: it has no such page
            return ()
        listed = told.get("data") if isinstance(told, dict) else None
        entries = (
            [e for e in listed or () if isinstance(e, dict)] if isinstance(listed, list) else []
        )
        return tuple(str(entry.get("id", ""))[:200] for entry in entries[:_MOST_MODELS])

    async def _chunks(
        self, messages: Sequence[Message], reply_tokens: int, heard: Heard
    ) -> AsyncGenerator[dict[str, object], None]:
        deadline = asyncio.get_running_loop().time() + self._limits.whole
        with self._as_our_errors(heard):
            async with asyncio.timeout_at(deadline):
                stream = await self._open([asdict(m) for m in messages], reply_tokens)
        heard.has_begun = True
        try:
            while (chunk := await self._next(stream, deadline, heard)) is not None:
                yield chunk
                if heard.finish:
                    soon = asyncio.get_running_loop().time() + _AFTER_THE_END
                    deadline = min(deadline, soon)
        finally:
            await stream.close()

    async def _next(
        self, stream: AsyncStream[object], deadline: float, heard: Heard
    ) -> dict[str, object] | None:
        with self._as_our_errors(heard):
            async with asyncio.timeout_at(deadline):
                chunk = await anext(stream, None)
        if chunk is not None and not isinstance(chunk, dict):
            raise Dropped("an answer that can't be read")
        return chunk

    async def _open(self, messages: list[dict[str, str]], reply_tokens: int) -> AsyncStream[object]:
        from openai import (  # noqa: PLC0415 - see __aenter__
            AsyncStream,
            BadRequestError,
            UnprocessableEntityError,
        )

        assert self._openai
        asked = {"messages": messages, "model": self.endpoint.model, "stream": True}
        while True:
            try:
                # not chat.completions.create: to make its typed chunks takes twice the time of
                # all the rest, and what a stranger sends isn't of that type for certain
                return await self._openai.post(
                    "/chat/completions",
                    body=asked | self._manner.request(reply_tokens),
                    cast_to=object,
                    stream=True,
                    stream_cls=AsyncStream[object],
                )
            except (BadRequestError, UnprocessableEntityError) as error:
                manner = self._manner.other(_words(error.body))
                if manner is None:
                    raise
            self._manner = manner

    def _usage(self, messages: Sequence[Message], heard: Heard) -> Usage:
        usage = heard.usage((m.content for m in messages), self.endpoint.model)
        return replace(usage, model=redacted(usage.model, self.endpoint.api_key))

    @contextmanager
    def _as_our_errors(self, heard: Heard) -> Iterator[None]:
        """Errors of the package, of HTTP and of what can't be read, as ours.

        Their own words are left out: a URL, a header or the key may be in them.
        """
        import openai  # noqa: PLC0415 - see __aenter__

        try:
            yield
        except openai.APITimeoutError:
            raise LlmUnreachable("no word for too long") from None
        except TimeoutError:
            raise LlmUnreachable("no whole answer in the time it may take") from None
        except (openai.APIConnectionError, httpx.HTTPError, OSError):
            kind = Dropped if heard.has_begun else LlmUnreachable
            raise kind("the connection failed") from None
        except openai.APIError as error:
            raise self._told(error) from None
        # a chunk that is no JSON, no UTF-8, nested without end, or of another shape
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            raise Dropped("an answer that can't be read") from None

    def _told(self, error: APIError) -> FreshprintError:
        response = getattr(error, "response", None)
        key = self.endpoint.api_key
        if response is None:
            return error_of(None, error.body, {}, key=key)
        return error_of(response.status_code, error.body, response.headers, key=key)


def _opened(endpoint: Endpoint, limits: Limits) -> AsyncOpenAI:
    from openai import AsyncOpenAI  # noqa: PLC0415 - see __aenter__

    http: Any = httpx.AsyncClient(
        transport=Watched(
            httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None)),
            begin=limits.begin,
            silence=limits.silence,
            most=_MOST_BYTES,
        ),
        timeout=httpx.Timeout(None, connect=limits.connect),
        follow_redirects=False,  # the key is for this address
    )
    key = endpoint.api_key or _NO_KEY
    headers = {"Accept-Encoding": "identity"}
    return AsyncOpenAI(
        api_key=key,
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=http,
        default_headers=headers,
    )


def _words(body: object) -> str:
    try:
        return json.dumps(body, default=str)[:5_000].lower()
    except ValueError:
        return ""


def _noted(usage: Usage, fault: FreshprintError | None, began: float) -> None:
    outcome = type(fault).__name__ if fault else "whole"
    ms = round((time.monotonic() - began) * 1000)
    _log.info("asked the model", **asdict(usage), outcome=outcome, ms=ms)
