"""The words of a paper, as every source writes them → one form, so that sources can be compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.domain.tex import clean, is_neat

YEARS = range(1985, 2101)  # in which a date of arXiv's makes sense
# arXiv's convention, in all of its programs: text may be hard-wrapped, and a line that begins with
# a blank begins a paragraph.
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*|\n[ \t]+")


def line(text: str | None) -> str:
    """`text` on one line, without characters that don't print."""
    text = text or ""
    return text if is_neat(text) else " ".join(clean(text).split())


def lines_of(texts: Sequence[str]) -> Sequence[str]:
    """`line` of each; names are short, and looking at all of a paper's at once takes a third of
    the time."""
    return texts if is_neat(" ".join(texts)) else [line(text) for text in texts]


def prose(text: str | None) -> str:
    """`text` with each paragraph on one line and an empty line between paragraphs."""
    text = text or ""
    if is_neat(text):
        return text
    parts = (line(part) for part in _PARAGRAPH.split(text.strip()))
    return "\n\n".join(part for part in parts if part)


def known(text: str | None) -> str | None:
    """`line(text)`; None where the source has no such field."""
    return None if text is None else line(text)


def moment(text: str | None) -> datetime | None:
    """A time as HTTP, RFC 822 (`Fri, 8 Feb 2013 21:00:01 GMT`) or ISO 8601 write it, in UTC.

    None for any other text, for none, and for years in which there was or will be no arXiv: one
    such date must not end a harvest in an overflow.
    """
    value = (text or "").strip()
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value)
            found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.year in YEARS else None
    return None
