from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, Paper, Version
from app.errors import BrokenAnswer, InvalidArxivId, SourceRefused
from app.sources import api
from app.sources.polite import Polite
from tests.real import REAL
from tests.sources.conftest import Request, Server, answer
from tests.sources.hostile import each_hostile, mutations, raises_only_ours, refuses

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
SEARCH = 'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
ARXIV = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'

# the server of 2026: namespaces at the top, one line of text
NEW_ENTRY = """<entry><id>http://arxiv.org/abs/2101.00001v3</id><title>On $a&lt;b$ &amp; c</title>
<updated>2021-05-06T07:08:09Z</updated>
<link href="https://arxiv.org/abs/2101.00001v3" rel="alternate" type="text/html"/>
<summary>  One &lt;3&gt; line.</summary>
<category term="cs.IT" scheme="x"/><category term="stat.ML"/>
<category term="math.IT"/><category term="68T05; I.2.7"/><category term="E.4"/>
<published>2021-01-02T03:04:05Z</published><arxiv:comment>44 pages</arxiv:comment>
<arxiv:primary_category term="stat.ML"/><arxiv:journal_ref>J. 1 (2021)</arxiv:journal_ref>
<author><name>Ann Lee</name><arxiv:affiliation>X</arxiv:affiliation>
<arxiv:affiliation>Y</arxiv:affiliation></author><author><name>Bo Xu</name></author>
<author><name> </name></author><arxiv:doi>10.1/x</arxiv:doi></entry>"""

# the server until 2025: namespaces on each element, hard-wrapped text
OLD_ENTRY = f"""<entry>
<id>http://arxiv.org/abs/hep-th/9901001v1</id>
<updated>1999-01-04T12:38:54Z</updated><published>1999-01-04T12:38:54Z</published>
<title>Quantum Criticality in the Large
  Connectivity Limit</title>
<summary>  Theoretical description is
a challenge.
  We study.
</summary><author><name>Ann Lee</name></author>
<arxiv:comment {ARXIV}>8 pages,
  3 figures</arxiv:comment><arxiv:primary_category {ARXIV} term="hep-th" scheme="x"/>
<category term="hep-th" scheme="x"/></entry>"""


def written(*entries: str, total: int | None = None, per_page: int = 100, start: int = 0) -> bytes:
    total = len(entries) if total is None else total
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<feed {SEARCH} {ARXIV} {ATOM}>"
        f"<id>https://arxiv.org/api/x</id><title>arXiv Query</title>"
        f"<opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(entries)}</feed>"
    ).encode()


def error(summary: str) -> bytes:
    return written(
        "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title>"
        f"<summary>{summary}</summary><author><name>arXiv api core</name></author></entry>",
        per_page=1,
    )


def only(body: bytes) -> Paper:
    read = api.parse(body)
    assert read.unread == ()
    (paper,) = read.papers
    return paper


def test_the_layout_of_2026_is_read() -> None:
    first = datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC)
    current = datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert only(written(NEW_ENTRY)) == Paper(
        id=ArxivId.parse("2101.00001"),
        title="On $a<b$ & c",
        authors=(Author("Ann Lee", ("X", "Y")), Author("Bo Xu")),
        abstract="One <3> line.",
        subjects=("stat.ML", "cs.IT"),
        version=3,
        comment="44 pages",
        journal_ref="J. 1 (2021)",
        doi="10.1/x",
        submitted_at=first,
        updated_at=current,
        versions=(Version(1, first), Version(3, current)),
    )


def test_the_layout_until_2025_is_read() -> None:
    paper = only(written(OLD_ENTRY))
    assert (str(paper.id), paper.version) == ("hep-th/9901001", 1)
    assert paper.title == "Quantum Criticality in the Large Connectivity Limit"
    assert paper.abstract == "Theoretical description is a challenge.\n\nWe study."
    assert paper.comment == "8 pages, 3 figures"
    assert paper.subjects == ("hep-th",)
    assert (paper.doi, paper.journal_ref, paper.licence) == (None, None, None)
    assert paper.versions == (Version(1, datetime(1999, 1, 4, 12, 38, 54, tzinfo=UTC)),)


def test_no_result_is_an_empty_answer() -> None:
    assert api.parse(written()) == api.Answer((), 0)


def test_a_total_may_be_asked_for_alone() -> None:
    assert api.parse(written(total=5, per_page=0)).total == 5
    assert api.parse(written(total=5, start=5)).total == 5


