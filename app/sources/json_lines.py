"""Lines of a file, plain or packed (gz, xz, zst), in blocks of some mebibytes at a time."""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from app.errors import BadInput

LONGEST = 1_000_000  # bytes of a line; what is longer is cut somewhere behind

_BLOCK = 4 << 20  # some two thousand papers; in smaller ones COPY's own costs a block show
# Six bytes can be unpacked to 128 KiB: as many as these to 5 MiB.
_ZST_PIECE = 256
_MAGIC = {b"\x1f\x8b": "gz", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines in a row: the number of the `last` (the file's first is 1), and how much of the file,
    packed as it is, was read for them."""

    lines: list[bytes]
    last: int
    read: int


def blocks(path: Path, after: int = 0) -> Generator[Block]:
    """The lines behind number `after`. Raises BadInput where the file can't be read (on)."""
    last = 0
    try:
        with path.open("rb") as file:
            for lines in _split(_unpacked(file)):
                last += len(lines)
                if last > after:
                    yield Block(lines[-(last - after) :], last, file.tell())
    except _DAMAGE as error:
        raise BadInput(f"{path.name} can't be read behind line {last}: {error}") from error


def _split(chunks: Iterator[bytes]) -> Iterator[list[bytes]]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[: LONGEST + 1]
        yield lines
    if rest:
        yield [rest]


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    start = file.read(6)
    file.seek(0)
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "plain")
    match kind:
        case "gz":
            yield from _read(gzip.GzipFile(fileobj=file))
        case "xz":
            yield from _read(lzma.open(file))  # noqa: SIM115  its file is closed by who opened it
        case "zst":
            yield from _zst(file)
        case _:
            yield from _read(file)


def _read(file: BinaryIO | gzip.GzipFile | lzma.LZMAFile) -> Iterator[bytes]:
    while chunk := file.read(_BLOCK):
        yield chunk


def _zst(file: BinaryIO) -> Iterator[bytes]:
    """`zstandard`'s own readers take a file that was cut off for one that ends."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    waiting: list[bytes] = []
    size = 0
    while piece := file.read(_ZST_PIECE):
        while piece:
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            waiting.append(frame.decompress(piece))
            size += len(waiting[-1])
            piece = frame.unused_data if frame.eof else b""
        if size >= _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
    if not frame.eof:
        raise EOFError("the file ends before it should")
