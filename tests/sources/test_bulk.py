"""Bulk metadata: files in every packing, lines in both forms, and lines that are neither."""

from __future__ import annotations

import gzip
import json
import lzma
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.domain.paper import Author, Paper, Version
from app.errors import BadInput
from app.sources import json_lines, oai
from app.sources.bulk import BadLine, Told, parse
from app.sources.json_lines import LONGEST, blocks
from tests.real import REAL

SNAPSHOT: dict[str, Any] = {
    "id": "0704.0001",
    "submitter": "Ada Amberg",
    "authors": "Ada Amberg (Nowhere), B\\'ela Brandvik and C. Castellan",
    "title": "Sparse Models for\n  Slow Fields",
    "comments": "37 pages, 15 figures",
    "journal-ref": None,
    "doi": "10.1000/xyz",
    "report-no": "N-07-12",
    "categories": "hep-ph cs.LG",
    "license": None,
    "abstract": "  A first line\nwrapped hard.\n  A second paragraph\\ldots\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Amberg", "Ada", "", "Nowhere"], ["Brandvik", "B\\'ela", ""]],
}
CORPUS: dict[str, Any] = {
    "id": "2601.00007",
    "title": "Robust Maps",
    "authors": ["Ada Amberg", "Bo Brandvik"],
    "abstract": "One line.",
    "categories": ["cs.CL", "I.2.7; I.2.1", "cs.AI"],
    "announced": "2026-01-06",
    "announced_basis": "listing",
    "announce_type": "new",
    "sources": ["made up"],
}


def told(line: dict[str, Any]) -> Told:
    return parse(json.dumps(line).encode())


def test_a_snapshot_line_is_all_of_a_paper() -> None:
    first, second = (
        datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC),
        datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC),
    )
    paper = told(SNAPSHOT).paper
    assert paper == Paper(
        id=paper.id,
        title="Sparse Models for Slow Fields",
        authors=(
            Author("Ada Amberg", ("Nowhere",)),
            Author("B\\'ela Brandvik"),
            Author("C. Castellan"),
        ),
        abstract="A first line wrapped hard.\n\nA second paragraph\\ldots",
        subjects=("hep-ph", "cs.LG"),
        version=2,
        comment="37 pages, 15 figures",
        doi="10.1000/xyz",
        submitted_at=first,
        updated_at=second,
        versions=(Version(1, first), Version(2, second)),
        complete=True,
    )
    assert str(paper.id) == "0704.0001"


def test_a_snapshot_line_says_what_oai_says_of_the_same_paper() -> None:
    """So that a fetch after an import revises nothing."""
    record = f"""<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record>
      <header><identifier>oai:arXiv.org:0704.0001</identifier><datestamp>2008-11-26</datestamp>
      </header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>0704.0001</id>
      <version version="v1"><date>Mon, 2 Apr 2007 19:18:42 GMT</date><size>9kb</size></version>
      <version version="v2"><date>Tue, 24 Jul 2007 20:10:27 GMT</date><size>9kb</size></version>
      <title>{SNAPSHOT["title"]}</title><authors>{SNAPSHOT["authors"]}</authors>
      <categories>hep-ph cs.LG</categories><comments>37 pages, 15 figures</comments>
      <doi>10.1000/xyz</doi><abstract>{SNAPSHOT["abstract"]}</abstract>
      </arXivRaw></metadata></record></GetRecord></OAI-PMH>"""
    (same,) = oai.parse(record.encode()).records
    assert replace(same.paper, withdrawn=None) == told(SNAPSHOT).paper  # which it can't tell of


def test_names_in_parts_stand_in_for_a_missing_line() -> None:
    paper = told({**SNAPSHOT, "authors": ""}).paper
    assert paper.authors == (Author("Ada Amberg"), Author("B\\'ela Brandvik"))


def test_a_corpus_line_tells_what_it_has_and_the_day_it_was_seen() -> None:
    line = told(CORPUS)
    assert (line.announced, line.seen) == (date(2026, 1, 6), True)
    assert line.paper.subjects == ("cs.CL", "cs.AI")
    assert line.paper.authors == (Author("Ada Amberg"), Author("Bo Brandvik"))
    assert (line.paper.comment, line.paper.version, line.paper.complete) == (None, None, False)


def test_a_day_told_from_an_id_block_is_derived() -> None:
    assert not told({**CORPUS, "announced_basis": "id-block"}).seen


def test_a_day_of_submission_is_no_time_and_tells_a_derived_day() -> None:
    bare = {k: v for k, v in CORPUS.items() if not k.startswith("announced")}
    line = told({**bare, "published": "2026-01-05", "version_seen": 1})
    assert line.paper.submitted_at is None
    assert (line.announced, line.seen) == (date(2026, 1, 6), False)


