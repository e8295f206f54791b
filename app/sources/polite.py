"""The one HTTP client for arXiv: paced, patient, bounded, and suspicious of what comes back."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol, TypeVar

import httpx
import structlog

from app.errors import (
    BrokenAnswer,
    RateLimited,
    SourceRefused,
    SourceUnavailable,
    TooLong,
    Unreachable,
)
from app.sources.hosts import host_of
from app.sources.text import line, moment

MAX_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5
LONGEST_HOLD = 3600.0  # seconds; what a server may ask for in Retry-After
HOLD = 60.0  # seconds to leave arXiv alone when it is unwell and doesn't say for how long

_ASKED_FOR_QUIET = frozenset({429, 503})
# 403 and 406 have been seen when arXiv's front disliked a client for a while: they pass.
_TRY_LATER = frozenset({403, 406, 408, 425})
_REASON_BYTES = 10_000
_MARKUP = re.compile(r"<[^<>]*>")

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class Turn(Protocol):
    """The right to one request."""

    async def answered(self) -> None:
        """Told when the headers are in."""

    async def hold(self, seconds: float) -> None:
        """Told that nobody may ask arXiv for so long."""


class Pace(Protocol):
    """Hands out turns, one at a time, over all processes; app.store.pace keeps it."""

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """Waits for the next turn."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes the next request for the same URL conditional."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to be read: 200 with a body, or 304 with none; `date` by the server's clock."""

    url: str
    status: int
    body: bytes
    validators: Validators
    date: datetime | None = None

    @property
    def not_modified(self) -> bool:
        """Whether what the validators stood for still holds."""
        return self.status == 304

    async def read(self, parse: Callable[[bytes], _T]) -> _T:
        """`parse(body)`, off the event loop; its SourceUnavailable errors get this answer's URL."""
        try:
            return await asyncio.to_thread(parse, self.body)
        except SourceUnavailable as error:
            error.url = error.url or self.url
            raise


