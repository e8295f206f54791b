from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.domain.paper import Author, Version
from app.domain.reconcile import Record
from app.errors import BrokenAnswer, FreshprintError, NotFound, SourceRefused, TokenExpired
from app.sources import oai
from app.sources.polite import Polite
from tests.real import REAL
from tests.sources.conftest import Request, Server, answer
from tests.sources.hostile import each_hostile, mutations, raises_only_ours, refuses

XMLNS = 'xmlns="http://www.openarchives.org/OAI/2.0/"'
DAY = date(2026, 1, 5)

RAW = """<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
 <id>1302.2146</id><submitter>Ann Lee</submitter>
 <version version="v2"><date>Tue, 2 Apr 2013 01:50:08 GMT</date><size>849kb</size></version>
 <version version="v1"><date>Fri, 8 Feb 2013 21:00:01 GMT</date><size>853kb</size></version>
 <title>The Same-Sign Signature of RPV/MFV
  SUSY</title><authors>Ann Lee, Bo Xu and Cy
  Young</authors><categories>hep-ph hep-ex math.MP</categories>
 <comments>18 pages, 6 figures; v2: References
  added</comments><journal-ref>J. 1
  (2013)</journal-ref><doi>10.1/x 10.1/y</doi>
 <license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>
 <abstract>  The lack of $p_T&lt;5$ signals
so far.
  We consider &quot;more&quot;.
</abstract></arXivRaw>"""

PARTS = """<arXiv xmlns="http://arxiv.org/OAI/arXiv/">
 <id>hep-th/9901001</id><created>2014-01-09</created><updated>2017-10-23</updated>
 <authors>
  <author><keyname>M\\"uller</keyname><forenames>J. A.</forenames><suffix>Jr.</suffix>
   <affiliation>Univ. of X</affiliation><affiliation>Y Lab</affiliation></author>
  <author><keyname>Planck Collaboration</keyname></author><author><keyname/></author>
 </authors>
 <title>A title</title><categories>hep-th chao-dyn</categories>
 <abstract>Short.</abstract></arXiv>"""


def a_record(metadata: str, datestamp: str = "2026-01-05", identifier: str = "1302.2146") -> str:
    return (
        f"<record><header><identifier>oai:arXiv.org:{identifier}</identifier>"
        f"<datestamp>{datestamp}</datestamp><setSpec>physics:hep-ph</setSpec></header>"
        f"<metadata>{metadata}</metadata></record>"
    )


GONE = (
    '<record><header status="deleted"><identifier>oai:arXiv.org:1302.2147</identifier>'
    "<datestamp>2026-01-05</datestamp></header></record>"
)


def envelope(inner: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH {XMLNS}>'
        f"<responseDate>2026-09-20T05:54:30Z</responseDate><request>x</request>{inner}</OAI-PMH>"
    ).encode()


def listed(*records: str, end: str = "<resumptionToken/>") -> bytes:
    return envelope(f"<ListRecords>{''.join(records)}{end}</ListRecords>")


def error(code: str) -> bytes:
    return envelope(f"<error code='{code}'>Reason: none</error>")


def only(body: bytes) -> Record:
    page = oai.parse(body)
    assert page.unread == ()
    (record,) = page.records
    return record


def test_the_raw_format_tells_versions_and_their_times() -> None:
    record = only(listed(a_record(RAW)))
    paper = record.paper
    first = datetime(2013, 2, 8, 21, 0, 1, tzinfo=UTC)
    second = datetime(2013, 4, 2, 1, 50, 8, tzinfo=UTC)
    assert (record.datestamp, record.deleted) == (DAY, False)
    assert paper.id == ArxivId.parse("1302.2146")
    assert paper.title == "The Same-Sign Signature of RPV/MFV SUSY"
    assert paper.authors == (Author("Ann Lee"), Author("Bo Xu"), Author("Cy Young"))
    assert paper.abstract == 'The lack of $p_T<5$ signals so far.\n\nWe consider "more".'
    assert paper.subjects == ("hep-ph", "hep-ex", "math-ph")
    assert paper.comment == "18 pages, 6 figures; v2: References added"
    assert (paper.journal_ref, paper.doi) == ("J. 1 (2013)", "10.1/x 10.1/y")
    assert paper.licence == "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
    assert paper.versions == (Version(1, first), Version(2, second))
    assert (paper.version, paper.submitted_at, paper.updated_at) == (2, first, second)


