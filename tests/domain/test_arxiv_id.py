"""Identifiers in all their forms, and what only looks like one."""

from __future__ import annotations

import json
import lzma
import pickle
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.arxiv_id import ArxivId
from app.errors import InvalidArxivId
from tests.real import REAL

FORMS = [
    # bare
    ("2401.01234", "2401.01234"),
    ("2401.01234v2", "2401.01234v2"),
    ("2401.01234V12", "2401.01234v12"),
    ("0704.0001", "0704.0001"),
    ("1412.9999v1", "1412.9999v1"),
    ("1501.00001", "1501.00001"),
    ("1312.12345", None),
    ("hep-th/9901001", "hep-th/9901001"),
    ("hep-th/9901001v3", "hep-th/9901001v3"),
    ("HEP-TH/9901001", "hep-th/9901001"),
    ("math.CA/0611800", "math/0611800"),
    ("math.ca/0611800v2", "math/0611800v2"),
    ("cond-mat.mes-hall/0512107", "cond-mat/0512107"),
    ("cs.LG/0703001", "cs/0703001"),
    ("math-ph/0601001", "math-ph/0601001"),
    ("cmp-lg/9404001", "cmp-lg/9404001"),
    ("alg-geom/9202001", "alg-geom/9202001"),
    ("chao-dyn/9301001", "chao-dyn/9301001"),
    ("solv-int/9304001", "solv-int/9304001"),
    ("dg-ga/9406001", "dg-ga/9406001"),
    ("funct-an/9204001", "funct-an/9204001"),
    ("q-alg/9412001", "q-alg/9412001"),
    ("patt-sol/9302001", "patt-sol/9302001"),
    ("adap-org/9303001", "adap-org/9303001"),
    ("comp-gas/9302001", "comp-gas/9302001"),
    ("chem-ph/9403001", "chem-ph/9403001"),
    ("mtrl-th/9411001", "mtrl-th/9411001"),
    ("supr-con/9411001", "supr-con/9411001"),
    ("plasm-ph/9509001", "plasm-ph/9509001"),
    ("ao-sci/9502001", "ao-sci/9502001"),
    ("atom-ph/9509001", "atom-ph/9509001"),
    ("bayes-an/9506001", "bayes-an/9506001"),
    ("acc-phys/9411001", "acc-phys/9411001"),
    ("q-bio/0310001", "q-bio/0310001"),
    ("quant-ph/0201082v1", "quant-ph/0201082v1"),
    ("nlin/0012001", "nlin/0012001"),
    ("physics/9610001", "physics/9610001"),
    # with a prefix
    ("arXiv:2401.01234", "2401.01234"),
    ("arxiv:2401.01234v2", "2401.01234v2"),
    ("ARXIV:2401.01234", "2401.01234"),
    ("arXiv: 2401.01234", "2401.01234"),
    ("arXiv：2401.01234", "2401.01234"),
    ("arXiv 2401.01234", "2401.01234"),
    ("arXiv.2401.01234", "2401.01234"),
    ("arXiv:hep-th/9901001", "hep-th/9901001"),
    ("arXiv:math.CA/0611800v1", "math/0611800v1"),
    ("arXiv:2401.01234 [cs.CL]", "2401.01234"),
    ("arXiv:2401.01234v1 [astro-ph.CO]", "2401.01234v1"),
    ("arXiv:2401.01234v1  [cs.CL]  2 Jan 2024", "2401.01234v1"),
    ("(arXiv:2401.01234 [cs.CL])", "2401.01234"),
    ("oai:arXiv.org:2401.01234", "2401.01234"),
    ("oai:arXiv.org:2401.01234v2", "2401.01234v2"),
    ("oai:arXiv.org:hep-th/9901001", "hep-th/9901001"),
    # DOIs
    ("10.48550/arXiv.2401.01234", "2401.01234"),
    ("10.48550/arxiv.hep-th/9901001", "hep-th/9901001"),
    ("10.48550/ARXIV.2401.01234", "2401.01234"),
    ("doi:10.48550/arXiv.2401.01234", "2401.01234"),
    ("https://doi.org/10.48550/arXiv.2401.01234", "2401.01234"),
    ("https://doi.org/10.48550/arXiv.hep-th/9901001", "hep-th/9901001"),
    ("http://dx.doi.org/10.48550/arxiv.2401.01234v2", "2401.01234v2"),
    ("doi.org/10.48550%2FarXiv.2401.01234", "2401.01234"),
    # wrapped
    ("  2401.01234\n", "2401.01234"),
    ("\ufeff2401.01234\u200b", "2401.01234"),
    ("[2401.01234]", "2401.01234"),
    ("(2401.01234v2).", "2401.01234v2"),
    ('"2401.01234",', "2401.01234"),
    ("“2401.01234”", "2401.01234"),
    ("《2401.01234》。", "2401.01234"),
    ("<https://arxiv.org/abs/2401.01234>", "2401.01234"),
    ("`hep-th/9901001`", "hep-th/9901001"),
    ("2401.01234/", "2401.01234"),
    ("2401.01234.pdf", "2401.01234"),
    ("2401.01234v2.pdf", "2401.01234v2"),
    ("hep-th/9901001.ps.gz", "hep-th/9901001"),
    ("2401.01234v2#page=3", "2401.01234v2"),
    ("2401.01234.pdf?download=1", "2401.01234"),
    # arXiv's own pages
    ("https://arxiv.org/abs/2401.01234", "2401.01234"),
    ("http://arxiv.org/abs/2401.01234v3", "2401.01234v3"),
    ("HTTPS://ARXIV.ORG/ABS/2401.01234V3", "2401.01234v3"),
    ("arxiv.org/abs/2401.01234", "2401.01234"),
    ("//arxiv.org/abs/2401.01234", "2401.01234"),
    ("www.arxiv.org/abs/2401.01234", "2401.01234"),
    ("https://arxiv.org:443/abs/2401.01234", "2401.01234"),
    ("https://arxiv.org/abs/2401.01234/", "2401.01234"),
    ("https://arxiv.org/abs/arXiv:2401.01234", "2401.01234"),
    ("https://arxiv.org/abs/2401.01234?context=cs.AI", "2401.01234"),
    ("https://arxiv.org/abs/2401.01234v1#bib", "2401.01234v1"),
    ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
    ("https://arxiv.org/abs/hep-th%2F9901001", "hep-th/9901001"),
    ("https://arxiv.org/abs/math.CA/0611800", "math/0611800"),
    ("https://arxiv.org/pdf/2401.01234", "2401.01234"),
    ("https://arxiv.org/pdf/2401.01234.pdf", "2401.01234"),
    ("https://arxiv.org/pdf/2401.01234v2.pdf", "2401.01234v2"),
    ("https://arxiv.org/pdf/2401.01234.pdfv2", "2401.01234"),
    ("https://arxiv.org/pdf/2401.01234v2.pdf#page=7", "2401.01234v2"),
    ("https://arxiv.org/pdf/hep-th/9901001v1.pdf", "hep-th/9901001v1"),
    ("https://arxiv.org/html/2401.01234v1", "2401.01234v1"),
    ("https://arxiv.org/html/2401.01234v1#S3.SS1", "2401.01234v1"),
    ("https://arxiv.org/html/2401.01234v1/x1.png", "2401.01234v1"),
    ("https://arxiv.org/ps/hep-th/9901001", "hep-th/9901001"),
    ("https://arxiv.org/format/2401.01234", "2401.01234"),
    ("https://arxiv.org/src/2401.01234v1/anc/data.csv", "2401.01234v1"),
    ("https://arxiv.org/e-print/2401.01234", "2401.01234"),
    ("https://arxiv.org/tb/2401.01234", "2401.01234"),
    ("https://arxiv.org/bibtex/2401.01234", "2401.01234"),
    ("https://arxiv.org/cits/arXiv:2401.01234", "2401.01234"),
    ("https://arxiv.org/show-email/d3b07384/2401.01234", "2401.01234"),
    ("https://arxiv.org/list/cs.AI/new#2401.01234", "2401.01234"),
    ("https://arxiv.org/prevnext?id=2401.01234&function=next&context=cs", "2401.01234"),
    ("https://export.arxiv.org/api/query?id_list=2401.01234v1", "2401.01234v1"),
    ("https://export.arxiv.org/abs/2401.01234", "2401.01234"),
    ("https://browse.arxiv.org/pdf/2401.01234.pdf", "2401.01234"),
    ("https://static.arxiv.org/pdf/2401.01234.pdf", "2401.01234"),
    ("http://xxx.lanl.gov/abs/hep-th/9901001", "hep-th/9901001"),
    ("http://cn.arxiv.org/abs/2401.01234", "2401.01234"),
    ("http://de.arxiv.org/pdf/cs.CL/0101001", "cs/0101001"),
    # other sites
    ("https://www.alphaxiv.org/abs/2401.01234v1", "2401.01234v1"),
    ("https://alphaxiv.org/pdf/2401.01234", "2401.01234"),
    ("https://www.alphaxiv.org/overview/2401.01234", "2401.01234"),
    ("https://huggingface.co/papers/2401.01234", "2401.01234"),
    ("https://hf.co/papers/2401.01234", "2401.01234"),
    ("https://ar5iv.org/abs/2401.01234", "2401.01234"),
    ("https://ar5iv.org/html/hep-th/9901001", "hep-th/9901001"),
    ("https://ar5iv.labs.arxiv.org/html/2401.01234", "2401.01234"),
    ("https://api.semanticscholar.org/arXiv:2401.01234", "2401.01234"),
    ("https://www.semanticscholar.org/arxiv/2401.01234", "2401.01234"),
    ("https://scholar.google.com/scholar?q=arXiv%3A2401.01234", "2401.01234"),
    ("https://scholar.google.com/scholar_lookup?arxiv_id=2401.01234", "2401.01234"),
    ("https://ui.adsabs.harvard.edu/abs/arXiv:2401.01234/abstract", "2401.01234"),
    ("https://papers.cool/arxiv/2401.01234", "2401.01234"),
    ("http://localhost:8000/arxiv/2401.01234", "2401.01234"),
    ("https://go.example/?url=https%3A%2F%2Farxiv.org%2Fabs%2F2401.01234v2", "2401.01234v2"),
    ("https://go.example/?url=https%253A%252F%252Farxiv.org%252Fabs%252F2401.01234", "2401.01234"),
    ("https://web.archive.org/web/20240105/https://arxiv.org/abs/2401.01234", "2401.01234"),
    ("https://arxiv.org/abs/2401.01234).", "2401.01234"),
    ("“https://arxiv.org/abs/2401.01234”，", "2401.01234"),
]

