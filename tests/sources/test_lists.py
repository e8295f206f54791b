"""The list page of recent days, as the local arXiv writes it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.errors import BrokenAnswer
from app.sources.lists import parse
from tests.local_arxiv import made_up
from tests.local_arxiv.lists import Lists

DAYS = [date(2026, 1, 19) + timedelta(days=n) for n in range(5)]
WORLD = made_up(DAYS, per_day=30)


def page(name: str, show: int = 2000) -> bytes:
    asked = {"skip": "0", "show": str(show)}
    return Lists(WORLD).recent(name, datetime(2026, 1, 23, 6, tzinfo=UTC), asked).body


@pytest.mark.parametrize("name", ["cs.AI", "cs.CL", "hep-th", "math.ST", "q-bio.SC"])
def test_a_page_has_every_day_of_five_quiet_ones_too(name: str) -> None:
    listing = parse(page(name))
    assert sorted(listing.days) == DAYS
    for day in DAYS:
        wanted = {
            line.paper.record.id: line.kind
            for line in WORLD.listing(day, {name})
            if line.kind in ("new", "cross")
        }
        told = {str(paper_id): kind.label for paper_id, kind in listing.days[day].items()}
        assert told.items() <= wanted.items()  # a paper listed on two days stands under the first


def test_a_day_that_only_begins_on_a_page_is_not_told() -> None:
    whole = parse(page("cs.CL"))
    newest = len(whole.days[DAYS[-1]])
    begun = parse(page("cs.CL", show=newest + 1))
    assert begun.days == {DAYS[-1]: whole.days[DAYS[-1]]}
    assert begun.on(DAYS[-2]) is None
    assert parse(page("cs.CL", show=newest - 1)).days == {}


def test_what_is_no_whole_list_is_broken() -> None:
    entry = b"<dt>\n <a name='item1'>"
    for broken in (b"<html><h1>Sorry</h1></html>", page("cs.CL").replace(entry, b"<p>", 1), b"-"):
        with pytest.raises(BrokenAnswer):
            parse(broken)
