"""A PDF's pages as text, by PDFium; only `pdf_child` imports it, for it must not run elsewhere.

What no reader can see is left out: text of rendering mode 3 or 7 (invisible, clipping), of a
transparent or tiny font, off the page, and white where the page is white. An exception are scanned
papers, which have the words that a program recognised in mode 3 under or over the picture of the
page: where a picture covers a page that has hardly any visible text, such words are what a reader
sees, and stay. That they are the picture's is not checked; nor is text found that something was
painted over.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from app.domain.fulltext import Reason
from app.sources.unseen import shaped

_REASONS = {
    raw.FPDF_ERR_PASSWORD: Reason.ENCRYPTED,
    raw.FPDF_ERR_SECURITY: Reason.ENCRYPTED,
    raw.FPDF_ERR_SUCCESS: Reason.NO_PAGES,  # PDFium opens it, and pypdfium2 finds nothing in it
}
_UNPAINTED = frozenset({raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP})
_STROKED = raw.FPDF_TEXTRENDERMODE_STROKE
_SMALLEST = 2.0  # points
_NARROWEST = 0.9  # points from letter to letter in text of that size
_LIGHT = 239  # of 255: what can't be told from white paper
_FAINT = 13  # of 255
_COVERED = 0.5  # of the page: what a scan's picture takes up at least
_FEW = 0.1  # of the page's text: a stamp beside a scanned page


# The same functions with plain addresses: a pointer object for every letter takes half of the time
# that a page does.
_text_object = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)
_mode = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(raw.FPDFTextObj_GetTextRenderMode, ctypes.c_void_p).value or 0
)


class Unopened(Exception):
    """What is no PDF that can be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Run:
    """Letters that one instruction of the page draws."""

    start: int
    end: int
    mode: int


class Document:
    """An open PDF. `hidden` counts what was left out of the pages read so far."""

    def __init__(self, body: bytes) -> None:
        try:
            self._pdf = pdfium.PdfDocument(body)
        except pdfium.PdfiumError as error:
            raise Unopened(_REASONS.get(error.err_code, Reason.BROKEN)) from None
        self.total = len(self._pdf)
        self.hidden = 0

    def page(self, number: int) -> str:
        """The text of a page, from 0; of a broken one, none."""
        try:
            page = self._pdf[number]
        except pdfium.PdfiumError:
            return ""
        try:
            words = page.get_textpage()
        except pdfium.PdfiumError:
            return ""
        seen, hidden = _Page(page, words).text()
        text, shapeless = shaped(seen.replace("\x02", "\ue000"))
        self.hidden += hidden + shapeless
        words.close()
        page.close()
        return text.replace("\ue000", "\x02")


