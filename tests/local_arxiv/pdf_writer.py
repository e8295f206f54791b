"""PDFs for tests: pages of drawing instructions, a picture, and a base font, and nothing more."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

WIDTH, HEIGHT = 595, 842  # points: A4


def pdf_of(
    pages: Sequence[bytes | str],
    *,
    picture: bool = False,
    trailer: bytes = b"",
    packed: bool = False,
) -> bytes:
    """A PDF whose pages have these contents. `/F1` is Helvetica; `/Im1` a picture of one grey
    pixel, if there is one. `trailer` is added to the file's own."""
    first = 5
    kids = b" ".join(b"%d 0 R" % (first + 2 * n) for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d /MediaBox [0 0 %d %d] >>"
        % (kids, len(pages), WIDTH, HEIGHT),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _stream(
            b"\x80",
            b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8"
            b" /ColorSpace /DeviceGray",
        ),
    ]
    shown = b"/XObject << /Im1 4 0 R >>" if picture else b""
    for n, page in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> %s >> >>" % (first + 2 * n + 1, shown)
        )
        content = page.encode("cp1252", "replace") if isinstance(page, str) else page
        objects.append(_stream(content, packed=packed))
    return _assembled(objects, trailer)


def lines(texts: Sequence[str], *, left: int = 50, top: int = 790, size: int = 10) -> str:
    """Instructions that set lines under one another."""
    shown = " ".join(f"({_escaped(text)}) Tj 0 -{size + 2} Td" for text in texts)
    return f"BT /F1 {size} Tf {left} {top} Td {shown} ET\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _stream(data: bytes, entries: bytes = b"", *, packed: bool = False) -> bytes:
    if packed:
        data, entries = zlib.compress(data, 9), entries + b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def _assembled(objects: Sequence[bytes], trailer: bytes) -> bytes:
    """The objects with the table of their places, which a PDF ends with."""
    body, places = bytearray(b"%PDF-1.4\n"), []
    for number, inner in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, inner)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return bytes(body) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R %s >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, trailer, len(body))
    )
