"""What the tests of the local arXiv ask it with and read it by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree.ElementTree import Element

import httpx
from defusedxml.ElementTree import fromstring

WEDNESDAY, THURSDAY = date(2026, 1, 21), date(2026, 1, 22)
MORNING = datetime(2026, 1, 22, 6, tzinfo=UTC)  # 01:00 in New York
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "oai": "http://www.openarchives.org/OAI/2.0/",
    "x": "http://arxiv.org/OAI/arXiv/",
    "raw": "http://arxiv.org/OAI/arXivRaw/",
    "os": "http://a9.com/-/spec/opensearch/1.1/",
}


def rss(client: httpx.Client, names: str) -> list[Element]:
    answer = client.get(f"/rss/{names}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/rss+xml"
    items: list[Element] = fromstring(answer.content).findall("channel/item")
    return items


def word(item: Element, name: str) -> str:
    return item.findtext(name, "", NS)