NONE = [
    "",
    " ",
    "arXiv",
    "arXiv:",
    "cs.AI",
    "hep-th",
    "a paper on 2401.01234",
    "2401.01234 2402.01234",
    "2401.01234,2402.01234",
    "2401.01234/2402.01234",
    # months and numbers that can't be
    "2413.01234",
    "2400.01234",
    "0613.0001",
    "0703.0001",
    "0612.1234",
    "9901.01234",
    "2401.00000",
    "0704.0000",
    "hep-th/9901000",
    "hep-th/9913001",
    "hep-th/9900001",
    "hep-th/9106001",
    "hep-th/0704001",
    "hep-th/2401001",
    "hep-th/8901001",
    # widths that don't fit the date
    "2401.1234",
    "1501.0001",
    "1412.00001",
    "0704.00001",
    "2401.012345",
    "2401.123",
    "12401.01234",
    "240.101234",
    "hep-th/990100",
    "hep-th/99010012",
    "9901001",
    # archives that are none, or gave out no identifiers of their own
    "foo/9901001",
    "hep/9901001",
    "hep-thh/9901001",
    "stat/0703001",
    "econ/0703001",
    "test/9901001",
    "hep-th-9901001",
    # versions that can't be
    "2401.01234v0",
    "2401.01234v",
    "2401.01234v01",
    "2401.01234v1000",
    "2401.01234v1.2",
    "2401.01234v-1",
    "2401.01234w2",
    "hep-th/9901001v0",
    # digits of other scripts
    "２４０１.０１２３４",
    "٢٤٠١.٠١٢٣٤",
    "2401．01234",
    # addresses without an identifier of arXiv's
    "https://arxiv.org",
    "https://arxiv.org/",
    "https://arxiv.org/abs/",
    "https://arxiv.org/abs/2413.01234",
    "https://arxiv.org/abs/2401.012345",
    "https://arxiv.org/abs/12401.01234",
    "https://arxiv.org/abs/foo/9901001",
    "https://arxiv.org/list/cs.AI/new",
    "https://arxiv.org/list/cs.AI/2401?skip=0&show=2000",
    "https://arxiv.org/list/cs.AI/new#item2401",
    "https://arxiv.org/list/hep-th/9901",
    "https://example.com/2401.01234",
    "https://example.com/abs/2401.01234",
    "https://arxiv.org.example.com/abs/2401.01234",
    "https://notarxiv.org/abs/2401.01234",
    "https://arxiv.org@example.com/abs/2401.01234",
    "https://huggingface.co/datasets/2401.01234",
    "https://doi.org/10.1103/2401.01234",
    "10.1103/2401.01234",
    "10.1103/PhysRevD.99.012345",
    "javascript:alert(2401.01234)",
    "file:///home/me/2401.01234.pdf",
    "https://arxiv.org/abs/2401.01234 and more",
]


