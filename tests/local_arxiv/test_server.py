"""The pages for people, and the ledger, the clock, the weather."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.local_arxiv import LocalArxiv
from tests.local_arxiv.ledger import Ledger, Watched
from tests.local_arxiv.reading import rss, word


def test_a_list_page_has_the_sections_of_the_announcement(client: httpx.Client) -> None:
    page = client.get("/list/cs.RO/new").text
    assert "Showing new listings for Thursday, 22 January 2026" in page
    assert page.index("New submissions (showing") < page.index("Cross submissions (showing")
    assert "(cross-list from cs.CV)" in page
    assert "<script>" not in client.get("/list/cs.CR/new").text


def test_full_texts_are_there_but_not_for_all(client: httpx.Client) -> None:
    assert 'class="ltx_bibliography"' in client.get("/html/1512.00001").text
    for missing in ("/html/hep-th/9901002", "/html/1901.00002", "/pdf/1901.00002", "/abs/abc"):
        assert client.get(missing).status_code == 404
    assert "An Old-Style" in client.get("/abs/hep-th/9901002v1").text


def test_a_pdf_points_to_its_own_objects(client: httpx.Client) -> None:
    answer = client.get("/pdf/1512.00001v1")
    assert answer.headers["content-type"] == "application/pdf"
    pdf = answer.content
    assert b"Cross-Listed Twice" in pdf
    table = pdf[int(pdf.rsplit(b"startxref\n")[1].split()[0]) :].split(b"\n")
    assert table[0] == b"xref"
    for number, line in enumerate(table[3:8], start=1):
        assert pdf[int(line[:10]) :].startswith(b"%d 0 obj" % number)


def test_the_ledger_counts_what_is_asked_and_how_close_together(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    for path in ("/rss/cs.AI", "/rss/cs.CL", "/oai?verb=Identify", "/_ledger"):
        client.get(path)
    told = client.get("/_ledger").json()
    assert told["count"] == 3
    assert told["by_prefix"] == {"/rss": 2, "/oai": 1}
    assert told["user_agents"] == ["freshprint-tests"]
    assert (told["connections"], told["most_at_once"]) == (1, 1)
    assert 0 < told["closest"] < 5
    assert arxiv.ledger.paths == ["/rss/cs.AI", "/rss/cs.CL", "/oai?verb=Identify"]
    client.post("/_reset")
    assert client.get("/_ledger").json()["closest"] is None


async def test_the_ledger_sees_requests_that_overlap() -> None:
    async def slow(*_: Any) -> None:
        await asyncio.sleep(0.01)

    ledger = Ledger()
    app = Watched(slow, ledger)
    scope: dict[str, Any] = {
        "type": "http", "path": "/", "query_string": b"", "headers": [], "method": "GET",
        "client": None,
    }  # fmt: skip
    await asyncio.gather(*(app(scope, slow, slow) for _ in range(3)))  # type: ignore[arg-type]
    await app(scope, slow, slow)  # type: ignore[arg-type]
    assert ledger.most_at_once == 3
    assert [entry.beside for entry in ledger.entries] == [0, 1, 2, 0]


def test_the_clock_can_be_set_and_runs_on(client: httpx.Client, arxiv: LocalArxiv) -> None:
    client.post("/_clock", json={"now": "2026-01-21T12:00:00"})
    assert "21 Jan" in word(rss(client, "cs.AI")[0], "pubDate")
    assert arxiv.now > datetime(2026, 1, 21, 12, tzinfo=UTC)


def test_a_request_that_names_nobody_is_refused(arxiv: LocalArxiv) -> None:
    bare = httpx.Request("GET", f"{arxiv.url}/rss/cs.AI", headers={"Accept": "*/*"})
    with httpx.Client(headers={"User-Agent": "", "Accept": ""}) as client:
        assert client.send(bare).status_code == 406
        assert client.get(f"{arxiv.url}/rss/cs.AI").status_code == 406


def test_it_can_be_down_and_counts_even_then(client: httpx.Client) -> None:
    client.post("/_down", json=True)
    assert {client.get(path).status_code for path in ("/rss/cs.AI", "/oai", "/abs/x")} == {503}
    assert client.get("/_ledger").json()["count"] == 3
    client.post("/_down", json=False)
    assert client.get("/rss/cs.AI").status_code == 200


def test_its_settings_point_everything_at_it(arxiv: LocalArxiv) -> None:
    settings = arxiv.settings_env()
    assert settings["FRESHPRINT_ARXIV_OAI_URL"] == f"{arxiv.url}/oai"
    assert set(settings) == {
        f"FRESHPRINT_ARXIV_{name}URL" for name in ("", "FEEDS_", "OAI_", "API_")
    }