def test_the_format_in_parts_tells_affiliations_and_no_times() -> None:
    paper = only(envelope(f"<GetRecord>{a_record(PARTS)}</GetRecord>")).paper
    assert paper.id == ArxivId.parse("hep-th/9901001")
    assert [author.affiliations for author in paper.authors] == [("Univ. of X", "Y Lab"), ()]
    assert paper.authors[0].name.startswith('J. A. M\\"uller')
    assert paper.authors[1].name == "Planck Collaboration"
    assert paper.subjects == ("hep-th", "nlin.CD")
    assert (paper.version, paper.versions) == (None, ())
    assert (paper.submitted_at, paper.updated_at) == (None, None)
    assert (paper.comment, paper.doi, paper.licence) == (None, None, None)


def test_metadata_without_a_namespace_of_its_own_is_read() -> None:
    plain = PARTS.replace(' xmlns="http://arxiv.org/OAI/arXiv/"', "")
    assert only(listed(a_record(plain))).paper.title == "A title"


def test_a_page_tells_how_to_go_on() -> None:
    token = '<resumptionToken cursor="0" completeListSize="102538">verb%3DListRecords%26skip%3D54</resumptionToken>'  # noqa: E501
    page = oai.parse(listed(a_record(RAW), end=token))
    assert (page.token, page.complete_size) == ("verb%3DListRecords%26skip%3D54", 102538)


@pytest.mark.parametrize(
    "end", ["", "<resumptionToken/>", "<resumptionToken completeListSize='1'> </resumptionToken>"]
)
def test_a_page_without_a_token_is_the_last(end: str) -> None:
    assert oai.parse(listed(a_record(RAW), end=end)).token is None


def test_a_deleted_record_is_no_paper_with_empty_fields_to_store() -> None:
    record = only(listed(GONE))
    assert record.deleted
    assert (str(record.paper.id), record.paper.title) == ("1302.2147", "")


@pytest.mark.parametrize(
    "spoilt",
    [
        a_record(RAW.replace("<id>1302.2146</id>", "<id>1399.2146</id>")),
        a_record(RAW.replace("hep-ph hep-ex math.MP", "no-such")),
        a_record(RAW.replace("<title>", "<t>").replace("</title>", "</t>")),
        a_record("<oai_dc/>"),
        a_record(""),
        a_record(RAW, datestamp="someday"),
        "<record/>",
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_costs_no_other(spoilt: str) -> None:
    page = oai.parse(listed(spoilt, a_record(PARTS)))
    assert [str(record.paper.id) for record in page.records] == ["hep-th/9901001"]
    assert len(page.unread) == 1


def test_versions_with_unreadable_numbers_or_times_are_not_made_up() -> None:
    raw = RAW.replace('"v1"', '"v0"').replace("Tue, 2 Apr", "Tue, 99 Apr")
    paper = only(listed(a_record(raw))).paper
    assert paper.versions == (Version(2, None),)
    assert (paper.version, paper.submitted_at, paper.updated_at) == (2, None, None)


def test_nothing_to_list_is_an_empty_page() -> None:
    page = oai.parse(error("noRecordsMatch"))
    assert (page.records, page.token, page.unread) == ((), None, ())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("idDoesNotExist", NotFound),
        ("badResumptionToken", TokenExpired),
        ("badArgument", SourceRefused),
        ("badVerb", SourceRefused),
        ("cannotDisseminateFormat", SourceRefused),
        ("", SourceRefused),
    ],
)
def test_errors_are_told_by_type(code: str, kind: type[FreshprintError]) -> None:
    with pytest.raises(kind, match="Reason: none"):
        oai.parse(error(code))


@each_hostile
def test_hostile_bytes_are_a_broken_answer(body: bytes) -> None:
    refuses(oai.parse, body)


@pytest.mark.parametrize(
    "body",
    [
        envelope("<Identify/>"),
        listed(end=""),
        listed(a_record(RAW))[:-20],
        a_record(RAW).encode(),
    ],
)
def test_an_answer_to_something_else_is_broken(body: bytes) -> None:
    refuses(oai.parse, body)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=300), mutations(listed(a_record(RAW), a_record(PARTS), GONE))))