@pytest.mark.parametrize(("text", "expected"), [form for form in FORMS if form[1]])
def test_every_form_is_understood(text: str, expected: str) -> None:
    assert str(ArxivId.parse(text)) == expected


@pytest.mark.parametrize("text", [*NONE, *(text for text, expected in FORMS if not expected)])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidArxivId):
        ArxivId.parse(text)


def test_a_refusal_quotes_only_the_beginning_of_the_text() -> None:
    with pytest.raises(InvalidArxivId) as refused:
        ArxivId.parse("no id\n\ud800" + "x" * 100_000)
    assert len(str(refused.value)) < 200
    assert "\n" not in str(refused.value)


def test_an_old_id_keeps_its_archive() -> None:
    paper = ArxivId.parse("math.CA/0611800v2")
    assert paper.bare == ArxivId.parse("math/0611800")
    assert (paper.version, paper.month, paper.is_old_style) == (2, (2006, 11), True)


def test_a_new_id_tells_its_month() -> None:
    paper = ArxivId.parse("1412.0001")
    assert (paper.version, paper.month, paper.is_old_style) == (None, (2014, 12), False)
    assert ArxivId.parse("hep-th/9108001").month == (1991, 8)


def test_a_version_can_be_set_and_dropped() -> None:
    paper = ArxivId.parse("2401.01234")
    assert str(paper.with_version(3)) == "2401.01234v3"
    assert paper.with_version(3).with_version(4).version == 4
    assert paper.with_version(3).bare == paper.bare == paper
    assert paper.with_version(3) != paper


