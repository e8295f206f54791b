"""Each fault as a client meets it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from defusedxml.ElementTree import ParseError, fromstring

from app.domain.taxonomy import ARCHIVES
from tests.local_arxiv import LocalArxiv
from tests.local_arxiv.fault_kinds import CONTENT, WHERE
from tests.local_arxiv.faults import Fault, Trouble, Weather
from tests.local_arxiv.reading import MORNING, NS, rss, word

LIST = "/oai?verb=ListRecords&metadataPrefix=arXivRaw&from=2026-01-22"


def ids(client: httpx.Client, names: str = "cs") -> list[str]:
    return [word(item, "guid").removeprefix("oai:arXiv.org:") for item in rss(client, names)]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Fault.TOO_MANY, lambda a: a.status_code == 429 and "retry-after" not in a.headers),
        (Fault.TOO_MANY_UNTIL, lambda a: a.status_code == 429 and a.headers["retry-after"] == "7"),
        (Fault.NOT_ACCEPTABLE, lambda a: a.status_code == 406),
        (Fault.UNAVAILABLE, lambda a: a.status_code == 503),
        (Fault.RATE_EXCEEDED, lambda a: (a.status_code, a.text) == (200, "Rate exceeded.")),
        (Fault.HTML_PAGE, lambda a: a.status_code == 200 and "<html>" in a.text),
        (Fault.EMPTY, lambda a: (a.status_code, a.content) == (200, b"")),
        (Fault.REDIRECT_LOOP, lambda a: a.url.join(a.headers["location"]) == a.url),
        (Fault.TRUNCATED, lambda a: b"<channel>" in a.content and b"</rss>" not in a.content),
        (Fault.INVALID_UTF8, lambda a: b"\xff" in a.content and b"</rss>" in a.content),
        (Fault.WRONG_TYPE, lambda a: a.headers["content-type"] == "application/octet-stream"),
        (Fault.ENTITY_BOMB, lambda a: b"&a9;" in a.content and b"</rss>" in a.content),
        (Fault.EXTERNAL_ENTITY, lambda a: b"SYSTEM" in a.content and b"&secret;" in a.content),
    ],
)
def test_an_answer_is_a_fault_as_often_as_asked_and_then_the_true_one(
    arxiv: LocalArxiv,
    client: httpx.Client,
    fault: Fault,
    seen: Callable[[httpx.Response], bool],
) -> None:
    true = client.get("/rss/cs.AI").content
    arxiv.weather = Weather.of([fault], times=2, retry_after=7)
    for _ in range(2):
        assert seen(client.get("/rss/cs.AI"))
    assert client.get("/rss/cs.AI").content == true
    assert [strike.fault for strike in arxiv.weather.struck] == [fault, fault]


def test_silence_ends_with_the_answer_for_who_waits(
    arxiv: LocalArxiv, client: httpx.Client
) -> None:
    arxiv.weather = Weather.of([Fault.TIMEOUT, Fault.STALL], times=1, seconds=0.3)
    true = arxiv.weather.seconds
    for _ in range(2):
        began = time.monotonic()
        assert client.get("/rss/cs.AI").content.endswith(b"</rss>\n")
        assert time.monotonic() - began >= true


@pytest.mark.parametrize("fault", [Fault.TIMEOUT, Fault.STALL])
def test_silence_is_noticed_by_who_does_not_wait(
    arxiv: LocalArxiv, client: httpx.Client, fault: Fault
) -> None:
    arxiv.weather = Weather.of([fault], times=1, seconds=20)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/rss/cs.AI", timeout=0.2)
    assert client.get("/rss/cs.AI").status_code == 200


def test_a_connection_is_reset(arxiv: LocalArxiv, client: httpx.Client) -> None:
    arxiv.weather = Weather.of([Fault.RESET], times=1)
    with pytest.raises(httpx.ReadError, match="reset"):
        client.get("/rss/cs.AI")
    assert client.get("/rss/cs.AI").status_code == 200


def test_an_endless_body_ends_with_its_reader(arxiv: LocalArxiv, client: httpx.Client) -> None:
    arxiv.weather = Weather.of([Fault.ENDLESS], times=1)
    received = 0
    with client.stream("GET", "/rss/cs.AI") as answer:
        for chunk in answer.iter_bytes():
            received += len(chunk)
            if received > 3_000_000:
                break
    assert client.get("/rss/cs.AI").status_code == 200
    assert arxiv.site.ledger.in_flight <= 1


def test_a_token_expires_in_mid_chain_only(arxiv: LocalArxiv, client: httpx.Client) -> None:
    arxiv.weather = Weather.of([Fault.TOKEN_EXPIRED], times=1)
    token = fromstring(client.get(LIST).content).findtext(".//oai:resumptionToken", "", NS)
    asked = {"verb": "ListRecords", "resumptionToken": token}
    assert "badResumptionToken" in client.get("/oai", params=asked).text
    assert "<record>" in client.get("/oai", params=asked).text


def test_a_resumption_takes_long(arxiv: LocalArxiv, client: httpx.Client) -> None:
    arxiv.weather = Weather.of([Fault.SLOW_RESUMPTION], times=1, seconds=0.3)
    token = fromstring(client.get(LIST).content).findtext(".//oai:resumptionToken", "", NS)
    began = time.monotonic()
    client.get("/oai", params={"verb": "ListRecords", "resumptionToken": token})
    assert time.monotonic() - began >= 0.3


def test_the_api_may_count_papers_and_show_none(arxiv: LocalArxiv, client: httpx.Client) -> None:
    arxiv.weather = Weather.of([Fault.NO_ENTRIES], times=1)
    root = fromstring(client.get("/api/query?id_list=1512.00001").content)
    assert root.findtext("os:totalResults", "", NS) == "1"
    assert root.findall("a:entry", NS) == []


def test_yesterdays_feed_bears_its_own_date_or_todays(
    arxiv: LocalArxiv, client: httpx.Client
) -> None:
    today = ids(client)
    arxiv.now = MORNING - timedelta(days=1)
    yesterday = ids(client)
    arxiv.now = MORNING
    for fault, date in ((Fault.YESTERDAY, "21 Jan"), (Fault.YESTERDAY_AS_TODAY, "22 Jan")):
        arxiv.weather = Weather.of([fault], times=1)
        items = rss(client, "cs")
        assert [word(i, "guid").removeprefix("oai:arXiv.org:") for i in items] == yesterday
        assert all(date in word(item, "pubDate") for item in items)
        assert ids(client) == today


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        (Fault.PART_OF_NEW, {"new"}),
        (Fault.PART_OF_CROSS_LISTS, {"cross"}),
        (Fault.PART_OF_REPLACEMENTS, {"replace", "replace-cross"}),
    ],
)
def test_a_part_of_a_day_is_the_same_in_every_feed(
    arxiv: LocalArxiv, client: httpx.Client, fault: Fault, kinds: set[str]
) -> None:
    everything = "+".join(ARCHIVES)
    whole, of_ai = ids(client, everything), ids(client, "cs.AI")
    told = {word(i, "guid")[14:]: word(i, "arxiv:announce_type") for i in rss(client, everything)}
    arxiv.weather = Weather.of([fault], until=MORNING + timedelta(minutes=5), times=99)
    part = ids(client, everything)
    missing = {told[paper_id] for paper_id in whole if paper_id not in part}
    assert missing and missing <= kinds
    assert part == [paper_id for paper_id in whole if paper_id in part]
    assert ids(client, "cs.AI") == [paper_id for paper_id in of_ai if paper_id in part]
    arxiv.now = MORNING + timedelta(minutes=6)
    assert ids(client, everything) == whole


def test_items_come_in_any_order_and_twice(arxiv: LocalArxiv, client: httpx.Client) -> None:
    whole = ids(client)
    arxiv.weather = Weather.of([Fault.SHUFFLED], times=1)
    shuffled = ids(client)
    assert len(shuffled) > len(whole)
    assert set(shuffled) == set(whole)
    assert list(dict.fromkeys(shuffled)) != whole


def test_some_items_lack_authors_or_categories(arxiv: LocalArxiv, client: httpx.Client) -> None:
    for fault, tag in ((Fault.NO_AUTHORS, "dc:creator"), (Fault.NO_CATEGORY, "category")):
        arxiv.weather = Weather.of([fault], times=1)
        having = [item.find(tag, NS) is not None for item in rss(client, "cs")]
        assert {True, False} == set(having)


def test_some_of_the_days_papers_are_unknown_to_oai(
    arxiv: LocalArxiv, client: httpx.Client
) -> None:
    arxiv.site.oai.page_size = 1_000
    arxiv.weather = Weather.of([Fault.UNKNOWN_TO_OAI], times=2)
    part, whole = client.get(LIST).text, None
    assert 'code="idDoesNotExist"' not in part
    client.get("/oai?verb=Identify")
    whole = client.get(LIST).text
    arxiv.site.oai.page_size = 40
    assert 0 < part.count("<record>") < whole.count("<record>")


def test_the_same_seed_strikes_the_same_requests(arxiv: LocalArxiv, client: httpx.Client) -> None:
    def answers(seed: int) -> list[int]:
        arxiv.weather = Weather.of([Fault.UNAVAILABLE, Fault.TOO_MANY], seed, share=0.3, times=9)
        return [client.get("/rss/cs.AI").status_code for _ in range(30)]

    first, again, other = answers(1), answers(1), answers(2)
    assert first == again != other
    assert set(first) == {200, 429, 503}


def test_mixtures_are_drawn_by_seed() -> None:
    drawn = [Weather.mixed(seed, list(Fault)).troubles for seed in range(200)]
    assert drawn == [Weather.mixed(seed, list(Fault)).troubles for seed in range(200)]
    assert {trouble.fault for troubles in drawn for trouble in troubles} == set(Fault)
    assert {len(troubles) for troubles in drawn} == {2, 3, 4}


def test_a_fault_strikes_only_what_it_can() -> None:
    assert WHERE.keys() == set(Fault)
    asked = "/rss/cs.AI", "/oai?verb=Identify", "/oai?resumptionToken=x", "/api/query", "/abs/x"
    for fault in CONTENT:
        assert Trouble(fault).meets(asked[0], MORNING) == (fault is not Fault.UNKNOWN_TO_OAI)
        assert not Trouble(fault).meets(asked[4], MORNING)
    assert [Trouble(Fault.TOKEN_EXPIRED).meets(path, MORNING) for path in asked] == [
        False, False, True, False, False,
    ]  # fmt: skip
    assert not Trouble(Fault.RESET, prefix="/oai").meets(asked[0], MORNING)


def test_the_weather_is_set_over_http(arxiv: LocalArxiv, client: httpx.Client) -> None:
    told = {"faults": ["unavailable"], "times": 5, "until": "2026-01-22T06:30"}
    assert client.post("/_weather", json=told).json() == {"faults": ["unavailable"]}
    assert client.get("/rss/cs.AI").status_code == 503
    arxiv.now = MORNING + timedelta(hours=1)
    assert client.get("/rss/cs.AI").status_code == 200
    client.post("/_weather", json={"faults": ["reset"]})
    assert client.post("/_weather", json={}).json() == {"faults": []}
    assert client.get("/rss/cs.AI").status_code == 200


def test_xml_with_a_bomb_is_well_formed_but_for_it(arxiv: LocalArxiv, client: httpx.Client) -> None:
    for path in ("/rss/cs.AI", "/atom/cs.AI", LIST, "/api/query?id_list=1512.00001"):
        arxiv.weather = Weather.of([Fault.ENTITY_BOMB], times=1)
        bomb = client.get(path).text
        assert "&a9;" in bomb, path
        declared = bomb[bomb.index("<!DOCTYPE") : bomb.index("]>") + 2]
        harmless = bomb.replace(declared, "").replace("&a9;", "")
        try:
            fromstring(harmless)
        except ParseError as error:
            pytest.fail(f"{path}: {error}")
