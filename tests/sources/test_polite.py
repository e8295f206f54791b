from __future__ import annotations

import asyncio
import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from app.errors import (
    BrokenAnswer,
    RateLimited,
    SourceRefused,
    SourceUnavailable,
    Unreachable,
)
from app.sources.hosts import hosts_of
from app.sources.polite import Polite, Validators
from tests.sources.conftest import Notes, Request, Server, answer, head, running_server

ACCEPT = "text/xml"


async def test_an_answer_comes_whole_with_its_validators(
    server: Server, polite: Polite, pace: Notes
) -> None:
    server.answers["/oai"] = answer(
        b"<x/>", Content_Type="Text/XML; charset=utf-8", ETag='"1"', Last_Modified="yesterday"
    )
    reply = await polite.get(f"{server.url}/oai", params={"a": "b&c", "t": "x%3Dy"}, accept=ACCEPT)
    assert (reply.status, reply.body) == (200, b"<x/>")
    assert reply.validators == Validators('"1"', "yesterday")
    assert not reply.not_modified
    asked = server.requests[0]
    assert asked.query == {"a": "b&c", "t": "x%3Dy"}
    assert asked.headers["user-agent"] == "freshprint/0 (+http://localhost)"
    assert asked.headers["accept"] == ACCEPT
    assert asked.headers["accept-encoding"] == "gzip"
    assert "if-none-match" not in asked.headers
    assert pace.events == ["turn", "answered"]


async def test_validators_make_the_request_conditional(server: Server, polite: Polite) -> None:
    server.answers["/feed"] = answer(status=304)
    known = Validators('"1"', "Mon, 02 Feb 2026 05:00:00 GMT")
    reply = await polite.get(f"{server.url}/feed", accept=ACCEPT, validators=known)
    assert reply.not_modified
    assert reply.body == b""
    asked = server.requests[0].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == (known.etag, known.last_modified)


async def test_not_modified_is_no_answer_to_an_unconditional_request(
    server: Server, polite: Polite
) -> None:
    server.answers["/feed"] = answer(status=304)
    with pytest.raises(BrokenAnswer):
        await polite.get(f"{server.url}/feed", accept=ACCEPT)


async def test_gzip_is_undone(server: Server, polite: Polite) -> None:
    server.answers["/"] = answer(gzip.compress(b"<x/>"), Content_Encoding="gzip")
    assert (await polite.get(f"{server.url}/", accept=ACCEPT)).body == b"<x/>"


async def test_cookies_are_not_kept(server: Server, polite: Polite) -> None:
    server.answers["/"] = answer(b"<x/>", Set_Cookie="who=you; Path=/")
    for _ in range(2):
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert "cookie" not in server.requests[1].headers


async def test_a_contact_with_accents_does_not_break_the_request(
    server: Server, pace: Notes, http: httpx.AsyncClient
) -> None:
    server.answers["/"] = answer(b"<x/>")
    polite = Polite(http, pace, user_agent="freshprint/0 (Zoé\n)", hosts=hosts_of(server.url))
    await polite.get(f"{server.url}/", accept=ACCEPT)
    assert server.requests[0].headers["user-agent"] == "freshprint/0 (Zo )"


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "retry_after", "hold"),
    [
        (None, None, 60),
        ("7", 7, 7),
        ("0", 0, 0),
        ("999999999999", 3600, 3600),
        ("-5", None, 60),
        ("soon", None, 60),
        ("Mon, 02 Feb 2026 05:00:30 GMT", 30, 30),
        ("Mon, 02 Feb 2026 04:00:00 GMT", 0, 0),
    ],
)
async def test_a_limited_client_leaves_arxiv_alone_for_as_long_as_it_is_told(  # noqa: PLR0917
    server: Server,
    polite: Polite,
    pace: Notes,
    status: int,
    said: str | None,
    retry_after: float | None,
    hold: float,
) -> None:
    headers = {"Date": "Mon, 02 Feb 2026 05:00:00 GMT"} | ({"Retry-After": said} if said else {})
    server.answers["/"] = answer(b"slow down", status, **headers)
    with pytest.raises(RateLimited) as raised:
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert raised.value.retry_after == retry_after
    assert raised.value.url == f"{server.url}/"
    assert pace.events == ["turn", "answered", f"hold {hold:g}"]


async def test_a_retry_date_is_read_by_our_clock_where_the_server_tells_none(
    server: Server, polite: Polite
) -> None:
    server.answers["/"] = answer(status=429, Retry_After=in_seconds(100))
    with pytest.raises(RateLimited) as raised:
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert raised.value.retry_after is not None
    assert 90 < raised.value.retry_after <= 100


@pytest.mark.parametrize("status", [403, 406, 408, 500, 502, 504, 599])
async def test_trouble_at_arxiv_means_later(
    server: Server, polite: Polite, pace: Notes, status: int
) -> None:
    server.answers["/"] = answer(b"trouble", status)
    with pytest.raises(SourceUnavailable, match=str(status)):
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert pace.events[-1] == "hold 60"