@pytest.mark.parametrize("n", [0, -1, 1000])
def test_a_version_that_cannot_be_is_refused(n: int) -> None:
    with pytest.raises(InvalidArxivId):
        ArxivId.parse("2401.01234").with_version(n)


def test_addresses_keep_the_version() -> None:
    paper = ArxivId.parse("hep-th/9901001v2")
    assert paper.abs_url("https://arxiv.org") == "https://arxiv.org/abs/hep-th/9901001v2"
    assert paper.pdf_url("https://arxiv.org") == "https://arxiv.org/pdf/hep-th/9901001v2"
    assert paper.html_url("https://arxiv.org") == "https://arxiv.org/html/hep-th/9901001v2"
    assert ArxivId.parse(paper.pdf_url("https://arxiv.org")) == paper


def test_ids_stand_in_the_order_they_were_given_out() -> None:
    texts = [
        "hep-th/9108001", "hep-th/9912999", "hep-th/0001001", "math/0001001", "hep-th/0001002",
        "hep-th/0703999", "0704.0001", "0704.0002", "1412.9999", "1501.00001", "1501.10000",
        "1501.10000v1", "1501.10000v2", "1501.10000v10", "2608.20339",
    ]  # fmt: skip
    ids = [ArxivId.parse(text) for text in texts]
    assert sorted(ids, reverse=True) == ids[::-1]
    ordinals = [paper.ordinal for paper in ids]
    assert ordinals == sorted(ordinals)
    assert ordinals[0] > 0
    assert ordinals[-1] < 2**63
    assert len({paper.ordinal for paper in ids if paper.bare == ids[-2].bare}) == 1


def test_ids_survive_pickling_and_serve_as_keys() -> None:
    paper = ArxivId.parse("2401.01234v2")
    assert pickle.loads(pickle.dumps(paper)) == paper
    assert {paper: 1}[ArxivId.parse("arXiv:2401.01234V2")] == 1
    with pytest.raises(AttributeError):
        paper.version = 3  # type: ignore[misc]


IN_TEXT = [
    ("arXiv:2401.01234v2, [0704.0001], hep-th/9901001.", "2401.01234v2 0704.0001 hep-th/9901001"),
    ("2401.01234,2402.02222;2403.03333", "2401.01234 2402.02222 2403.03333"),
    ("2401.01234 then 2401.01234v2, arXiv:2401.01234", "2401.01234"),
    ("2401.01234v2 then 2401.01234v3", "2401.01234v2"),
    ("论文2401.01234和hep-th/9901001。", "2401.01234 hep-th/9901001"),
    ("https://papers.cool/arxiv/2401.01234,2402.02222", "2401.01234 2402.02222"),
    ("[1](https://arxiv.org/abs/2401.01234) <a href=/pdf/2402.02222.pdf>", "2401.01234 2402.02222"),
    ("?u=https%3A%2F%2Farxiv.org%2Fabs%2Fhep-th%2F9901001&v=0704.0001", "hep-th/9901001 0704.0001"),
    ("paper_2401.01234v2.pdf, arxiv-2402.02222.pdf", "2401.01234v2 2402.02222"),
    ("doi:10.48550/arXiv.2401.01234.", "2401.01234"),
    ("arXiv:math.CA/0611800 [math.CA]", "math/0611800"),
    ("arXiv2401.01234", "2401.01234"),
    ("It ends with 2401.01234.", "2401.01234"),
    ("2413.01234 is none, 2401.01234 is one", "2401.01234"),
    ("12401.01234 2401.012345 2401.01234.5 0.2401.01234 x2401.01234 2401.01234x", ""),
    ("10.1103/2401.01234 and 10.1109/CVPR.2012.01234", ""),
    ("semi-math/0611800, math/06118001, aftermath/0611800", ""),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IN_TEXT)