class _Page:
    """One page, and what of it can be seen."""

    def __init__(self, page: pdfium.PdfPage, words: pdfium.PdfTextPage) -> None:
        self._page = page
        self._words = words
        self._raw = words.raw
        left, bottom, right, top = page.get_bbox()  # get_cropbox does not know inherited boxes
        self._box = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
        self._paper: _Paper | None = None
        self._edges = tuple(ctypes.c_double() for _ in range(4))  # filled in again and again
        self._channels = tuple(ctypes.c_uint() for _ in range(4))
        self._matrix = raw.FS_MATRIX()

    def text(self) -> tuple[str, int]:
        """What can be seen, and how many letters can't."""
        runs = list(self._runs())
        unpainted = [run for run in runs if run.mode in _UNPAINTED]
        unseen = [run for run in runs if run.mode not in _UNPAINTED and self._unseen(run)]
        if unpainted and not self._is_scan(runs, unpainted):
            unseen += unpainted
        off = [n for run in runs if not self._on_page(run) for n in self._off_page(run)]
        return self._without({n for run in unseen for n in range(run.start, run.end)} | set(off))

    def _runs(self) -> Iterator[_Run]:
        """Blanks that PDFium adds belong to the run before them, the first to the first run."""
        words = ctypes.cast(self._raw, ctypes.c_void_p)
        start, last = 0, None
        count = raw.FPDFText_CountChars(self._raw)
        for n in range(count):
            address = _text_object(words, n)
            if address is None or address == last:
                continue
            if last is not None:
                yield _Run(start, n, _mode(last))
                start = n
            last = address
        if last is not None:
            yield _Run(start, count, _mode(last))

    def _unseen(self, run: _Run) -> bool:
        """Whether what is painted leaves no mark: it is transparent, tiny, or white on white."""
        colour = self._colour(run)
        if colour is None:
            return self._tiny(run)
        *channels, alpha = colour
        if alpha < _FAINT or self._tiny(run):
            return True
        return min(channels) >= _LIGHT and self._on_white(run)

    def _colour(self, run: _Run) -> tuple[int, int, int, int] | None:
        """Red, green, blue and alpha; None for a pattern."""
        stroked = run.mode == _STROKED
        get = raw.FPDFText_GetStrokeColor if stroked else raw.FPDFText_GetFillColor
        red, green, blue, alpha = self._channels
        if not get(self._raw, run.start, red, green, blue, alpha):
            return None
        return red.value, green.value, blue.value, alpha.value

    def _tiny(self, run: _Run) -> bool:
        """A font's nominal size says nothing in bitmap fonts: the letters' distance must agree."""
        matrix = self._matrix
        if not raw.FPDFText_GetMatrix(self._raw, run.start, matrix):
            return False
        scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
        if raw.FPDFText_GetFontSize(self._raw, run.start) * scale >= _SMALLEST:
            return False
        boxes = [box for n in range(run.start, run.end) if (box := self._char(n))]
        if not boxes:
            return True
        wide = max(box[2] for box in boxes) - min(box[0] for box in boxes)
        high = max(box[3] for box in boxes) - min(box[1] for box in boxes)
        return max(wide, high) / len(boxes) < _NARROWEST

    def _char(self, n: int) -> tuple[float, float, float, float] | None:
        """A letter's box: left, bottom, right, top; None for a blank."""
        left, right, bottom, top = self._edges
        if not raw.FPDFText_GetCharBox(self._raw, n, left, right, bottom, top):
            return None
        if left.value == right.value:
            return None
        return left.value, bottom.value, right.value, top.value

    def _on_page(self, run: _Run) -> bool:
        """Whether a run begins and ends on the page: a straight line is then on it."""
        last = run.end - 1
        return not self._off(run.start) and (last == run.start or not self._off(last))

    def _off_page(self, run: _Run) -> list[int]:
        return [n for n in range(run.start, run.end) if self._off(n)]

    def _off(self, n: int) -> bool:
        box = self._char(n)
        if box is None:
            return False
        left, bottom, right, top = self._box
        across, up = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return not (left <= across <= right and bottom <= up <= top)

    def _on_white(self, run: _Run) -> bool:
        """Whether the paper is white under a run's first, middle and last letters."""
        self._paper = self._paper or _Paper(self._page)
        shown = [n for n in range(run.start, run.end) if self._char(n)]
        some = {shown[0], shown[len(shown) // 2], shown[-1]} if shown else set()
        return all(self._paper.is_white(box) for n in some if (box := self._char(n)))

    def _is_scan(self, runs: list[_Run], unpainted: list[_Run]) -> bool:
        total = sum(run.end - run.start for run in runs)
        painted = total - sum(run.end - run.start for run in unpainted)
        return painted <= _FEW * total and self._has_picture()

    def _has_picture(self) -> bool:
        left, bottom, right, top = self._box
        page = (right - left) * (top - bottom)
        for thing in self._page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=1):
            x0, y0, x1, y1 = thing.get_bounds()
            if (x1 - x0) * (y1 - y0) >= _COVERED * page:
                return True
        return False

    def _without(self, unseen: set[int]) -> tuple[str, int]:
        if not unseen:
            return self._words.get_text_range(), 0
        count = raw.FPDFText_CountChars(self._raw)
        codes = [raw.FPDFText_GetUnicode(self._raw, n) for n in range(count)]
        left_out = [n for n in unseen if not chr(codes[n]).isspace()]
        seen = "".join(chr(code) for n, code in enumerate(codes) if n not in unseen)
        whole = seen.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return whole, len(left_out)


class _Paper:
    """A page as it looks without its text, in grey and one pixel to the point."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        for thing in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
            raw.FPDFPageObj_SetIsActive(thing.raw, False)
        self._page = page
        bitmap = page.render(scale=1, grayscale=True, optimize_mode=None)
        self._width, self._height, self._stride = bitmap.width, bitmap.height, bitmap.stride
        self._pixels = bytes(bitmap.buffer)
        bitmap.close()

    def is_white(self, box: tuple[float, float, float, float]) -> bool:
        """Whether there is nothing but white in a box of the page."""
        (x0, y0), (x1, y1) = self._pixel(box[0], box[1]), self._pixel(box[2], box[3])
        rows = range(max(0, min(y0, y1)), min(self._height, max(y0, y1) + 1))
        columns = slice(max(0, min(x0, x1)), min(self._width, max(x0, x1) + 1))
        lines = (self._pixels[y * self._stride : (y + 1) * self._stride] for y in rows)
        return all(min(line[columns], default=255) >= _LIGHT for line in lines)

    def _pixel(self, across: float, up: float) -> tuple[int, int]:
        x, y = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(self._page.raw, 0, 0, self._width, self._height, 0, across, up, x, y)
        return x.value, y.value
