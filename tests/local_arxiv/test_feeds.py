"""Feeds as arXiv serves them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from app.domain.taxonomy import ARCHIVES, CATEGORIES
from tests.local_arxiv import LocalArxiv, made_up
from tests.local_arxiv.names import feed_names
from tests.local_arxiv.reading import MORNING, NS, THURSDAY, WEDNESDAY, rss, word


@pytest.mark.parametrize("names", ["cs.CR", "hep-ex", "math", "cs.CV+cs.RO+hep-th", "CS.ai"])
def test_a_feed_says_what_the_records_say(
    client: httpx.Client, arxiv: LocalArxiv, names: str
) -> None:
    arxiv.now = datetime(2026, 1, 21, 6, tzinfo=UTC)
    items = rss(client, names)
    assert items
    for item in items:
        name, _, version = word(item, "guid").removeprefix("oai:arXiv.org:").rpartition("v")
        paper = arxiv.site.world.as_of(name, WEDNESDAY)
        assert paper
        kind = word(item, "arxiv:announce_type")
        assert word(item, "title") == paper.record.title
        assert word(item, "dc:creator") == ", ".join(paper.record.authors)
        assert [c.text for c in item.findall("category")] == list(paper.categories)
        assert word(item, "description") == (
            f"arXiv:{name}v{version} Announce Type: {kind} \nAbstract: {paper.record.abstract}"
        )
        assert word(item, "dc:rights") == (paper.record.licence or "")
        assert word(item, "pubDate") == "Wed, 21 Jan 2026 00:00:00 -0500"


def test_rss_and_atom_have_the_same_papers_in_the_order_of_a_list_page(
    client: httpx.Client,
) -> None:
    answer = client.get("/atom/cs.CL+cs.AI")
    assert answer.headers["content-type"] == "application/atom+xml"
    entries = fromstring(answer.content).findall("a:entry", NS)
    items = rss(client, "cs.CL+cs.AI")
    seen = [(word(e, "arxiv:announce_type"), word(e, "a:id")) for e in entries]
    assert seen == [(word(i, "arxiv:announce_type"), word(i, "guid")) for i in items]
    order = ["new", "cross", "replace", "replace-cross"]
    assert seen == sorted(seen, key=lambda pair: (order.index(pair[0]), pair[1]))
    assert {kind for kind, _ in seen} == set(order)


def test_every_archive_and_category_has_a_feed(client: httpx.Client) -> None:
    for name in (*ARCHIVES, *CATEGORIES):
        rss(client, name)


def test_replacements_from_version_6_on_are_announced_nowhere(client: httpx.Client) -> None:
    records = client.get("/oai?verb=ListRecords&metadataPrefix=arXivRaw&from=2026-01-22").text
    assert "oai:arXiv.org:1801.00002<" in records
    assert "1801.00002" not in client.get("/list/cs.AI/new").text
    assert not [item for item in rss(client, "cs.AI") if "1801.00002" in word(item, "guid")]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ("foo", "Bad archive 'foo'"),
        ("cs.XX", "Bad subject class 'XX'"),
        ("cs.AI+", "Invalid archive specification 'cs.AI+'"),
        ("cs.AI.b", "Bad archive/subject class structure"),
    ],
)
def test_wrong_names_are_answered_with_a_feed_that_says_so(
    client: httpx.Client, names: str, reason: str
) -> None:
    for form, where in (("rss", "channel/description"), ("atom", "a:subtitle")):
        answer = client.get(f"/{form}/{names}")
        assert answer.status_code == 400
        feed = fromstring(answer.content)
        title = feed.findtext("channel/title" if form == "rss" else "a:title", "", NS)
        assert title == f"Feed error for query: http://rss.arxiv.org/{form}/{names}"
        assert feed.findtext(where, "", NS).startswith(reason)


def test_until_midnight_in_new_york_the_feed_is_the_day_befores(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    arxiv.now = datetime(2026, 1, 22, 4, 59, tzinfo=UTC)
    assert "21 Jan" in word(rss(client, "cs.AI")[0], "pubDate")
    arxiv.now = datetime(2026, 1, 22, 5, 0, tzinfo=UTC)
    assert "22 Jan" in word(rss(client, "cs.AI")[0], "pubDate")


def test_a_day_without_announcement_has_a_feed_without_items(
    client: httpx.Client, arxiv: LocalArxiv
) -> None:
    arxiv.now = datetime(2026, 1, 24, 12, tzinfo=UTC)
    assert rss(client, "cs") == []
    assert "24 Jan 2026" in client.get("/rss/cs").text


def test_a_feed_had_before_is_not_sent_again(client: httpx.Client, arxiv: LocalArxiv) -> None:
    first = client.get("/rss/cs.AI")
    assert 82_790 <= int(first.headers["cache-control"].removeprefix("max-age=")) <= 82_800
    tag = {"If-None-Match": first.headers["etag"]}
    again = client.get("/rss/cs.AI", headers=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (
        304,
        b"",
        tag["If-None-Match"],
    )
    arxiv.now = datetime(2026, 1, 23, 6, tzinfo=UTC)
    assert client.get("/rss/cs.AI", headers=tag).status_code == 200


def test_a_feed_is_cut_at_2000_and_the_first_new_ones_are_missing() -> None:
    big = made_up([THURSDAY], per_day=2_100, awkward_ones=False)
    everything = "+".join(ARCHIVES)
    lines = big.listing(THURSDAY, feed_names(everything)[1])
    with LocalArxiv(big, MORNING) as arxiv:
        answer = httpx.get(f"{arxiv.url}/rss/{everything}", headers={"User-Agent": "t"})
    items = fromstring(answer.content).findall("channel/item")
    served = [word(item, "link").rpartition("/")[2] for item in items]
    assert len(served) == 2_000
    assert served == [line.paper.record.id for line in lines][-2_000:]
    assert [line.kind for line in lines[:-2_000]] == ["new"] * (len(lines) - 2_000)