@pytest.mark.parametrize(
    "body", [written(total=1), written(NEW_ENTRY, total=2), written(total=500, start=499)]
)
def test_fewer_papers_than_promised_is_broken_and_not_few_papers(body: bytes) -> None:
    refuses(api.parse, body)


def test_errors_are_told_by_type() -> None:
    with pytest.raises(InvalidArxivId, match="incorrect id format for abc"):
        api.parse(error("incorrect id format for abc"))
    with pytest.raises(SourceRefused, match="max_results must be"):
        api.parse(error("max_results must be non-negative"))


@pytest.mark.parametrize(
    "spoilt",
    [
        NEW_ENTRY.replace("http://arxiv.org/abs/2101.00001v3", ""),
        NEW_ENTRY.replace("stat.ML", "E.5").replace("cs.IT", "E.6").replace("math.IT", "E.7"),
        NEW_ENTRY.replace("title>", "t>"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named_and_costs_no_other(spoilt: str) -> None:
    read = api.parse(written(spoilt, OLD_ENTRY))
    assert [str(paper.id) for paper in read.papers] == ["hep-th/9901001"]
    assert len(read.unread) == 1


@each_hostile
def test_hostile_bytes_are_a_broken_answer(body: bytes) -> None:
    refuses(api.parse, body)


def test_a_feed_of_another_kind_is_broken() -> None:
    refuses(api.parse, f"<feed {ATOM}><title>x</title></feed>".encode())
    refuses(api.parse, written(NEW_ENTRY)[:-30])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), mutations(written(NEW_ENTRY, OLD_ENTRY))))
def test_any_bytes_give_an_answer_or_an_error_of_ours(body: bytes) -> None:
    raises_only_ours(api.parse, body)


def test_papers_are_asked_for_as_they_stand_now() -> None:
    ids = [ArxivId.parse("2101.00001v2"), ArxivId.parse("hep-th/9901001")]
    assert api.query_params(ids, 2) == {
        "id_list": "2101.00001,hep-th/9901001",
        "start": "0",
        "max_results": "2",
    }


async def test_many_papers_are_fetched_a_hundred_at_a_time(server: Server, polite: Polite) -> None:
    async def serve(request: Request, out: asyncio.StreamWriter) -> None:
        ids = request.query["id_list"].split(",")
        known = [paper_id for paper_id in ids if paper_id != "2101.00007"]
        entries = [NEW_ENTRY.replace("2101.00001", paper_id) for paper_id in known]
        body = written(*entries, per_page=int(request.query["max_results"]))
        await answer(body)(request, out)

    server.answers["/api/query"] = serve
    wanted = [ArxivId.parse(f"2101.{n:05}") for n in range(1, 251)]
    papers = await api.fetch(polite, f"{server.url}/api/query", [*wanted, *wanted[:3]])
    assert [paper.id for paper in papers] == [w for w in wanted if str(w) != "2101.00007"]
    assert [len(r.query["id_list"].split(",")) for r in server.requests] == [100, 100, 50]


async def test_a_broken_answer_tells_its_address(server: Server, polite: Polite) -> None:
    server.answers["/api/query"] = answer(written(total=1))
    with pytest.raises(BrokenAnswer) as raised:
        await api.fetch(polite, f"{server.url}/api/query", [ArxivId.parse("2101.00001")])
    assert "id_list=2101.00001" in raised.value.url


async def test_no_ids_ask_nothing(server: Server, polite: Polite) -> None:
    assert await api.fetch(polite, f"{server.url}/api/query", []) == ()
    assert server.requests == []


FOLDER = (REAL or Path()) / "protocol" / "atom-api"
needs_real = pytest.mark.skipif(REAL is None, reason="no real data here")


@needs_real
@pytest.mark.parametrize("era", ["2026", "history"])
def test_every_captured_answer_is_read_or_refused_for_a_reason(era: str) -> None:
    files = sorted((FOLDER / era).rglob("*.xml"))
    assert files
    for file in files:
        body = file.read_bytes()
        if "id_abc" in file.name:
            with pytest.raises(InvalidArxivId):
                api.parse(body)
            continue
        read = api.parse(body)
        assert len(read.papers) == body.count(b"<entry>"), file.name
        assert read.unread == (), file.name
        assert all(p.authors and p.submitted_at and p.version for p in read.papers), file.name