@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_refusal_tells_arxivs_reason_and_not_all_of_it(
    server: Server, polite: Polite, status: int
) -> None:
    body = b"<p>Bad archive\x00 &#39;foo&#39;.</p>" + b"x" * 5000
    server.answers["/rss/foo"] = answer(body, status)
    with pytest.raises(SourceRefused, match=r"/rss/foo: HTTP 4.*Bad archive 'foo'\.") as raised:
        await polite.get(f"{server.url}/rss/foo", accept=ACCEPT)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "body", [b"Rate exceeded.", b" rate exceeded\n", b"<html><body><p>Rate exceeded.</p></body>"]
)
async def test_rate_exceeded_counts_with_http_200_too(
    server: Server, polite: Polite, pace: Notes, body: bytes
) -> None:
    server.answers["/"] = answer(body)
    with pytest.raises(RateLimited):
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert pace.events[-1] == "hold 60"


async def test_a_paper_about_rate_exceeded_is_no_limit(server: Server, polite: Polite) -> None:
    server.answers["/"] = answer(b"<title>When the rate exceeded. A study</title>")
    assert (await polite.get(f"{server.url}/", accept=ACCEPT)).status == 200


@pytest.mark.parametrize("body", [b"", b" \r\n"])
async def test_an_empty_body_is_no_answer(server: Server, polite: Polite, body: bytes) -> None:
    server.answers["/"] = answer(body)
    with pytest.raises(BrokenAnswer, match="empty"):
        await polite.get(f"{server.url}/", accept=ACCEPT)


@pytest.mark.parametrize("status", [204, 206, 300, 302])
async def test_other_statuses_are_no_answer(server: Server, polite: Polite, status: int) -> None:
    server.answers["/"] = answer(status=status)
    with pytest.raises(BrokenAnswer):
        await polite.get(f"{server.url}/", accept=ACCEPT)


async def silence(_: Request, out: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3)


async def stall(_: Request, out: asyncio.StreamWriter) -> None:
    out.write(head(200, {"Content-Length": "100"}) + b"<feed>")
    await out.drain()
    await asyncio.sleep(3)


async def drip(_: Request, out: asyncio.StreamWriter) -> None:
    out.write(head(200, {"Content-Type": "text/xml"}))
    for _i in range(300):  # each byte in time, the whole never
        out.write(b" ")
        await out.drain()
        await asyncio.sleep(0.02)


async def reset(_: Request, out: asyncio.StreamWriter) -> None:
    out.transport.abort()


async def cut(_: Request, out: asyncio.StreamWriter) -> None:
    out.write(head(200, {"Content-Length": "100"}) + b"<feed>")


async def no_http(_: Request, out: asyncio.StreamWriter) -> None:
    out.write(b"220 mail.example.org ESMTP\r\n\r\n")


@pytest.mark.parametrize("misbehave", [silence, stall, drip, reset, cut, no_http])
async def test_a_connection_that_fails_midway_is_unreachable(
    server: Server, polite: Polite, misbehave: object
) -> None:
    server.answers["/"] = misbehave  # type: ignore[assignment]
    began = time.monotonic()
    with pytest.raises(Unreachable) as raised:
        await polite.get(f"{server.url}/", accept=ACCEPT, timeout=0.2)
    assert time.monotonic() - began < 1.5
    assert raised.value.url == f"{server.url}/"


async def test_the_client_goes_on_after_a_stall(server: Server, polite: Polite) -> None:
    server.answers |= {"/stall": stall, "/": answer(b"<x/>")}
    with pytest.raises(Unreachable):
        await polite.get(f"{server.url}/stall", accept=ACCEPT, timeout=0.1)
    assert (await polite.get(f"{server.url}/", accept=ACCEPT, timeout=5)).body == b"<x/>"


async def test_nobody_listening_is_unreachable(pace: Notes, http: httpx.AsyncClient) -> None:
    async with running_server() as gone:
        url = gone.url
    polite = Polite(http, pace, user_agent="x", hosts=hosts_of(url))
    with pytest.raises(Unreachable):
        await polite.get(url, accept=ACCEPT, timeout=5)
    assert pace.events == ["turn"]


async def endless(_: Request, out: asyncio.StreamWriter) -> None:
    out.write(head(200, {"Content-Type": "text/xml"}))
    while True:
        out.write(b"<a/>" * 10_000)
        await out.drain()


async def test_an_endless_body_is_cut_short(server: Server, polite: Polite) -> None:
    server.answers["/"] = endless
    with pytest.raises(BrokenAnswer, match="longer than 1000000 bytes"):
        await polite.get(f"{server.url}/", accept=ACCEPT, timeout=20, max_bytes=1_000_000)