def make_http() -> httpx.AsyncClient:
    """An HTTP client of one connection that keeps no cookies; the caller closes it."""
    return httpx.AsyncClient(
        http2=False,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


class Polite:
    """Asks arXiv, a turn of `pace` for each request, and only of `hosts` (see `hosts_of`)."""

    def __init__(
        self, http: httpx.AsyncClient, pace: Pace, *, user_agent: str, hosts: frozenset[str]
    ) -> None:
        self._http = http
        self._pace = pace
        self._user_agent = (
            line(user_agent).encode("ascii", "ignore").decode()
        )  # a contact may be Zoé
        self._hosts = hosts

    async def get(  # noqa: PLR0913 - all of what a request is
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str,
        validators: Validators | None = None,
        timeout: float = 60,  # noqa: ASYNC109 - each hop has its own
        max_bytes: int = MAX_BYTES,
    ) -> Reply:
        """The answer of `url`, redirects within our hosts followed.

        `timeout` is in seconds for each hop as a whole, the wait for its turn not counted.
        Raises RateLimited, Unreachable, BrokenAnswer or SourceUnavailable, which carry the URL,
        when it should be asked again later; SourceRefused when arXiv finds the request wrong, its
        NotAtSource when there is nothing.
        """
        target = httpx.URL(url, params=params) if params else httpx.URL(url)
        headers = self._headers(accept, validators)
        seen = set[httpx.URL]()
        while target not in seen and len(seen) <= MAX_REDIRECTS:
            self._checkhost_of(target)
            seen.add(target)
            answer = await self._hop(_Hop(target, headers, timeout, max_bytes))
            if isinstance(answer, Reply):
                return answer
            target = answer
        raise BrokenAnswer("redirected in a circle, or too often", url=url)

    def _headers(self, accept: str, validators: Validators | None) -> dict[str, str]:
        known = validators or Validators()
        headers = {
            "User-Agent": self._user_agent,
            "Accept": accept,
            # a brotli or zstd bomb outgrows any bound within one chunk; gzip's factor is 1,000
            "Accept-Encoding": "gzip",
            "If-None-Match": known.etag,
            "If-Modified-Since": known.last_modified,
        }
        return {name: value for name, value in headers.items() if value}

    def _checkhost_of(self, target: httpx.URL) -> None:
        known = target.scheme in ("http", "https") and host_of(target) in self._hosts
        if not known or target.userinfo:
            raise BrokenAnswer(
                f"sent to {host_of(target)}, which is none of arXiv's", url=str(target)
            )

    async def _hop(self, hop: _Hop) -> Reply | httpx.URL:
        async with self._pace.turn() as turn:
            with _logged(hop), _as_our_errors(hop):
                async with asyncio.timeout(hop.timeout), self._open(hop) as response:
                    hop.status = response.status_code
                    await turn.answered()
                    return await _judge(response, turn, hop)

    def _open(self, hop: _Hop) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream(
            "GET", hop.target, headers=hop.headers, timeout=hop.timeout, follow_redirects=False
        )


@dataclass(slots=True)
class _Hop:
    """One request, and what became of it so far."""

    target: httpx.URL
    headers: Mapping[str, str]
    timeout: float
    max_bytes: int
    status: int = 0
    received: int = 0

    @property
    def url(self) -> str:
        return str(self.target)


@contextmanager
def _logged(hop: _Hop) -> Iterator[None]:
    began = time.monotonic()
    try:
        yield
    finally:
        ms = round((time.monotonic() - began) * 1000)
        _log.info("asked arXiv", url=hop.url[:300], status=hop.status, bytes=hop.received, ms=ms)


@contextmanager
def _as_our_errors(hop: _Hop) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise Unreachable(f"no whole answer in {hop.timeout:g} s", url=hop.url) from None
    except httpx.DecodingError as error:
        raise BrokenAnswer(f"an answer that can't be decompressed: {error}", url=hop.url) from None
    except (httpx.HTTPError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise Unreachable(f"no whole answer: {reason}", url=hop.url) from None


async def _judge(response: httpx.Response, turn: Turn, hop: _Hop) -> Reply | httpx.URL:
    """What a response means, by its status first: the body of a refusal may never end."""
    status = response.status_code
    if response.has_redirect_location:
        return _redirected(response, hop)
    if status == 304 and hop.headers.keys() & {"If-None-Match", "If-Modified-Since"}:
        return _reply(response, b"", hop)
    if status == 200:
        return _reply(response, await _whole_body(response, turn, hop), hop)
    if status in _ASKED_FOR_QUIET:
        await _leave_alone(turn, hop, f"HTTP {status}", _retry_after(response))
    if status in _TRY_LATER or status >= 500:
        await turn.hold(HOLD)
        raise SourceUnavailable(f"HTTP {status}", url=hop.url)
    if status >= 400:
        raise SourceRefused.by_status(status, hop.url, await _refusal(response, hop))
    raise BrokenAnswer(f"HTTP {status} was not to be expected", url=hop.url)


def _redirected(response: httpx.Response, hop: _Hop) -> httpx.URL:
    try:
        return hop.target.join(response.headers["location"]).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise BrokenAnswer("redirected to what is no URL", url=hop.url) from None


def _reply(response: httpx.Response, body: bytes, hop: _Hop) -> Reply:
    headers = response.headers
    validators = Validators(
        _printable(headers.get("etag")), _printable(headers.get("last-modified"))
    )
    date = moment(headers.get("date"))
    return Reply(hop.url, response.status_code, body, validators, date)


async def _whole_body(response: httpx.Response, turn: Turn, hop: _Hop) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise BrokenAnswer(
            f"encoded as {line(encoding)[:40]}, which was not asked for", url=hop.url
        )
    body = await _read(response, hop, hop.max_bytes)
    if len(body) > hop.max_bytes:
        raise TooLong(f"longer than {hop.max_bytes} bytes", url=hop.url)
    if _says_rate_exceeded(body):
        await _leave_alone(turn, hop, "`Rate exceeded.`", None)
    if not body.strip():
        raise BrokenAnswer("an empty body", url=hop.url)
    return body


async def _read(response: httpx.Response, hop: _Hop, enough: int) -> bytes:
    """The decompressed body, or its beginning: reading stops at the chunk that exceeds `enough`."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        hop.received = len(body)
        if len(body) > enough:
            break
    return bytes(body)


def _says_rate_exceeded(body: bytes) -> bool:
    """arXiv says so with HTTP 200 at times, as plain text or as a small page."""
    return len(body) < 1000 and _words(body).rstrip(".").lower() == "rate exceeded"


async def _leave_alone(turn: Turn, hop: _Hop, what: str, seconds: float | None) -> None:
    await turn.hold(HOLD if seconds is None else seconds)
    raise RateLimited(what, url=hop.url, retry_after=seconds)


async def _refusal(response: httpx.Response, hop: _Hop) -> str:
    """arXiv's reason: the first words of the body, which may be text, HTML, a feed or XML."""
    return _words(await _read(response, hop, _REASON_BYTES))[:200]


def _words(body: bytes) -> str:
    text = body[:_REASON_BYTES].decode("utf-8", "replace")
    return line(html.unescape(_MARKUP.sub(" ", text)))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that Retry-After asks for, at most LONGEST_HOLD; None where it can't be read."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_HOLD)
    until = moment(value)
    if until is None:
        return None
    # the server's own clock where it tells it: ours may be off, or be set to another day
    now = moment(response.headers.get("date", "")) or datetime.now(UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_HOLD)


def _printable(value: str | None) -> str | None:
    """A validator that can be sent back as it came."""
    return value if value and value.isascii() and value.isprintable() and len(value) < 500 else None