def test_any_bytes_give_a_page_or_an_error_of_ours(body: bytes) -> None:
    raises_only_ours(oai.parse, body)


def test_requests_are_the_protocols() -> None:
    assert oai.list_params("arXiv", from_day=DAY, until_day=DAY, set_spec="cs:cs:AI") == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "from": "2026-01-05",
        "until": "2026-01-05",
        "set": "cs:cs:AI",
    }
    assert oai.list_params("arXivRaw", from_day=DAY).keys() == {"verb", "metadataPrefix", "from"}
    assert oai.resume_params("a%3D1") == {"verb": "ListRecords", "resumptionToken": "a%3D1"}
    assert oai.get_params(ArxivId.parse("hep-th/9901001v2"), "arXivRaw") == {
        "verb": "GetRecord",
        "identifier": "oai:arXiv.org:hep-th/9901001",
        "metadataPrefix": "arXivRaw",
    }


def chain(**pages: bytes) -> object:
    """Answers the first request with `first`, and others by their token."""

    async def serve(request: Request, out: asyncio.StreamWriter) -> None:
        await answer(pages[request.query.get("resumptionToken", "first")])(request, out)

    return serve


def token(text: str) -> str:
    return f"<resumptionToken>{text}</resumptionToken>"


async def test_pages_are_followed_to_the_end(server: Server, polite: Polite) -> None:
    server.answers["/oai"] = chain(  # type: ignore[assignment]
        **{
            "first": listed(a_record(RAW), end=token("a%3D1")),
            "a%3D1": listed(a_record(PARTS), end=token("b")),
            "b": listed(GONE),
        }
    )
    found = [
        str(record.paper.id)
        async for page in oai.pages(polite, f"{server.url}/oai", from_day=DAY, set_spec="cs")
        for record in page.records
    ]
    assert found == ["1302.2146", "hep-th/9901001", "1302.2147"]
    assert server.requests[0].query["set"] == "cs"
    assert server.requests[0].query["metadataPrefix"] == "arXivRaw"
    assert server.requests[1].query == {"verb": "ListRecords", "resumptionToken": "a%3D1"}


async def test_pages_that_lead_in_a_circle_end(server: Server, polite: Polite) -> None:
    page = listed(a_record(RAW), end=token("again"))
    server.answers["/oai"] = chain(first=page, again=page)  # type: ignore[assignment]
    seen = 0
    with pytest.raises(BrokenAnswer, match="circle"):
        async for _ in oai.pages(polite, f"{server.url}/oai", from_day=DAY):
            seen += 1
    assert seen == 2


async def test_a_token_that_expired_says_so_and_where(server: Server, polite: Polite) -> None:
    server.answers["/oai"] = chain(  # type: ignore[assignment]
        first=listed(a_record(RAW), end=token("old")), old=error("badResumptionToken")
    )
    with pytest.raises(TokenExpired) as raised:
        async for _ in oai.pages(polite, f"{server.url}/oai", from_day=DAY):
            pass
    assert "resumptionToken=old" in raised.value.url


async def test_one_paper_is_asked_for_by_its_id(server: Server, polite: Polite) -> None:
    url = f"{server.url}/oai"
    server.answers["/oai"] = answer(envelope(f"<GetRecord>{a_record(RAW)}</GetRecord>"))
    found = await oai.record(polite, url, ArxivId.parse("1302.2146v1"))
    assert found.paper.version == 2
    assert server.requests[0].query["identifier"] == "oai:arXiv.org:1302.2146"
    with pytest.raises(BrokenAnswer):
        await oai.record(polite, url, ArxivId.parse("1302.2147"))
    server.answers["/oai"] = answer(error("idDoesNotExist"))
    with pytest.raises(NotFound):
        await oai.record(polite, url, ArxivId.parse("1302.2147"))


OAI = (REAL or Path()) / "protocol" / "oai"
needs_real = pytest.mark.skipif(REAL is None, reason="no real data here")