def test_ids_are_found_in_running_text(text: str, expected: str) -> None:
    assert [str(paper) for paper in ArxivId.find_all(text)] == expected.split()


@st.composite
def ids(draw: st.DrawFn) -> ArxivId:
    month = draw(st.integers(1, 12))
    if draw(st.booleans()):
        year = draw(st.integers(8, 60))
        width = 4 if year < 15 else 5
        text = f"{year:02}{month:02}.{draw(st.integers(1, 10**width - 1)):0{width}}"
    else:
        archive = draw(st.sampled_from(["hep-th", "math", "math-ph", "cs", "acc-phys", "q-alg"]))
        year = draw(st.integers(1992, 2006)) % 100
        text = f"{archive}/{year:02}{month:02}{draw(st.integers(1, 999)):03}"
    version = draw(st.none() | st.integers(1, 999))
    return ArxivId.parse(text if version is None else f"{text}v{version}")


PRINTED = [
    "{}", "arXiv:{}", "arxiv.org/abs/{}", "https://arxiv.org/pdf/{}.pdf", "({})", "{}.pdf", "{}.",
    "https://doi.org/10.48550/arXiv.{}", "oai:arXiv.org:{}", "https://huggingface.co/papers/{}#x",
    "https://alphaxiv.org/abs/{}?a=b", "[{}]", "《{}》", "arXiv: {}",
]  # fmt: skip


@given(ids())
def test_an_id_is_read_back_as_it_is_printed(paper: ArxivId) -> None:
    assert ArxivId.parse(str(paper)) == paper
    assert ArxivId.parse(quote(str(paper), safe="")) == paper
    assert str(paper.bare) == str(paper).partition("v")[0]
    assert paper.ordinal == paper.bare.ordinal


@given(ids(), st.sampled_from(PRINTED))
def test_every_printed_form_is_read_back(paper: ArxivId, form: str) -> None:
    assert ArxivId.parse(form.format(paper)) == paper


@given(ids(), ids())
def test_ordering_is_by_age_and_agrees_with_equality(a: ArxivId, b: ArxivId) -> None:
    assert (a < b) + (b < a) + (a == b) == 1
    if a.month < b.month:
        assert a.ordinal < b.ordinal


@given(st.text(), st.sampled_from(PRINTED), ids(), st.text())
def test_an_id_is_found_whatever_stands_around_it(
    before: str, form: str, paper: ArxivId, after: str
) -> None:
    found = ArxivId.find_all(f"{before} {form.format(paper)} {after}")
    assert paper.bare in [other.bare for other in found]


@given(st.text() | st.text("0123456789.v/-:?#%[]arxivhepth.org "))
@settings(max_examples=300)
def test_no_text_whatsoever_makes_any_other_error(text: str) -> None:
    ArxivId.find_all(text)
    try:
        paper = ArxivId.parse(text)
    except InvalidArxivId:
        return
    assert ArxivId.parse(str(paper)) == paper


HOSTILE = [
    "1", "2401.", "2401.01234", "2413.01234/", "arxiv", "arxiv.org/", "https://arxiv.org/", "//a@",
    "a.", "cs/", "cs.aaaaaaaaa", "acc-phys.", "%25", " ", "[(", "10.1234/", "\ud800", "-",
    "x.org/arxiv?",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    text = "//" + (piece * 100_000)[:100_000]
    began = time.process_time()
    ArxivId.find_all(text)
    with pytest.raises(InvalidArxivId):
        ArxivId.parse(text)
    assert time.process_time() - began < 1.0


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_every_real_id_is_read_back_in_order() -> None:
    assert REAL is not None
    with lzma.open(REAL / "three-weeks" / "corpus.jsonl.xz", "rt") as lines:
        texts = [json.loads(line)["id"] for line in lines]
    found = [ArxivId.parse(text) for text in texts]
    assert [str(paper) for paper in found] == texts
    new = [paper for paper in found if not paper.is_old_style]
    assert [paper.ordinal for paper in new] == sorted(paper.ordinal for paper in new)
    assert len(texts) > 10_000
