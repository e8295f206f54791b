"""The API as arXiv serves it."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from tests.local_arxiv.reading import NS, word


def entries(client: httpx.Client, **asked: Any) -> list[Element]:
    answer = client.get("/api/query", params=asked)
    assert answer.status_code == 200
    found: list[Element] = fromstring(answer.content).findall("a:entry", NS)
    return found


def test_papers_asked_for_come_back_and_unknown_ones_are_left_out(client: httpx.Client) -> None:
    asked = "hep-th/9901002,0808.05394,0000.0000,1801.00002v3,1801.00002v7"
    first, second = entries(client, id_list=asked)
    assert word(first, "a:id") == "http://arxiv.org/abs/hep-th/9901002v2"
    assert word(first, "a:published") == "1999-01-04T16:09:37Z"
    assert word(first, "a:updated").startswith("2026-01-21T")
    assert word(second, "a:id") == "http://arxiv.org/abs/1801.00002v3"
    assert word(second, "a:updated") == "2020-01-08T12:00:00Z"


def test_an_entry_mixes_classes_into_the_categories(client: httpx.Client) -> None:
    entry = entries(client, search_query="cat:cs.CR AND all:script", max_results=1)[0]
    terms = [e.get("term") for e in entry.findall("a:category", NS)]
    assert terms == ["cs.CR", "I.2.10", "K.6.5"]
    primary = entry.find("arxiv:primary_category", NS)
    assert primary is not None
    assert primary.get("term") == "cs.CR"
    assert word(entry, "arxiv:doi") == "10.1000/<b>&'\"x"


def test_results_come_in_pages(client: httpx.Client) -> None:
    everything = [
        word(e, "a:id") for e in entries(client, search_query="cat:cs.AI", max_results=99)
    ]
    pages = [
        word(e, "a:id")
        for start in range(0, 99, 5)
        for e in entries(client, search_query="cat:cs.AI", start=start, max_results=5)
    ]
    assert pages == everything
    assert len(entries(client, search_query="cat:cs.AI")) == 10


@pytest.mark.parametrize("asked", [{"id_list": "abc"}, {"id_list": "2601.00001", "start": "x"}])
def test_a_malformed_question_is_answered_with_an_error_entry(
    client: httpx.Client, asked: dict[str, str]
) -> None:
    answer = client.get("/api/query", params=asked)
    assert answer.status_code == 400
    assert fromstring(answer.content).findtext("a:entry/a:title", "", NS) == "Error"
