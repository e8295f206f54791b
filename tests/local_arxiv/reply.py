"""What a protocol module answers, before it becomes HTTP; and the XML they all write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

# What XML 1.0 can't hold at all, not even as a reference.
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: body, content type, status, further headers."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def text(value: str) -> str:
    """Text for an XML document."""
    return escape(_FORBIDDEN.sub("", value))


def element(name: str, value: str | None = None, **attributes: str) -> str:
    """`<name a="b">value</name>`; without a value an empty element."""
    start = name + "".join(f" {key}={quoteattr(given)}" for key, given in attributes.items())
    return f"<{start}/>" if value is None else f"<{start}>{text(value)}</{name}>"


def optional(name: str, value: str | None) -> str:
    """An element, or nothing where there is no value."""
    return element(name, value) if value else ""
