"""A PDF on standard input → JSON on standard output: the program that `pdf.py` runs.

PDFium is C++ that reads what strangers wrote: it runs in a process of its own that may use so much
time and memory and write no file, and whose death is one of its answers. The answer is
`{"pages": […], "hidden": 12, "total": 600}` or `{"reason": "encrypted"}`.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress

from app.domain.fulltext import Reason

MOST_PAGES = 400
MOST = 4_000_000  # characters
CPU = 60  # seconds
MEMORY = 1536 * 1024 * 1024  # bytes of address space; a common paper takes 150 MB

_HEAD = 1024  # bytes in which %PDF- must stand, says the standard's appendix


def main() -> None:
    """Read, answer, end."""
    _limit()
    body = sys.stdin.buffer.read()
    try:
        answer = _read(body)
    except MemoryError:
        answer = {"reason": Reason.COSTLY.value}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()


def _limit() -> None:
    for what, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, CPU),
        (resource.RLIMIT_AS, MEMORY),
    ):
        with suppress(ValueError, OSError):  # macOS knows no RLIMIT_AS
            resource.setrlimit(what, (limit, limit + 2 if what == resource.RLIMIT_CPU else limit))


def _read(body: bytes) -> dict[str, object]:
    if b"%PDF-" not in body[:_HEAD]:
        return {"reason": Reason.NOT_PDF.value}
    # after the limits, since it loads PDFium
    from app.sources.pdf_pages import Document, Unopened  # noqa: PLC0415

    try:
        document = Document(body)
    except Unopened as error:
        return {"reason": error.reason.value}
    pages: list[str] = []
    for number in range(min(document.total, MOST_PAGES)):
        if sum(map(len, pages)) > MOST:
            break
        pages.append(document.page(number))
    return {"pages": pages, "hidden": document.hidden, "total": document.total}


if __name__ == "__main__":
    main()
