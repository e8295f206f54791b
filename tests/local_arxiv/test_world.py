"""What happened, and what a listing says of it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.local_arxiv import World, made_up
from tests.local_arxiv.awkward import LONG_ABSTRACT, MANY_AUTHORS
from tests.local_arxiv.names import feed_names
from tests.local_arxiv.reading import MORNING, THURSDAY, WEDNESDAY
from tests.local_arxiv.world import Action, Record, Update


def one_paper(*rows: tuple[str, Action]) -> World:
    """A paper of cs.CL, cross-listed in cs.AI, with these rows on Thursday."""
    record = Record(
        "2601.00001", "T", ("A",), "B", ((THURSDAY, ("cs.CL", "cs.AI")),), (MORNING, MORNING)
    )
    return World([record], [Update(THURSDAY, c, record.id, action, 1) for c, action in rows])


def kinds(world: World, names: str, day: date = THURSDAY) -> list[str]:
    return [line.kind for line in world.listing(day, feed_names(names)[1])]


NEW_IN_BOTH = (("cs.CL", Action.NEW), ("cs.AI", Action.NEW))
REPLACED = (("cs.CL", Action.REPLACE), ("cs.AI", Action.REPLACE))


@pytest.mark.parametrize(
    ("rows", "names", "kind"),
    [
        (NEW_IN_BOTH, "cs.CL", "new"),
        (NEW_IN_BOTH, "cs.AI", "cross"),
        (NEW_IN_BOTH, "cs.AI+cs.CL", "new"),
        (NEW_IN_BOTH, "cs", "new"),
        ([("cs.AI", Action.CROSS)], "cs.AI", "cross"),
        ([("cs.AI", Action.CROSS)], "cs.AI+cs.CL", "cross"),
        (REPLACED, "cs.CL", "replace"),
        (REPLACED, "cs.AI", "replace-cross"),
        (REPLACED, "cs.AI+cs.CL", "replace"),
        ([("cs.AI", Action.CROSS), *REPLACED], "cs.AI", "cross"),
        ([("cs.AI", Action.CROSS), *REPLACED], "cs.CL", "replace"),
        ([("cs.AI", Action.CROSS), *REPLACED], "cs", "cross"),
    ],
)
def test_a_papers_kind_follows_from_the_categories_asked_for_together(
    rows: list[tuple[str, Action]], names: str, kind: str
) -> None:
    assert kinds(one_paper(*rows), names) == [kind]


@pytest.mark.parametrize("names", ["eess.SY", "cs.SY", "cs", "eess"])
def test_a_category_of_two_names_answers_to_both(names: str) -> None:
    record = Record("2601.00001", "T", ("A",), "B", ((THURSDAY, ("eess.SY",)),), (MORNING,))
    world = World([record], [Update(THURSDAY, "eess.SY", record.id, Action.NEW, 1)])
    assert kinds(world, names) == ["new"]


def test_the_same_seed_makes_the_same_world_and_another_another() -> None:
    same, again, other = (made_up([THURSDAY], 20, seed) for seed in (3, 3, 4))
    assert same.records == again.records
    assert same.updates == again.updates
    assert same.records != other.records


def test_the_awkward_ones_are_there(world: World) -> None:
    records = world.records.values()
    assert max(len(record.authors) for record in records) == MANY_AUTHORS
    assert max(len(record.abstract) for record in records) >= LONG_ABSTRACT
    for part in ("<script>", "a<b", "\\H{o}", "\u202e", "检索"):
        assert any(part in record.title for record in records), part


def test_new_identifiers_come_in_one_block_a_day(world: World) -> None:
    new = {
        day: sorted({u.id for u in world.updates if u.day == day and u.action is Action.NEW})
        for day in (WEDNESDAY, THURSDAY)
    }
    numbers = [int(name.partition(".")[2]) for day in new for name in new[day]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    submitted = [world.records[name].versions[0] for day in new for name in new[day]]
    assert submitted == sorted(submitted)
