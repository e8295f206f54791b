"""Hostile bytes → an XML tree, whole or not at all."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from app.errors import BrokenAnswer

MAX_BYTES = 32 * 1024 * 1024  # arXiv's longest, a full page of OAI-PMH, has about 10 MB
MAX_DEPTH = 32  # arXiv's deepest answer has 8 levels
MAX_ELEMENTS = 1_000_000  # 2,500 records of OAI-PMH, some with 3,000 authors, stay below

# Authors paste control characters and non-characters into abstracts, and not every one of arXiv's
# programs takes them out. One such character must not cost a whole day's feed.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile("&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_HTML_PAGE = re.compile(r"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b", re.I | re.S)
_CUT_OFF = frozenset({3, 5, 20})  # expat: no element found, unclosed token, unclosed CDATA section


class _Bounded(TreeBuilder):
    """Builds the tree, and gives up on one that is too deep or too large to be honest."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise BrokenAnswer("the XML is nested too deeply or has too many elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(body: bytes) -> Element:
    """The root of a UTF-8 XML document without a DTD.

    Raises BrokenAnswer, with the reason, for anything else: an HTML page, text, XML that was cut
    off, entities, a document too large or too deep.
    """
    text = _text(body)
    parser = XMLParser(
        target=_Bounded(), forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        parser.feed(text)
        root: Element = parser.close()
    except ParseError as error:
        raise BrokenAnswer(_reason(text, error)) from None
    except DefusedXmlException as error:
        raise BrokenAnswer(f"XML with a DTD or entities ({type(error).__name__})") from None
    return root


def _text(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise BrokenAnswer(f"{len(body)} bytes of XML are too many")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenAnswer(f"not UTF-8 at byte {error.start}") from None
    if _HTML_PAGE.match(text):
        raise BrokenAnswer("an HTML page instead of XML")
    return _ILLEGAL.sub("", _REFERENCE.sub(_legal, text))


def _legal(reference: re.Match[str]) -> str:
    """A character reference, or nothing where XML has no such character: `&#0;`, `&#xD800;`."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    is_legal = code <= 0x10FFFF and not _ILLEGAL.match(chr(code))
    return reference[0] if is_legal else ""


def _reason(text: str, error: ParseError) -> str:
    if not text.lstrip().startswith("<"):
        return "not XML"
    return f"XML cut off: {error}" if error.code in _CUT_OFF else f"not well-formed XML: {error}"