async def test_an_endless_refusal_is_cut_short(server: Server, polite: Polite) -> None:
    async def refuse(request: Request, out: asyncio.StreamWriter) -> None:
        out.write(head(400, {"Content-Type": "text/plain"}))
        while True:
            out.write(b"no " * 10_000)
            await out.drain()

    server.answers["/"] = refuse
    with pytest.raises(SourceRefused):
        await polite.get(f"{server.url}/", accept=ACCEPT, timeout=20)


async def test_a_gzip_bomb_is_measured_unpacked(server: Server, polite: Polite) -> None:
    bomb = gzip.compress(b"0" * 30_000_000)
    assert len(bomb) < 100_000
    server.answers["/"] = answer(bomb, Content_Encoding="gzip")
    with pytest.raises(BrokenAnswer, match="longer than"):
        await polite.get(f"{server.url}/", accept=ACCEPT, max_bytes=100_000)


@pytest.mark.parametrize("encoding", ["zstd", "br", "gzip, gzip", "deflate"])
async def test_an_encoding_not_asked_for_is_not_unpacked(
    server: Server, polite: Polite, encoding: str
) -> None:
    server.answers["/"] = answer(b"....", Content_Encoding=encoding)
    with pytest.raises(BrokenAnswer, match="not asked for"):
        await polite.get(f"{server.url}/", accept=ACCEPT)


async def test_what_only_claims_to_be_gzip_is_broken(server: Server, polite: Polite) -> None:
    server.answers["/"] = answer(b"<feed/>", Content_Encoding="gzip")
    with pytest.raises(BrokenAnswer, match="decompressed"):
        await polite.get(f"{server.url}/", accept=ACCEPT)


async def test_a_redirect_takes_a_turn_of_its_own(
    server: Server, polite: Polite, pace: Notes
) -> None:
    server.answers |= {
        "/old": answer(status=301, Location="/new?a=b#part"),
        "/new": answer(b"<x/>"),
    }
    reply = await polite.get(f"{server.url}/old", accept=ACCEPT)
    assert reply.url == f"{server.url}/new?a=b"
    assert pace.events == ["turn", "answered"] * 2


async def test_redirects_in_a_circle_end(server: Server, polite: Polite) -> None:
    server.answers |= {
        "/a": answer(status=302, Location="/b"),
        "/b": answer(status=307, Location="/a"),
    }
    with pytest.raises(BrokenAnswer, match="circle"):
        await polite.get(f"{server.url}/a", accept=ACCEPT)
    assert len(server.requests) == 2


async def test_redirects_without_end_end(server: Server, polite: Polite) -> None:
    async def further(request: Request, out: asyncio.StreamWriter) -> None:
        await answer(status=302, Location=f"{request.path}x")(request, out)

    server.answers |= {f"/{'x' * n}": further for n in range(20)}
    with pytest.raises(BrokenAnswer, match="too often"):
        await polite.get(f"{server.url}/", accept=ACCEPT)
    assert len(server.requests) == 6


async def test_a_redirect_elsewhere_is_not_followed(server: Server, polite: Polite) -> None:
    async with running_server() as other:
        other.answers["/"] = answer(b"<secret/>")
        server.answers["/"] = answer(status=302, Location=f"{other.url}/")
        with pytest.raises(BrokenAnswer, match="none of arXiv's"):
            await polite.get(f"{server.url}/", accept=ACCEPT)
        assert other.requests == []


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/", "file:///etc/passwd", "//[::1]/", "http://[", "ftp://127.0.0.1/"],
)
async def test_a_redirect_to_what_is_not_arxiv_is_not_followed(
    server: Server, polite: Polite, location: str
) -> None:
    server.answers["/"] = answer(status=302, Location=location)
    with pytest.raises(BrokenAnswer):
        await polite.get(f"{server.url}/", accept=ACCEPT)


async def test_a_redirect_cannot_bring_a_password(server: Server, polite: Polite) -> None:
    there = server.url.replace("://", "://root:secret@")
    server.answers["/"] = answer(status=302, Location=f"{there}/x")
    with pytest.raises(BrokenAnswer):
        await polite.get(f"{server.url}/", accept=ACCEPT)


async def test_a_strange_host_is_not_even_asked(polite: Polite, pace: Notes) -> None:
    with pytest.raises(BrokenAnswer):
        await polite.get("http://example.org/", accept=ACCEPT)
    assert pace.events == []


def test_http_may_become_https_and_never_the_other_way() -> None:
    hosts = hosts_of("http://export.arxiv.org/api/query", "https://rss.arxiv.org")
    assert hosts == {"export.arxiv.org:80", "export.arxiv.org:443", "rss.arxiv.org:443"}
    assert hosts_of("http://127.0.0.1:8080/x") == {"127.0.0.1:8080"}


@pytest.mark.parametrize("etag", ["\xe9", '"' + "a" * 1000 + '"'])
async def test_a_validator_that_cannot_be_sent_back_is_forgotten(
    server: Server, polite: Polite, etag: str
) -> None:
    server.answers["/"] = answer(b"<x/>", ETag=etag)
    assert (await polite.get(f"{server.url}/", accept=ACCEPT)).validators.etag is None
