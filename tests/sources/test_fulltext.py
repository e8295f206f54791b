"""A paper's text from arXiv: HTML first, the PDF else, at a reader's pace or a crawler's."""

from __future__ import annotations

import pytest

from app.domain.arxiv_id import ArxivId
from app.domain.fulltext import Origin, Reason, material
from app.errors import BrokenAnswer, RateLimited, SourceUnavailable, Unreadable
from app.sources.fulltext import full_text
from app.sources.polite import Polite
from tests.local_arxiv.pdf_writer import lines, pdf_of
from tests.sources.conftest import Notes, Server, answer

WORDS = "Words enough for a paper that is meant to be read by somebody, and then some more. " * 2
HTML = (
    "<html><body><article class='ltx_document'><h1 class='ltx_title ltx_title_document'>T</h1>"
    f"<section id='S1' class='ltx_section'><p class='ltx_p'>{WORDS}</p></section></article></body>"
).encode()
PDF = pdf_of([lines([WORDS])])
PAPER = ArxivId.parse("2401.00001v2")


async def test_html_is_asked_for_first_in_the_version_named(polite: Polite, server: Server) -> None:
    server.answers["/html/2401.00001v2"] = answer(HTML)
    text = await full_text(polite, server.url, PAPER)
    assert text.origin is Origin.HTML
    assert "[S1]" in material(text)
    assert [request.path for request in server.requests] == ["/html/2401.00001v2"]
    assert server.requests[0].headers["accept"] == "text/html"


@pytest.mark.parametrize(
    "html",
    [
        answer(b"<h1>No HTML for 'x'</h1>", 404),
        answer(b"<html><body>No HTML for 'x'</body></html>"),
        answer(HTML.replace(WORDS.encode(), b"")),
        answer(HTML.replace(b"</article>", b"")),
        answer(b"<html><body>What is this?</body></html>"),
        answer(b"bad", 400),
    ],
    ids=["404", "200 that says so", "empty", "cut off", "another page", "400"],
)
async def test_the_pdf_is_read_where_html_is_none_to_rely_on(
    polite: Polite, server: Server, html: object
) -> None:
    server.answers["/html/2401.00001v2"] = html  # type: ignore[assignment]
    server.answers["/pdf/2401.00001v2"] = answer(PDF, Content_Type="application/pdf")
    text = await full_text(polite, server.url, PAPER)
    assert text.origin is Origin.PDF
    assert text.parts[0].place == "p1"


async def test_an_old_id_has_its_archive_in_the_path(polite: Polite, server: Server) -> None:
    server.answers["/pdf/hep-th/9901001v1"] = answer(PDF)
    text = await full_text(polite, server.url, ArxivId.parse("hep-th/9901001v1"))
    assert text.origin is Origin.PDF
    assert server.requests[0].path == "/html/hep-th/9901001v1"


async def test_a_withdrawn_paper_has_no_files(polite: Polite, server: Server) -> None:
    with pytest.raises(Unreadable) as raised:
        await full_text(polite, server.url, PAPER)
    assert raised.value.reason == Reason.NO_FILES


async def test_a_pdf_that_can_not_be_read_says_why(polite: Polite, server: Server) -> None:
    server.answers["/pdf/2401.00001v2"] = answer(b"%PDF-1.4\nno")
    with pytest.raises(Unreadable) as raised:
        await full_text(polite, server.url, PAPER)
    assert raised.value.reason == Reason.BROKEN


async def test_a_page_in_place_of_a_pdf_is_for_later(polite: Polite, server: Server) -> None:
    server.answers["/pdf/2401.00001v2"] = answer(b"\n<html>Making your PDF, please wait</html>")
    with pytest.raises(BrokenAnswer) as raised:
        await full_text(polite, server.url, PAPER)
    assert raised.value.url.endswith("/pdf/2401.00001v2")


async def test_when_arxiv_wants_quiet_the_pdf_is_not_asked_for(
    polite: Polite, server: Server
) -> None:
    server.answers["/html/2401.00001v2"] = answer(b"", 429)
    with pytest.raises(RateLimited):
        await full_text(polite, server.url, PAPER)
    server.answers["/html/2401.00001v2"] = answer(b"", 500)
    with pytest.raises(SourceUnavailable):
        await full_text(polite, server.url, PAPER)
    assert len(server.requests) == 2


async def test_reading_in_the_background_takes_a_crawlers_turn_for_each_page(
    polite: Polite, server: Server, pace: Notes
) -> None:
    crawl = Notes()
    server.answers["/pdf/2401.00001v2"] = answer(PDF)
    await full_text(polite, server.url, PAPER, crawl=crawl)
    assert crawl.events == ["turn", "turn"]
    assert pace.events.count("turn") == 2
    await full_text(polite, server.url, PAPER)
    assert crawl.events == ["turn", "turn"]


async def test_a_file_that_is_too_long_will_not_be_shorter_later(
    polite: Polite, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sources.fulltext.MOST_PDF", 100)
    server.answers["/pdf/2401.00001v2"] = answer(PDF)
    with pytest.raises(Unreadable) as raised:
        await full_text(polite, server.url, PAPER)
    assert raised.value.reason == Reason.COSTLY
