"""arxiv.org/pdf/ID: a PDF → its pages' text, read in a process of its own (`pdf_child`).

A page is a part with the place `p3`. Where the references begin, and where an appendix follows
them, the page is two parts of one place. Lines stay as they are printed, running heads too; words
divided at a line's end are joined.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from app.domain.fulltext import Cut, FullText, Kind, Origin, Part, Reason, fitted
from app.errors import Transient, Unreadable
from app.sources.pdf_child import CPU, MOST

TIME = 2.0 * CPU  # seconds by the clock, on a machine that is busy

_MOST_OUTPUT = 8 * MOST + 1_000_000  # bytes of JSON; a letter may take six
_LETTERS = 20  # on a page, fewer on average than which no page of a paper has
_IMPORTS = Path(__file__).parents[2]  # where Python finds `app`
# What a child needs to find Python's and PDFium's libraries, and nothing that is a secret.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG")

_LIGATURES = {
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st",
    0xFB06: "st",
}  # fmt: skip
# PDFium has one character for a hyphen at a line's end and the line's end. Before a capital or a
# digit the hyphen is the word's own: GPT-4.
_DIVIDED = re.compile("[\x02\ufffe](?P<own>[A-Z0-9])?")
_STAMP = re.compile(r"arXiv:\S{1,30}(?:\s+\[[\w.-]+\])?(?:\s+\d{1,2} \w{3} \d{4})?")

_NUMBER = r"(?:(?:\d{1,2}|[IVX]{1,5})\.?\s{1,3})?"
_REFERENCES = re.compile(
    rf"^[ \t]*{_NUMBER}(?:references(?: and notes)?|bibliography|literature cited"
    r"|参\s?考\s?文\s?献)[ \t]*[:.]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_APPENDIX = re.compile(
    rf"^[ \t]*{_NUMBER}(?:(?:appendix|appendices|supplementa\w+|supporting information|附\s?录)"
    r"(?:[ \t:.].{0,60})?|(?P<letter>A)\.?[ \t]{1,3}[A-Z][^\n.,]{2,60})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_EARLIEST = 0.1  # of the text: a table of contents comes before
_AFTER = 1200  # characters after a heading in which references show themselves by their years


async def read(body: bytes) -> FullText:
    """The text of a PDF. Raises Unreadable with its reason; Transient when somebody ended the
    child. When cancelled, the child is ended, too."""
    if b"%PDF-" not in body[:1024]:
        raise Unreadable(Reason.NOT_PDF)
    output = await _ask_child(body)
    return await asyncio.to_thread(made, output)


def made(output: bytes) -> FullText:
    """The full text of what the child wrote. Raises Unreadable."""
    try:
        answer = json.loads(output)
    except ValueError:
        raise Unreadable(Reason.BROKEN) from None
    if "reason" in answer:
        raise Unreadable(Reason(answer["reason"]))
    pages = [_tidy(page) for page in answer["pages"]]
    letters = sum(len("".join(_STAMP.sub("", page).split())) for page in pages)
    if letters < _LETTERS * len(pages):
        raise Unreadable(Reason.NO_TEXT)
    text = FullText(Origin.PDF, tuple(_parts(pages)), answer["hidden"])
    return _with_unread(fitted(text, MOST), len(pages), answer["total"])


def _with_unread(text: FullText, read: int, total: int) -> FullText:
    """With a cut for the pages that were not read."""
    if read >= total:
        return text
    unread = Cut(f"p{read + 1}", f"p{read + 1}–p{total}", 0)
    return FullText(text.origin, text.parts, text.hidden, (*text.cut, unread))


def _tidy(page: str) -> str:
    text = page.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    text = _DIVIDED.sub(lambda found: f"-{found['own']}" if found["own"] else "", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _parts(pages: Sequence[str]) -> Iterator[Part]:
    whole = "\n".join(pages)
    begins = [(0, Kind.BODY), *_turns(whole)]
    end = -1
    for number, page in enumerate(pages, start=1):
        start, end = end + 1, end + 1 + len(page)
        for n, (at, kind) in enumerate(begins):
            until = begins[n + 1][0] if n + 1 < len(begins) else len(whole)
            if text := whole[max(start, at) : min(end, until)].strip():
                yield Part(f"p{number}", "", 1, kind, text)


def _turns(whole: str) -> list[tuple[int, Kind]]:
    """Where references begin, and an appendix after them."""
    begin = next(
        (
            found
            for found in _REFERENCES.finditer(whole, int(len(whole) * _EARLIEST))
            if len(_YEAR.findall(whole, found.end(), found.end() + _AFTER)) >= 2
        ),
        None,
    )
    if begin is None:
        return []
    turns = [(begin.start(), Kind.REFERENCES)]
    for found in _APPENDIX.finditer(whole, begin.end()):
        if not found["letter"] or _is_heading(whole, found):
            return [*turns, (found.start(), Kind.APPENDIX)]
    return turns


def _is_heading(whole: str, found: re.Match[str]) -> bool:
    """Whether `A Proofs` is one, and not the beginning of a reference's second line."""
    if not found[0].strip().startswith("A"):  # IGNORECASE is for the words
        return False
    before = whole[max(0, found.start() - 3) : found.start()].strip()
    years = _YEAR.findall(whole, found.end(), found.end() + _AFTER // 2)
    return before[-1:] in {"", ".", ")", "]", *"0123456789"} and len(years) <= 1


async def _ask_child(body: bytes) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.sources.pdf_child",
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=_IMPORTS,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # a Ctrl-C meant for us says nothing about the PDF
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME):
            _, output = await asyncio.gather(_feed(child, body), _output(child))
            code = await child.wait()
    except TimeoutError:
        raise Unreadable(Reason.COSTLY) from None
    finally:
        await _ended(child)
    if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT) and not output:
        raise Transient("the reading of a PDF was ended from outside")
    if code != 0:
        raise Unreadable(Reason.COSTLY)
    return output


async def _ended(child: Process) -> None:
    """End a child that runs, and take what is left in its pipe, without which it is not let go."""
    if child.returncode is None:
        child.kill()
        assert child.stdout is not None
        while await child.stdout.read(1 << 20):
            pass
        await child.wait()


async def _feed(child: Process, body: bytes) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it may die before it has read all
        child.stdin.write(body)
        await child.stdin.drain()
    child.stdin.close()


async def _output(child: Process) -> bytes:
    """What the child writes. Raises Unreadable when it is too much."""
    assert child.stdout is not None
    output = bytearray()
    while chunk := await child.stdout.read(1 << 20):
        output += chunk
        if len(output) > _MOST_OUTPUT:
            raise Unreadable(Reason.COSTLY)
    return bytes(output)
