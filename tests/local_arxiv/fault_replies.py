"""Faults of an answer: one instead of it, or the true one spoilt."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.local_arxiv.fault_kinds import Fault

_EXPIRED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    "<responseDate>2026-01-22T06:00:00Z</responseDate>"
    "<request>https://oaipmh.arxiv.org/oai</request>"
    '<error code="badResumptionToken">The value of the resumptionToken argument is invalid or '
    "expired.</error></OAI-PMH>"
)
_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>arXiv: temporarily unavailable</title></head>"
    "<body><h1>Sorry</h1><p>No papers for now.</p></body></html>"
)
_BLANKS = b" " * 65_536
_LINGER = struct.pack("ii", 1, 0)
_ENTRY = re.compile(rb"\s*<entry>.*?</entry>", re.S)
_BOMB = "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
)  # ten to the ninth power of what a0 holds
_DECLARATION = re.compile(rb"\A\s*<\?xml.*?\?>", re.S)
_FIRST_TITLE = re.compile(rb"(<title[^>]*>|<responseDate>)")


@dataclass(frozen=True)
class Struck:
    """A request that is struck, and by what measure."""

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    seconds: float
    retry_after: int

    async def answer(self, response: Response) -> None:
        """This, instead of the true answer."""
        await response(self.scope, self.receive, self.send)

    async def answer_truly(self) -> None:
        """As if nothing were wrong."""
        await self.app(self.scope, self.receive, self.send)

    async def true_reply(self) -> _True:
        """What would have been answered."""
        sent: list[Message] = []

        async def keep(message: Message) -> None:
            sent.append(message)

        await self.app(self.scope, self.receive, keep)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return _True(sent[0]["status"], sent[0]["headers"], body)

    async def gone(self) -> None:
        """Returns when the client has hung up."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def hangs_up(self) -> bool:
        """Whether the client hangs up within the time that silent answers take."""
        try:
            async with asyncio.timeout(self.seconds):
                await self.gone()
        except TimeoutError:
            return False
        return True


@dataclass(frozen=True)
class _True:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def start(self, *, without: bytes = b"") -> Message:
        """The message with status and headers, one of them left out."""
        headers = [(name, value) for name, value in self.headers if name.lower() != without]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


def _chunk(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


Answer = Callable[[Struck], Awaitable[None]]


def _fixed(make: Callable[[Struck], Response]) -> Answer:
    async def answer(struck: Struck) -> None:
        await struck.answer(make(struck))

    return answer


def _spoilt(spoil: Callable[[bytes], bytes], content_type: bytes | None = None) -> Answer:
    """The true answer with another body or content type; an answer without a body as it is."""

    async def answer(struck: Struck) -> None:
        true = await struck.true_reply()
        body = spoil(true.body) if true.status == 200 else true.body
        headers = {name: v for name, v in true.headers if name.lower() != b"content-length"}
        if content_type:
            headers[b"content-type"] = content_type
        response = Response(body, true.status)
        response.raw_headers = [*headers.items(), (b"content-length", str(len(body)).encode())]
        await struck.answer(response)

    return answer


def _redirected(struck: Struck) -> Response:
    query = struck.scope["query_string"]
    here = struck.scope["raw_path"] + (b"?" + query if query else b"")
    return Response(status_code=302, headers={"Location": here.decode("latin-1")})


async def _silent(struck: Struck) -> None:
    if not await struck.hangs_up():
        await struck.answer_truly()


async def _reset(struck: Struck) -> None:
    # ASGI knows no way to do it; uvicorn's `receive` is a method of what holds the connection.
    transport: Any = struck.receive.__self__.transport  # type: ignore[attr-defined]
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)  # closing resets
    transport.abort()
    await struck.gone()


async def _stall(struck: Struck) -> None:
    true = await struck.true_reply()
    half = len(true.body) // 2
    await struck.send(true.start())
    await struck.send(_chunk(true.body[:half], more=True))
    if not await struck.hangs_up():
        await struck.send(_chunk(true.body[half:]))


async def _endless(struck: Struck) -> None:
    true = await struck.true_reply()
    await struck.send(true.start(without=b"content-length"))
    await struck.send(_chunk(true.body[: len(true.body) // 2], more=True))
    gone = asyncio.create_task(struck.gone())
    while not gone.done():
        await struck.send(_chunk(_BLANKS, more=True))
        await asyncio.sleep(0)


def _with_entity(entities: str, name: str) -> Callable[[bytes], bytes]:
    """A document that declares entities, and has one in its first title or its date."""

    def spoil(body: bytes) -> bytes:
        doctype = f"<!DOCTYPE any [{entities}]>".encode()
        body = _FIRST_TITLE.sub(rb"\1" + f"&{name};".encode(), body, count=1)
        return _DECLARATION.sub(lambda found: found[0] + doctype, body, count=1)

    return spoil


ANSWERS: dict[Fault, Answer] = {
    Fault.TOO_MANY: _fixed(lambda _: PlainTextResponse("Too many", 429)),
    Fault.TOO_MANY_UNTIL: _fixed(
        lambda s: PlainTextResponse("Too many", 429, {"Retry-After": str(s.retry_after)})
    ),
    Fault.NOT_ACCEPTABLE: _fixed(lambda _: PlainTextResponse("Not Acceptable", 406)),
    Fault.UNAVAILABLE: _fixed(lambda _: PlainTextResponse("Service Unavailable", 503)),
    Fault.TIMEOUT: _silent,
    Fault.SLOW_RESUMPTION: _silent,
    Fault.RESET: _reset,
    Fault.RATE_EXCEEDED: _fixed(lambda _: PlainTextResponse("Rate exceeded.")),
    Fault.HTML_PAGE: _fixed(lambda _: HTMLResponse(_PAGE)),
    Fault.EMPTY: _fixed(lambda _: Response(b"", media_type="text/xml")),
    Fault.REDIRECT_LOOP: _fixed(_redirected),
    Fault.TOKEN_EXPIRED: _fixed(lambda _: Response(_EXPIRED, media_type="text/xml")),
    Fault.STALL: _stall,
    Fault.ENDLESS: _endless,
    Fault.TRUNCATED: _spoilt(lambda body: body[: len(body) // 2]),
    Fault.INVALID_UTF8: _spoilt(
        lambda body: body[: len(body) // 2] + b"\xff\xc3(" + body[len(body) // 2 :]
    ),
    Fault.WRONG_TYPE: _spoilt(lambda body: body, b"application/octet-stream"),
    Fault.ENTITY_BOMB: _spoilt(_with_entity(f'<!ENTITY a0 "no paper, ">{_BOMB}', "a9")),
    Fault.EXTERNAL_ENTITY: _spoilt(
        _with_entity('<!ENTITY secret SYSTEM "file:///etc/hostname">', "secret")
    ),
    Fault.NO_ENTRIES: _spoilt(lambda body: _ENTRY.sub(b"", body)),
}
