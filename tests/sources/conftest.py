"""A small server that can misbehave, and a pace that only takes notes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.sources.hosts import hosts_of
from app.sources.polite import Polite, make_http


@dataclass(frozen=True)
class Request:
    """What the client asked for; header names are lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} .", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Answer:
    """An honest answer; `Content_Type` becomes Content-Type."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def write(_: Request, out: asyncio.StreamWriter) -> None:
        out.write(head(status, {"Content-Length": str(len(body)), **named}) + body)

    return write


@dataclass
class Server:
    """Answers by path, and remembers what it was asked."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        try:
            request = await self._request(reader)
            self.requests.append(request)
            await self.answers.get(request.path, answer(b"no such page", 404))(request, out)
            await out.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            out.close()

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = raw.strip().split("\r\n")
        target = urlsplit(first.split(" ")[1])
        named = (line.partition(": ") for line in lines)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        return Request(target.path, query, {n.lower(): value for n, _, value in named})


@dataclass
class Notes:
    """A pace that never waits: what it was told, in order."""

    events: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Notes]:
        self.events.append("turn")
        yield self

    async def answered(self) -> None:
        self.events.append("answered")

    async def hold(self, seconds: float) -> None:
        self.events.append(f"hold {seconds:g}")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with running_server() as one:
        yield one


@asynccontextmanager
async def running_server() -> AsyncIterator[Server]:
    one = Server()
    listening = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        listening.close()


@pytest.fixture
def pace() -> Notes:
    return Notes()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with make_http() as client:
        yield client


@pytest.fixture
def polite(server: Server, pace: Notes, http: httpx.AsyncClient) -> Polite:
    return Polite(
        http, pace, user_agent="freshprint/0 (+http://localhost)", hosts=hosts_of(server.url)
    )