@needs_real
@pytest.mark.parametrize(
    ("name", "count", "has_token"),
    [("1", 1000, True), ("2", 1000, True), ("103", 538, False)],
)
def test_a_harvest_of_2016_is_read_whole(name: str, count: int, has_token: bool) -> None:
    page = oai.parse((OAI / f"bulk-2016-cs/{name}.xml").read_bytes())
    assert (len(page.records), page.unread) == (count, ())
    assert (page.token is not None, page.complete_size) == (has_token, 102538)
    assert all(r.paper.authors and r.paper.abstract for r in page.records)
    assert not any("\n" in r.paper.abstract.replace("\n\n", "") for r in page.records)


@needs_real
@pytest.mark.parametrize("prefix", ["arXiv", "arXivRaw"])
def test_a_chain_of_pages_holds_what_one_long_page_does(prefix: str) -> None:
    folder = OAI / "generated-by-arXiv-oaipmh-server"
    chained = [
        oai.parse(file.read_bytes())
        for file in sorted((folder / "limit60").glob(f"ListRecords_{prefix}_p*.xml"))
    ]
    whole = oai.parse((folder / f"limit2500/ListRecords_{prefix}_p01.xml").read_bytes())
    assert whole.unread == ()
    assert {record for page in chained for record in page.records} == set(whole.records)
    assert [page.token is None for page in chained] == [False] * (len(chained) - 1) + [True]
    assert len(whole.records) == 503
    if prefix == "arXivRaw":
        assert all(r.paper.submitted_at and r.paper.updated_at for r in whole.records)


@needs_real
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("err_badArgument_from", SourceRefused),
        ("err_badArgument_noprefix", SourceRefused),
        ("err_badArgument_set", SourceRefused),
        ("err_badArgument_timegranularity", SourceRefused),
        ("err_badArgument_until_future", SourceRefused),
        ("err_badResumptionToken", TokenExpired),
        ("err_badVerb", SourceRefused),
        ("err_cannotDisseminateFormat", SourceRefused),
        ("err_idDoesNotExist", NotFound),
        ("err_idDoesNotExist_form", NotFound),
        ("GetRecord_cs_9901002_arXiv", NotFound),
        ("Identify", BrokenAnswer),
        ("ListSets", BrokenAnswer),
        ("ListMetadataFormats", BrokenAnswer),
    ],
)
def test_errors_of_arxivs_own_program_are_told_by_type(
    name: str, kind: type[FreshprintError]
) -> None:
    with pytest.raises(kind):
        oai.parse((OAI / f"generated-by-arXiv-oaipmh-server/limit2500/{name}.xml").read_bytes())


@needs_real
def test_another_format_is_no_empty_page() -> None:
    page = oai.parse(
        (OAI / "generated-by-arXiv-oaipmh-server/limit60/ListRecords_oai_dc_p09.xml").read_bytes()
    )
    assert page.records == ()
    assert page.unread
    assert page.unread[0].endswith("neither arXiv nor arXivRaw")


REFUSED = {
    "ErrorResponseBadArgument.xml": SourceRefused,
    "ErrorResponseBadVerb.xml": SourceRefused,
    "ErrorResponseBadResumptionToken.xml": TokenExpired,
    "ErrorResponseIdDoesNotExist.xml": NotFound,
}


@needs_real
def test_every_captured_answer_of_2015_to_2026_is_read_or_refused_for_a_reason() -> None:
    papers = 0
    for folder in ("captured-2026", "arXivOAIHarvester", "hepcrawl"):
        for file in sorted((OAI / folder).glob("*.xml")):
            if file.name in REFUSED:
                with pytest.raises(REFUSED[file.name]):
                    oai.parse(file.read_bytes())
                continue
            page = oai.parse(file.read_bytes())
            assert page.unread == (), file.name
            assert all(r.paper.authors and r.paper.abstract for r in page.records), file.name
            papers += len(page.records)
    assert papers == 40


@needs_real
@pytest.mark.parametrize("folder", ["ADSIngestParser", "adsabs-pyingest"])
def test_a_record_without_its_envelope_is_broken(folder: str) -> None:
    for file in sorted((OAI / folder).iterdir()):
        if b"<OAI-PMH" not in file.read_bytes():
            refuses(oai.parse, file.read_bytes())