def test_a_time_of_submission_leaves_the_day_to_the_neighbours() -> None:
    bare = {k: v for k, v in CORPUS.items() if not k.startswith("announced")}
    times = {"published": "2026-01-05T10:00:00Z", "updated": "2026-01-09T10:00:00Z"}
    line = told({**bare, **times, "version_seen": 3})
    assert line.announced is None
    assert [v.n for v in line.paper.versions] == [1, 3]
    assert line.paper.submitted_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert line.paper.updated_at == datetime(2026, 1, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no id"),
        ({**CORPUS, "id": ""}, "no id"),
        ({**CORPUS, "id": 2601.00007}, "id is no text"),
        ({**CORPUS, "id": "2613.00007"}, "no arXiv identifier"),
        ({**CORPUS, "title": ["x"]}, "title is no text"),
        ({**CORPUS, "title": " \x00"}, "no title"),
        ({**CORPUS, "authors": "Ada"}, "authors is no list"),
        ({**CORPUS, "authors": [1]}, "authors is no list of texts"),
        ({**CORPUS, "announced": "tomorrow"}, "no day"),
        ({**CORPUS, "version_seen": 0}, "no version"),
        ({**CORPUS, "version_seen": 10**30}, "no version"),
        ({**CORPUS, "versions": ["v1"]}, "versions are no objects"),
        ({**CORPUS, "versions": {"v1": ""}}, "versions is no list"),
        ({**SNAPSHOT, "categories": "cs.XX"}, "no category"),
        ({**SNAPSHOT, "categories": None}, "no category"),
        ({**SNAPSHOT, "authors": "", "authors_parsed": ["Ada"]}, "authors_parsed"),
        (json.dumps({**CORPUS, "abstract": "x" * LONGEST}).encode(), "longer than"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_line_is_refused_with_its_reason(line: Any, reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        parse(line if isinstance(line, bytes) else json.dumps(line).encode())


_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("base", [SNAPSHOT, CORPUS], ids=["snapshot", "corpus"])
@given(data=st.data())
def test_whatever_stands_in_a_field_is_read_or_refused(
    base: dict[str, Any], data: st.DataObject
) -> None:
    fields = sorted({*base, "versions", "authors_raw", "published", "version_seen"})
    line = {**base, data.draw(st.sampled_from(fields)): data.draw(_value)}
    try:
        paper = told(line).paper
    except BadLine as reason:
        assert str(reason)
    else:
        assert "\x00" not in paper.title + paper.abstract


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def lines_of(path: Path, after: int = 0) -> list[bytes]:
    return [line for block in blocks(path, after) for line in block.lines]


@pytest.fixture(params=PACKED)
def packed(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    return PACKED[request.param]


def test_every_packing_gives_the_same_lines(
    packed: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    lines = [b"%d " % n + b"x" * (n % 700) for n in range(5_000)]
    path = tmp_path / "named as it likes"
    path.write_bytes(packed(b"\n".join(lines)))
    assert lines_of(path) == lines
    assert lines_of(path, after=4_321) == lines[4_321:]
    assert lines_of(path, after=9_999) == []
    assert list(blocks(path))[-1].last == len(lines)


def test_two_packed_files_after_another_are_one(
    packed: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed(b"a\nb\n") + packed(b"c\nd\n"))
    assert lines_of(path) == [b"a", b"b", b"c", b"d"]


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_a_file_that_was_cut_off_is_no_whole_one(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole = PACKED[kind](b"".join(b"%d\n" % (n * n) for n in range(50_000)))
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(BadInput, match="can't be read behind line"):
        lines_of(path)


def test_no_file_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        lines_of(tmp_path / "none")


def test_an_endless_line_takes_no_memory_and_is_cut(
    packed: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed(b"a\n" + b"x" * 50_000_000 + b"\nb"))
    tracemalloc.start()
    try:
        first, long, last = lines_of(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (first, last) == (b"a", b"b")
    assert len(long) > LONGEST
    assert peak < 35_000_000


def test_memory_is_flat_over_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(b"%050000d\n" % n for n in range(1_000))  # 50 MB
    tracemalloc.start()
    try:
        count = sum(len(block.lines) for block in blocks(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 1_000
    assert peak < 25_000_000


@pytest.mark.skipif(REAL is None, reason="needs the real data")
def test_the_real_corpus_reads_without_a_bad_line() -> None:
    assert REAL is not None
    found = 0
    for block in islice(json_lines.blocks(REAL / "three-weeks" / "corpus.jsonl.xz"), 5):
        for line in block.lines:
            parse(line)
            found += 1
    assert found > 2_000
