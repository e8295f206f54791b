"""The transport under the client: an answer may take its time to begin, then must not fall silent.

Bytes count, not words: a provider that sends comments to say that it is at work is not silent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx


class Watched(httpx.AsyncBaseTransport):
    """Gives up an answer that doesn't begin, falls silent, or is too long to be one.

    `begin` is in seconds, both for the headers and for the first bytes after them (a long paper
    is read before the first word is written); `silence` between bytes from there.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, *, begin: float, silence: float, most: int
    ) -> None:
        self._inner = inner
        self._begin = begin
        self._silence = silence
        self._most = most

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx calls it. Raises httpx.ReadTimeout and httpx.ReadError."""
        try:
            async with asyncio.timeout(self._begin):
                response = await self._inner.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer", request=request) from None
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream, self._begin, self._silence, self._most)
        return response

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(
        self, inner: httpx.AsyncByteStream, begin: float, silence: float, most: int
    ) -> None:
        self._inner = inner
        self._wait = begin
        self._silence = silence
        self._left = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = aiter(self._inner)
        while part := await self._next(parts):
            self._wait = self._silence
            self._left -= len(part)
            if self._left < 0:
                raise httpx.ReadError("an answer without end")
            yield part

    async def _next(self, parts: AsyncIterator[bytes]) -> bytes:
        """The next bytes, none at the end."""
        try:
            async with asyncio.timeout(self._wait):
                return await anext(parts, b"")
        except TimeoutError:
            raise httpx.ReadTimeout(f"silent for {self._wait:g} s") from None

    async def aclose(self) -> None:
        await self._inner.aclose()
