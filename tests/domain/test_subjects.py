"""Category names, and the sets of them that an expression names."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import taxonomy
from app.domain.subjects import Subjects, archives, canonical, canonical_all, title
from app.errors import BadInput, UnknownSubject
from tests.real import REAL

ACTIVE = list(taxonomy.CATEGORIES)
ALL = [*ACTIVE, *taxonomy.UNDIVIDED]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cs.AI", "cs.AI"),
        ("CS.ai", "cs.AI"),
        (" cs.ai ", "cs.AI"),
        ("hep-th", "hep-th"),
        ("Cond-Mat.Str-El", "cond-mat.str-el"),
        ("math.MP", "math-ph"),
        ("stat.TH", "math.ST"),
        ("math.IT", "cs.IT"),
        ("q-fin.EC", "econ.GN"),
        ("cs.SY", "eess.SY"),
        ("cs.NA", "math.NA"),
        ("cmp-lg", "cs.CL"),
        ("alg-geom", "math.AG"),
        ("CHAO-DYN", "nlin.CD"),
        ("astro-ph", "astro-ph"),
        ("cond-mat", "cond-mat"),
        ("q-bio", "q-bio"),
    ],
)
def test_a_category_has_one_name(name: str, expected: str) -> None:
    assert canonical(name) == expected


@pytest.mark.parametrize(
    "name", ["", "cs", "math", "cs.XX", "csAI", "test", "68T05", "cs.AI,cs.CL"]
)
def test_what_is_no_category_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownSubject) as refused:
        canonical(name)
    assert refused.value.name == name


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["cs.LG", "cs.AI", "stat.ML"], ("cs.LG", "cs.AI", "stat.ML")),
        (["math.NA", "cs.NA", "math.AP"], ("math.NA", "math.AP")),
        (["cs.NA", "math.NA"], ("math.NA",)),
        (["cs.CV", "68T45", "I.2.10", "I.4; I.5", "68T07, 68T45 (Primary)"], ("cs.CV",)),
        (["cs.AI; secondary"], ("cs.AI",)),
        (["eess.SY (Primary), cs.RO (Secondary)"], ("eess.SY", "cs.RO")),
        (["cs.AI cs.CL"], ("cs.AI", "cs.CL")),
        (["astro-ph"], ("astro-ph",)),
        (["astro-ph", "astro-ph.CO", "gr-qc"], ("astro-ph", "astro-ph.CO", "gr-qc")),
        (["cmp-lg", "cs.CL"], ("cs.CL",)),
        (["cs", "physics", "None", "acmart", "", "test.soft"], ()),
        (["math.XX", "astro-ph.XX", "xcs.AI", "cs.AIx", "cs.AI-x", "non-hep-th", "cs.AI.x"], ()),
        ([], ()),
    ],
)
def test_a_source_s_list_keeps_arxiv_s_categories_only(
    names: list[str], expected: tuple[str, ...]
) -> None:
    assert canonical_all(names) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cs.AI", "Artificial Intelligence"),
        ("cs", "Computer Science"),
        ("astro-ph", "Astrophysics"),
        ("hep-th", "High Energy Physics - Theory"),
        ("q-fin.EC", "Economics"),
        ("econ.GN", "General Economics"),
        ("mtrl-th", "Materials Theory"),
    ],
)
def test_every_name_has_a_title(name: str, expected: str) -> None:
    assert title(name) == title(name.upper()) == expected


def test_an_unknown_name_has_no_title() -> None:
    with pytest.raises(UnknownSubject):
        title("cs.XX")


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("cs.AI", "cs.AI"),
        ("cs.ai", "cs.AI"),
        ("cs.AI,cs.CL", "cs.AI cs.CL"),
        ("cs.CL+cs.AI", "cs.AI cs.CL"),
        ("cs.AI cs.CL", "cs.AI cs.CL"),
        (" cs.AI , cs.CL,", "cs.AI cs.CL"),
        ("+cs.AI", "cs.AI"),
        ("cs.AI,cs.AI", "cs.AI"),
        ("cs.AI+cs.LG-cs.CY-econ.GN", "cs.AI cs.LG"),
        ("cs.AI - cs.AI + cs.LG", "cs.LG"),
        ("cs.AI-cs.AI+cs.AI", "cs.AI"),
        ("-cs.AI+cs.AI", "cs.AI"),
        ("econ", "econ.EM econ.GN econ.TH"),
        ("ECON-econ.gn", "econ.EM econ.TH"),
        ("hep-th", "hep-th"),
        ("hep-th-hep-ph", "hep-th"),
        ("hep-th-hep-th+hep-ph", "hep-ph"),
        ("math.MP-math-ph+nucl-ex", "nucl-ex"),
        ("cond-mat.str-el+quant-ph", "cond-mat.str-el quant-ph"),
        ("q-bio.NC+q-bio.GN-q-bio.NC", "q-bio.GN"),
        ("q-bio.NC-q-bio+cs.AI", "cs.AI"),
        ("supr-con-supr-con+chao-dyn", "nlin.CD"),
        ("nlin-nlin.AO-chao-dyn", "nlin.CG nlin.PS nlin.SI"),
        ("cs.NA", "math.NA"),
        ("stat.TH,cmp-lg", "cs.CL math.ST"),
        (
            "q-fin-q-fin.CP-q-fin.GN-q-fin.MF-q-fin.PM-q-fin.PR-q-fin.RM",
            "q-fin.ST q-fin.TR econ.GN",
        ),
    ],
)
def test_an_expression_is_read_from_left_to_right(expression: str, names: str) -> None:
    assert Subjects.parse(expression).names == tuple(names.split())


def test_an_archive_is_all_that_arxiv_lists_in_it() -> None:
    cs = Subjects.parse("cs")
    assert {"cs.AI", "math.NA", "eess.SY"} <= {*cs}  # cs.NA and cs.SY, by their other names
    assert not {"math.AG", "eess.AS"} & {*cs}
    assert len(cs) == 40
    assert "math-ph" in Subjects.parse("math")
    assert "physics.chem-ph" in Subjects.parse("physics")
    assert "hep-th" not in Subjects.parse("physics")


@pytest.mark.parametrize("archive", taxonomy.UNDIVIDED)
def test_an_archive_has_the_category_that_it_once_was(archive: str) -> None:
    assert archive in Subjects.parse(archive)
    assert archive not in Subjects.everything()
    assert Subjects.of([archive]).names == (archive,)


@pytest.mark.parametrize(
    ("expression", "bad"),
    [
        ("cs.XX", "cs.XX"),
        ("foo", "foo"),
        ("cs.AI,foo,cs.CL", "foo"),
        ("cs.AI+foo-bar-cs.CL", "foo-bar"),
        ("cs.AI+cs.XX-cs.CL", "cs.XX"),
        ("hep-thx", "hep-thx"),
        ("csAI", "csAI"),
        ("cs.AI-", "-"),
        ("cs.AI;cs.CL", "cs.AI;cs.CL"),
        ("test", "test"),
        ("grp_physics", "grp_physics"),
        ("x" * 100_000, "x" * 60),
    ],
)
def test_an_unknown_name_is_told(expression: str, bad: str) -> None:
    with pytest.raises(UnknownSubject) as refused:
        Subjects.parse(expression)
    assert refused.value.name == bad


@pytest.mark.parametrize("expression", ["", " ", ",", "+,+", "cs.AI-cs.AI", "-cs", "econ-econ"])
def test_an_expression_of_nothing_is_refused(expression: str) -> None:
    with pytest.raises(BadInput) as refused:
        Subjects.parse(expression)
    assert not isinstance(refused.value, UnknownSubject)


def test_sets_behave_like_sets() -> None:
    both, one = Subjects.of(["cs.CL", "cs.NA", "cs.CL"]), Subjects.of(["cs.CL"])
    assert both.names == ("cs.CL", "math.NA")
    assert list(both) == ["cs.CL", "math.NA"]
    assert len(both) == 2
    assert "math.NA" in both
    assert "cs.AI" not in both
    assert one | Subjects.of(["math.NA"]) == both
    assert both - one == Subjects.of(["math.NA"])
    assert one <= both
    assert not both <= one
    assert {one: 1}[Subjects.parse("cs.cl")] == 1
    assert not Subjects.of([])
    assert Subjects.of([]).oai_set() is None


def test_an_archive_alone_is_no_category_of_a_set() -> None:
    with pytest.raises(UnknownSubject):
        Subjects.of(["cs"])


@pytest.mark.parametrize(
    ("expression", "shortest"),
    [
        ("cs.CL,cs.AI", "cs.AI+cs.CL"),
        ("cs+cs.AI", "cs"),
        ("cs-cs.CY", "cs-cs.CY"),
        ("math+cs-cs.CY+quant-ph", "cs+math-cs.CY+quant-ph"),
        ("cs-math.NA+math-math.NA", "cs+math-math.NA"),
        ("econ.EM+econ.GN+econ.TH", "econ"),
        ("q-fin+econ", "q-fin+econ"),
        ("eess-eess.AS-eess.IV", "eess.SP+eess.SY"),
        ("astro-ph-astro-ph.CO", "astro-ph-astro-ph.CO"),
        ("math.MP", "math-ph"),
        ("cs+eess+stat+math+physics", "cs+math+physics+stat+eess"),
    ],
)
def test_a_set_prints_its_shortest_expression(expression: str, shortest: str) -> None:
    assert str(Subjects.parse(expression)) == shortest


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cs.AI", "Artificial Intelligence"),
        ("hep-th", "High Energy Physics - Theory"),
        ("cs", "Computer Science"),
        ("astro-ph", "Astrophysics"),
        ("cs.AI,cs.CL", "cs.AI + cs.CL"),
        ("cs-cs.CY", "cs - cs.CY"),
        ("cs.AI+cs.CL+cs.CV+cs.LG+hep-th", "cs.AI + cs.CL + 3 more"),
        ("cs-cs.CY-cs.AI-cs.SE-cs.RO", "cs - cs.AI …"),
    ],
)
def test_a_set_has_a_short_title(expression: str, expected: str) -> None:
    assert Subjects.parse(expression).title == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("math.CO", "math:math:CO"),
        ("hep-th", "physics:hep-th"),
        ("math-ph", "physics:math-ph"),
        ("physics.optics", "physics:physics:optics"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("cs.NA", "math:math:NA"),
        ("cs.AI+cs.CL", "cs:cs"),
        ("cs", "cs:cs"),
        ("cs-cs.AI", "cs:cs"),
        ("math.NA+math.CO", "math:math"),
        ("astro-ph", "physics:astro-ph"),
        ("physics", "physics:physics"),
        ("econ", "econ:econ"),
        ("q-bio.NC+q-bio.GN", "q-bio:q-bio"),
        ("cs.AI+stat.ML", None),
        ("hep-th+hep-ph", None),
        ("cs+math", None),
    ],
)
def test_the_narrowest_oai_set_covers_all(expression: str, expected: str | None) -> None:
    assert Subjects.parse(expression).oai_set() == expected


def test_the_category_an_archive_once_was_is_harvested_by_the_archive() -> None:
    assert Subjects.of(["astro-ph"]).oai_set() == "physics:astro-ph"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cs.AI", "cs.AI"),
        ("cs.AI+hep-th", "cs.AI hep-th"),
        ("cs", "cs"),
        ("cs+hep-th", "cs hep-th"),
        ("econ-econ.GN", "econ.EM econ.TH"),
        ("astro-ph", "astro-ph"),
        ("astro-ph.CO+astro-ph.EP+astro-ph.GA+astro-ph.HE+astro-ph.IM+astro-ph.SR", "astro-ph"),
        ("q-fin+econ", "q-fin econ"),
    ],
)
def test_a_feed_is_asked_for_by_few_names(expression: str, expected: str) -> None:
    assert Subjects.parse(expression).feed_names() == tuple(expected.split())


def test_everything_is_each_archive_in_a_feed() -> None:
    everything = Subjects.everything()
    assert len(everything) == 149
    assert {*everything.feed_names()} == {*taxonomy.ARCHIVES} - {"math-ph"}  # math has math.MP
    assert Subjects.of(["astro-ph"]).feed_names() == ()


def test_the_picker_shows_each_active_category_once_under_its_archive() -> None:
    shown = archives()
    names = [category.name for archive in shown for category in archive.categories]
    assert names == list(Subjects.everything().names)
    groups = list(dict.fromkeys(archive.group for archive in shown))
    assert groups == [
        "Computer Science", "Mathematics", "Physics", "Statistics",
        "Electrical Engineering and Systems Science", "Quantitative Biology",
        "Quantitative Finance", "Economics",
    ]  # fmt: skip
    assert shown[0].name == "cs"
    assert shown[0].categories[0].title == "Artificial Intelligence"
    assert [archive.name for archive in shown] == list(taxonomy.ARCHIVES)


sets = st.sets(st.sampled_from(ALL)).map(Subjects.of)
names = st.sampled_from([*ALL, *taxonomy.ARCHIVES, *taxonomy.ALIASES, *taxonomy.SUBSUMED])
signs = st.sampled_from(["+", ",", " ", "-", " - ", ", "])


@st.composite
def near_archives(draw: st.DrawFn) -> Subjects:
    """Archives less a little and with a little more, where the shortest form is a question."""
    picked = draw(st.lists(st.sampled_from(list(taxonomy.ARCHIVES)), max_size=6))
    whole = {name for archive in picked for name in Subjects.parse(archive)}
    return Subjects.of(whole ^ draw(st.sets(st.sampled_from(ALL), max_size=6)))


@given(sets | near_archives())
def test_an_expression_is_read_back_as_it_is_printed(subjects: Subjects) -> None:
    if subjects:
        assert Subjects.parse(str(subjects)) == subjects
    if not {*taxonomy.UNDIVIDED} & {*subjects}:
        assert len(str(subjects)) <= len("+".join(subjects))


@given(st.lists(st.tuples(signs, names), min_size=1, max_size=12))
def test_an_expression_means_what_its_terms_do(terms: list[tuple[str, str]]) -> None:
    expected: set[str] = set()
    for sign, name in terms:
        named = {*Subjects.parse(name)}
        expected = expected - named if "-" in sign else expected | named
    expression = "".join(sign + name for sign, name in terms)
    if expected:
        assert {*Subjects.parse(expression.upper())} == expected
    else:
        with pytest.raises(BadInput):
            Subjects.parse(expression)


@given(st.lists(st.tuples(signs, names), min_size=1, max_size=8))
def test_the_shortest_expression_is_no_longer_than_the_one_given(
    terms: list[tuple[str, str]],
) -> None:
    """For one that adds archives first, takes categories away next, and adds others last."""
    added = [canonical(n) if n not in taxonomy.ARCHIVES else n for s, n in terms if "-" not in s]
    taken = [canonical(n) for s, n in terms if "-" in s and n not in taxonomy.ARCHIVES]
    if added:
        expression = "+".join(added) + "".join(f"-{name}" for name in taken)
        try:
            subjects = Subjects.parse(expression)
        except BadInput:
            return
        assert len(str(subjects)) <= len(expression)


@given(sets | near_archives())
def test_a_feed_s_names_cover_what_is_announced_and_nothing_else(subjects: Subjects) -> None:
    covered = {c for name in subjects.feed_names() for c in Subjects.parse(name)}
    assert covered & {*ACTIVE} == {*subjects} & {*ACTIVE}


@given(st.text() | st.text("cs.AILGmathephqn-+, XY"))
@settings(max_examples=300)
def test_no_text_whatsoever_makes_any_other_error(text: str) -> None:
    canonical_all([text])
    for read in (canonical, title, Subjects.parse):
        try:
            read(text)
        except BadInput:
            continue


def real_taxonomy() -> dict[str, Any]:
    assert REAL is not None
    return dict(json.loads((REAL / "taxonomy.json").read_text()))


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_every_name_is_arxiv_s() -> None:
    real = real_taxonomy()
    announced = {
        name: entry["full_name"]
        for part in (real["archives"], real["categories"])
        for name, entry in part.items()
        if not name.startswith(("test", "bad-arch"))  # arXiv's own tests and error marker
    }
    assert {name: title(name) for name in announced} == announced
    assert {name for name in real["active"] if name not in taxonomy.ALIASES} == {*ACTIVE}
    assert {alias: name for alias, (_, name) in taxonomy.ALIASES.items()} == real[
        "category_aliases"
    ]
    assert {old: name for old, (_, name) in taxonomy.SUBSUMED.items()} == real["archives_subsumed"]
    inactive = {n for n, e in real["categories"].items() if not e["is_active"] and n in announced}
    assert {*taxonomy.UNDIVIDED} == inactive - set(taxonomy.SUBSUMED)


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_every_archive_is_in_arxiv_s_group() -> None:
    real = real_taxonomy()
    for archive in archives():
        assert (
            real["groups"][real["archives"][archive.name]["in_group"]]["full_name"] == archive.group
        )


def real_sets() -> Iterator[str]:
    assert REAL is not None
    for path in REAL.glob("protocol/oai/generated*/limit2500/ListSets.xml"):
        for element in ElementTree.parse(path).iter(
            "{http://www.openarchives.org/OAI/2.0/}setSpec"
        ):
            yield element.text or ""


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_every_oai_set_exists_at_arxiv() -> None:
    known = set(real_sets())
    asked = {
        *(Subjects.of([name]).oai_set() for name in ALL),
        *(Subjects.parse(archive).oai_set() for archive in taxonomy.ARCHIVES),
    }
    assert asked <= known
    assert len(known) > 170


@pytest.mark.skipif(REAL is None, reason="no real data here")
def test_every_real_paper_has_categories_of_arxiv_s() -> None:
    assert REAL is not None
    with lzma.open(REAL / "three-weeks" / "corpus.jsonl.xz", "rt") as lines:
        papers = [json.loads(line).get("categories") or [] for line in lines]
    assert sum(map(bool, papers)) > 10_000
    for given_names in papers:
        found = canonical_all(given_names)
        assert found == tuple(dict.fromkeys(found))
        assert bool(found) == bool(given_names)
        assert found[:1] == tuple(canonical(name) for name in given_names[:1])
