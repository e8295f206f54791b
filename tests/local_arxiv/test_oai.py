"""OAI-PMH as arXiv serves it."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from tests.local_arxiv import LocalArxiv
from tests.local_arxiv.reading import NS, THURSDAY, WEDNESDAY, word


def oai(client: httpx.Client, **arguments: str) -> Element:
    answer = client.get("/oai", params={k.rstrip("_"): v for k, v in arguments.items()})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml"
    root: Element = fromstring(answer.content)
    return root


def identifiers(root: Element) -> list[str]:
    return [e.text or "" for e in root.iterfind(".//oai:header/oai:identifier", NS)]


def harvest(client: httpx.Client, verb: str, **arguments: str) -> list[str]:
    """All identifiers of a chain of pages."""
    root = oai(client, verb=verb, **arguments)
    found = identifiers(root)
    while token := root.findtext(".//oai:resumptionToken", "", NS):
        root = oai(client, verb=verb, resumptionToken=token)
        found += identifiers(root)
    return found


@pytest.mark.parametrize("page_size", [3, 40, 10_000])
@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
def test_a_chain_of_pages_has_every_paper_once(
    client: httpx.Client, arxiv: LocalArxiv, verb: str, page_size: int
) -> None:
    arxiv.site.oai.page_size = page_size
    try:
        found = harvest(client, verb, metadataPrefix="arXiv", from_="2026-01-21")
    finally:
        arxiv.site.oai.page_size = 40
    changed = {u.id for u in arxiv.site.world.updates if u.day in {WEDNESDAY, THURSDAY}}
    assert sorted(found) == sorted(f"oai:arXiv.org:{name}" for name in changed)


def test_the_last_page_of_a_chain_ends_with_an_empty_token(client: httpx.Client) -> None:
    asked = {"metadataPrefix": "arXiv", "from_": "2026-01-22"}
    first = oai(client, verb="ListIdentifiers", **asked)
    token = first.find(".//oai:resumptionToken", NS)
    assert token is not None
    assert token.get("expirationDate") == "2026-01-23T00:00:00Z"
    assert token.text
    assert "%26skip%3D40" in token.text
    while token is not None and token.text:
        page = oai(client, verb="ListIdentifiers", resumptionToken=token.text)
        token = page.find(".//oai:resumptionToken", NS)
    assert token is not None
    alone = oai(client, verb="ListIdentifiers", metadataPrefix="arXiv", set="physics:hep-ex")
    assert alone.find(".//oai:resumptionToken", NS) is None


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "badVerb"),
        ({"verb": "Foo"}, "badVerb"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "marc"}, "cannotDisseminateFormat"),
        ({"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "cs.AI"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2001-01-01"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2026-01"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "arXiv", "until": "2099-01-01"}, "badArgument"),
        (
            {
                "verb": "ListRecords", "metadataPrefix": "arXiv",
                "from": "2026-01-17", "until": "2026-01-18",
            },
            "noRecordsMatch",
        ),
        ({"verb": "ListRecords", "resumptionToken": "1122234|1001"}, "badResumptionToken"),
        (
            {"verb": "GetRecord", "metadataPrefix": "arXiv", "identifier": "2601.00001"},
            "idDoesNotExist",
        ),
        (
            {"verb": "GetRecord", "metadataPrefix": "arXiv", "identifier": "oai:arXiv.org:1.2"},
            "idDoesNotExist",
        ),
        (
            {
                "verb": "GetRecord", "metadataPrefix": "arXiv",
                "identifier": "oai:arXiv.org:2601.99999",
            },
            "idDoesNotExist",
        ),
        ({"verb": "GetRecord", "metadataPrefix": "arXiv"}, "badArgument"),
    ],
)  # fmt: skip
def test_errors_of_the_protocol_come_as_answers(
    client: httpx.Client, arguments: dict[str, str], code: str
) -> None:
    error = oai(client, **arguments).find("oai:error", NS)
    assert error is not None
    assert error.get("code") == code


def test_sets_hold_what_is_in_their_categories_under_either_name(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    papers = arxiv.site.world.all_as_of(THURSDAY)

    def inside(*names: str) -> list[str]:
        return sorted(
            f"oai:arXiv.org:{p.record.id}" for p in papers if set(names) & set(p.categories)
        )

    def listed(spec: str) -> list[str]:
        return sorted(harvest(client, "ListIdentifiers", metadataPrefix="arXiv", set=spec))

    assert listed("cs:cs:AI") == inside("cs.AI")
    assert listed("physics:hep-th") == inside("hep-th")
    assert listed("eess:eess:SY") == listed("cs:cs:SY") == inside("eess.SY")
    assert listed("q-fin") == inside("q-fin.ST", "q-fin.EC", "econ.GN")
    sets = [e.text for e in oai(client, verb="ListSets").iterfind(".//oai:setSpec", NS)]
    assert {"cs", "cs:cs", "cs:cs:AI", "physics:physics:optics", "physics:hep-th"} <= set(sets)


def test_a_days_records_are_there_from_half_past_ten_the_evening_before(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    asked = {"verb": "ListIdentifiers", "metadataPrefix": "arXiv", "from_": "2026-01-22"}
    arxiv.now = datetime(2026, 1, 22, 3, 29, tzinfo=UTC)
    assert oai(client, **asked).find("oai:error", NS) is not None
    arxiv.now = datetime(2026, 1, 22, 3, 30, tzinfo=UTC)
    assert identifiers(oai(client, **asked))


def get_record(client: httpx.Client, name: str, prefix: str) -> Element:
    asked = {"verb": "GetRecord", "identifier": f"oai:arXiv.org:{name}", "metadataPrefix": prefix}
    return oai(client, **asked)


def test_a_record_tells_the_days_of_its_current_version_and_raw_those_of_all(
    client: httpx.Client,
) -> None:
    plain = get_record(client, "hep-th/9901002", "arXiv")
    assert word(plain, ".//oai:datestamp") == "2026-01-22"
    assert word(plain, ".//x:created") == "2026-01-21"
    assert word(plain, ".//x:updated") == "2026-01-22"
    raw = get_record(client, "hep-th/9901002", "arXivRaw")
    versions = raw.findall(".//raw:version", NS)
    assert [v.get("version") for v in versions] == ["v1", "v2"]
    assert word(versions[0], "raw:date") == "Mon, 04 Jan 1999 16:09:37 GMT"


def test_old_records_have_no_datestamp_before_the_first(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    arxiv.now = datetime(2026, 1, 21, 12, tzinfo=UTC)
    assert word(get_record(client, "hep-th/9901002", "arXiv"), ".//oai:datestamp") == "2005-09-16"


@pytest.mark.parametrize("prefix", ["arXiv", "arXivRaw", "oai_dc"])
def test_a_record_holds_the_title_and_categories(
    client: httpx.Client, arxiv: LocalArxiv, prefix: str
) -> None:
    for record in list(arxiv.site.world.records.values())[-25:]:
        texts = {e.text for e in get_record(client, record.id, prefix).iter()}
        assert {record.title, record.abstract} <= texts
