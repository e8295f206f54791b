from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import BrokenAnswer
from app.sources import safe_xml
from tests.sources.hostile import HOSTILE, mutations, raises_only_ours, refuses

WELL_FORMED = {"XML of something else", "an XHTML page"}


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - WELL_FORMED))
def test_hostile_bytes_are_refused_at_once(name: str) -> None:
    began = time.monotonic()
    refuses(safe_xml.parse, HOSTILE[name])
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<feed><entry>", "cut off"),
        (b"<feed><entry", "cut off"),
        (b"<feed><![CDATA[x", "cut off"),
        (b"Rate exceeded.", "not XML"),
        (b"<feed></entry>", "not well-formed"),
        (HOSTILE["an HTML page"], "an HTML page"),
        (b"<!-- busy --> <HTML><p>", "an HTML page"),
        (HOSTILE["billion laughs"], "DTD"),
        (HOSTILE["invalid UTF-8"], "not UTF-8 at byte 13"),
    ],
)
def test_the_reason_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(BrokenAnswer, match=reason):
        safe_xml.parse(body)


def test_characters_that_xml_forbids_are_dropped() -> None:
    body = "\ufeff<t>a\x00\x0bb\ufffe\uffff\tc\nd 😀</t>".encode()
    assert safe_xml.parse(body).text == "ab\tc\nd 😀"


def test_a_tree_may_be_as_deep_as_the_bound_and_no_deeper() -> None:
    def nested(depth: int) -> bytes:
        return b"<a>" * depth + b"</a>" * depth

    assert safe_xml.parse(nested(safe_xml.MAX_DEPTH)).tag == "a"
    refuses(safe_xml.parse, nested(safe_xml.MAX_DEPTH + 1))


def test_size_and_number_of_elements_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_xml, "MAX_ELEMENTS", 3)
    assert len(safe_xml.parse(b"<a><b/><b/></a>")) == 2
    refuses(safe_xml.parse, b"<a><b/><b/><b/></a>")
    monkeypatch.setattr(safe_xml, "MAX_BYTES", 3)
    refuses(safe_xml.parse, b"<a/>")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), mutations(b"<a b='c'><d>x &amp; y</d><!-- e --></a>")))
def test_any_bytes_give_a_tree_or_a_broken_answer(body: bytes) -> None:
    raises_only_ours(safe_xml.parse, body)
