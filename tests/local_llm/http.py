"""As much HTTP/1.1 as a local model needs, on plain streams: faults need the bare connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_REASONS = {200: "OK", 308: "Permanent Redirect", 404: "Not Found", 429: "Too Many Requests"}


@dataclass
class Request:
    """One request, read to its end."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body or b"null")


async def read(reader: StreamReader) -> Request | None:
    """The next request on a connection; None when the other end is done."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


class Connection:
    """The writing end of a connection."""

    def __init__(self, writer: StreamWriter) -> None:
        self._writer = writer

    async def reply(
        self, status: int, body: str | Mapping[str, Any] | list[Any], headers: Mapping[str, str]
    ) -> None:
        """A whole answer: JSON, or HTML where it is text."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "text/html" if isinstance(body, str) else "application/json"
        self._head(status, {"Content-Type": kind, "Content-Length": str(len(data)), **headers})
        self._writer.write(data)
        await self._writer.drain()

    async def begin_stream(self) -> None:
        """The head of a stream of events."""
        kind = {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"}
        self._head(200, kind)
        await self._writer.drain()

    async def send(self, *lines: str) -> None:
        """Events, or comments, as one chunk."""
        data = "".join(f"{line}\n\n" for line in lines).encode()
        if data:
            self._writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        await self._writer.drain()

    async def end_stream(self) -> None:
        """The end of a chunked body."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def reset(self) -> None:
        """Breaks the connection off."""
        linger = struct.pack("ii", 1, 0)
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Trouble')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
