"""Bytes that no parser may fall for; each parser's tests use them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import strategies as st

from app.errors import BrokenAnswer, FreshprintError

BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<feed>&c;</feed>"""
EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<feed><title>&x;</title></feed>"""
HTML = b"<!DOCTYPE html>\n<html><head><title>503</title></head><body>Sorry</body></html>"

HOSTILE = {
    "billion laughs": BILLION_LAUGHS,
    "external entity": EXTERNAL,
    "remote DTD": b'<!DOCTYPE feed SYSTEM "http://127.0.0.1/x.dtd"><feed/>',
    "undefined entity": b"<feed>&nbsp;</feed>",
    "a million levels": b"<a>" * 1_000_000,
    "a million levels, closed": b"<a>" * 200_000 + b"</a>" * 200_000,
    "an HTML page": HTML,
    "an XHTML page": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    "text": b"Please use http://rss.arxiv.org/rss/",
    "nothing": b"",
    "blanks": b" \n",
    "invalid UTF-8": b"<feed><title>\xff\xfe</title></feed>",
    "UTF-16": "<feed/>".encode("utf-16"),
    "another encoding": '<?xml version="1.0" encoding="latin-1"?><feed>é</feed>'.encode("latin-1"),
    "zeros": bytes(1000),
    "XML of something else": b"<svg/>",
    "two roots": b"<feed/><feed/>",
}

each_hostile = pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())


def refuses(parse: Callable[[bytes], object], body: bytes) -> None:
    """A parser says that this is no answer."""
    with pytest.raises(BrokenAnswer) as raised:
        parse(body)
    assert 0 < len(str(raised.value)) < 300


def raises_only_ours(parse: Callable[[bytes], object], body: bytes) -> None:
    """A parser reads it, or raises an error of ours."""
    with suppress(FreshprintError):
        parse(body)


def mutations(whole: bytes) -> st.SearchStrategy[bytes]:
    """`whole` with a slice of it replaced by another slice, by markup or by noise."""
    place = st.integers(0, len(whole))
    piece = st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [b"", b"<", b">", b"&", b"</", b"\x00", b"]]>", b'"', b"&#1;", b"v0", b"[["]
        ),
        st.tuples(place, place).map(lambda ends: whole[min(ends) : max(ends)]),
    )
    return st.tuples(place, st.integers(0, 60), piece).map(
        lambda cut: whole[: cut[0]] + cut[2] + whole[cut[0] + cut[1] :]
    )
