"""Each category's own listing, told from feeds of many categories at once.

The model of arXiv's feed below is written from its program's behaviour, apart from the code under
test: per paper the best action over the categories asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.domain.announce import Seen, groups_to_ask, halves, listings, settle
from app.domain.arxiv_id import ArxivId
from app.domain.paper import FeedItem, Kind, Paper
from app.domain.subjects import Subjects

CATEGORIES = ["cs.AI", "cs.CL", "cs.CV", "cs.LG", "stat.ML", "math.ST", "hep-th"]
ALL = Subjects.of(CATEGORIES)


@dataclass(frozen=True)
class Updated:
    """One paper's update rows of a day: what happened to it in which of its categories."""

    number: int
    subjects: tuple[str, ...]
    version: int
    actions: dict[str, str]


def item(update: Updated, kind: Kind) -> FeedItem:
    paper = Paper(
        ArxivId.parse(f"2601.{update.number:05}"),
        "A title",
        (),
        "",
        update.subjects,
        version=update.version,
    )
    return FeedItem(paper, kind)


def feed(updates: list[Updated], asked: Subjects) -> Seen:
    """What arXiv's feed program answers for a set of categories."""
    items = []
    for update in updates:
        actions = {a for s, a in update.actions.items() if s in asked}
        if not actions:
            continue
        action = min(actions, key=["new", "cross", "replace"].index)
        primary = any(s in asked for s in update.subjects[:1])
        kind = {
            ("new", True): Kind.NEW,
            ("replace", True): Kind.REPLACE,
            ("replace", False): Kind.REPLACE_CROSS,
        }.get((action, primary), Kind.CROSS)
        items.append(item(update, kind))
    return Seen(asked, tuple(sorted(items, key=lambda i: (i.kind, i.paper.id))))


@st.composite
def updated(draw: st.DrawFn, number: int) -> Updated:
    subjects = tuple(
        draw(st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=6, unique=True))
    )
    what = draw(st.sampled_from(["new", "cross", "replace", "cross and replace"]))
    if what == "new":
        return Updated(number, subjects, 1, dict.fromkeys(subjects, "new"))
    if what == "replace" or len(subjects) == 1:
        return Updated(
            number, subjects, draw(st.integers(2, 5)), dict.fromkeys(subjects, "replace")
        )
    added = draw(st.sets(st.sampled_from(subjects[1:]), min_size=1))
    if what == "cross":
        return Updated(number, subjects, draw(st.integers(1, 4)), dict.fromkeys(added, "cross"))
    actions = {s: "cross" if s in added else "replace" for s in subjects}
    return Updated(number, subjects, draw(st.integers(2, 4)), actions)


days = (
    st.integers(0, 12).flatmap(lambda n: st.tuples(*(updated(i + 1) for i in range(n)))).map(list)
)
followed = st.sets(st.sampled_from(CATEGORIES), min_size=1).map(Subjects.of)


def truth(updates: list[Updated], subjects: Subjects) -> dict[tuple[str, str], Kind]:
    return {
        (subject, str(i.paper.id)): i.kind
        for subject in subjects
        for i in feed(updates, Subjects.of([subject])).items
    }


def planned(updates: list[Updated], parts: list[Subjects]) -> dict[tuple[str, str], Kind]:
    result = listings([feed(updates, part) for part in parts])
    result = settle(result, [feed(updates, group) for group in groups_to_ask(result)])
    assert not result.open
    assert not result.unplaced
    return {(a.subject, str(a.paper_id)): a.kind for a in result.announcements(date(2026, 1, 22))}


@given(days, followed)
def test_two_rounds_tell_what_every_category_alone_would(
    updates: list[Updated], subjects: Subjects
) -> None:
    assert planned(updates, [subjects]) == truth(updates, subjects)


@given(days)
def test_a_feed_that_was_cut_and_asked_for_in_parts_tells_the_same(updates: list[Updated]) -> None:
    left, right = halves(ALL)
    assert planned(updates, [left, right]) == truth(updates, ALL)


def test_a_paper_called_new_again_is_not_taken_to_be_new_in_all_its_categories() -> None:
    again = Updated(1, ("cs.CV", "cs.AI", "cs.CL"), 1, {"cs.CV": "new", "cs.CL": "cross"})
    known = frozenset({item(again, Kind.NEW).paper.id})
    result = listings([feed([again], ALL)], known)
    result = settle(result, [feed([again], group) for group in groups_to_ask(result)])
    assert result.kinds == {next(iter(known)): {"cs.CV": Kind.NEW, "cs.CL": Kind.CROSS}}


@given(days)
def test_no_group_holds_two_candidates_of_one_paper(updates: list[Updated]) -> None:
    result = listings([feed(updates, ALL)])
    groups = groups_to_ask(result)
    for candidates in result.open.values():
        assert all(len(candidates & set(group)) <= 1 for group in groups)
        assert candidates <= {subject for group in groups for subject in group}


def test_a_day_without_older_cross_lists_takes_one_request() -> None:
    updates = [Updated(1, ("cs.AI", "cs.LG"), 1, {"cs.AI": "new", "cs.LG": "new"})]
    assert groups_to_ask(listings([feed(updates, ALL)])) == ()


def test_an_older_paper_with_one_other_category_is_settled_without_asking() -> None:
    result = listings([feed([Updated(1, ("cs.AI", "cs.LG"), 1, {"cs.LG": "cross"})], ALL)])
    assert not result.open
    assert dict(result.kinds) == {ArxivId.parse("2601.00001"): {"cs.LG": Kind.CROSS}}


def test_halves_lose_nothing_and_part_computer_science_from_the_rest() -> None:
    left, right = halves(Subjects.everything())
    assert left == Subjects.parse("cs")
    assert left | right == Subjects.everything()
    assert not set(left) & set(right)


@given(st.sets(st.sampled_from(Subjects.everything().names), min_size=2).map(Subjects.of))
def test_halves_are_smaller_and_together_the_whole(subjects: Subjects) -> None:
    left, right = halves(subjects)
    assert left and right
    assert left | right == subjects
    assert len(left) + len(right) == len(subjects)
