"""The list pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from tests.local_arxiv import LocalArxiv, World, made_up
from tests.local_arxiv.names import feed_names

MONDAY = date(2026, 1, 19)
DAYS = [MONDAY + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8)]
NOW = datetime(2026, 1, 27, 6, tzinfo=UTC)
LISTED = DAYS[-1:-6:-1]

_HEADING = re.compile(r"<h3>(\w+, \d+ \w+ \d+)(?: \((.*?)(\d+) of (\d+) entries \))?</h3>")
_ENTRY = re.compile(r'id="([^"]+)">\s*arXiv:\S+\s*</a>\s*(?:\(cross-list from (\S+)\))?')


@pytest.fixture(scope="module")
def weeks() -> World:
    return made_up(DAYS, per_day=30)


@pytest.fixture(scope="module")
def site(weeks: World) -> Iterator[httpx.Client]:
    headers = {"User-Agent": "freshprint-tests", "Accept": "*/*"}
    with (
        LocalArxiv(weeks, NOW) as arxiv,
        httpx.Client(base_url=arxiv.url, headers=headers) as client,
    ):
        yield client


def day_of(heading: str) -> date:
    return datetime.strptime(heading, "%a, %d %b %Y").replace(tzinfo=UTC).date()


def read(page: str) -> dict[date, list[tuple[str, bool]]]:
    """Day → (id, whether it is marked as a cross-list), in the order of the page."""
    result = {}
    for part in page.split("<dl id='articles'>")[1:]:
        heading = _HEADING.search(part)
        assert heading
        entries = [(found[1], bool(found[2])) for found in _ENTRY.finditer(part)]
        assert len(entries) == int(heading[3] or 0)
        result[day_of(heading[1])] = entries
    return result


@pytest.mark.parametrize("name", ["cs.AI", "cs.CL", "math.OC", "hep-th"])
@pytest.mark.parametrize("page", ["recent", "pastweek"])
def test_recent_has_the_new_and_cross_listed_papers_of_five_days(
    site: httpx.Client, weeks: World, name: str, page: str
) -> None:
    shown = read(site.get(f"/list/{name}/{page}?show=2000").text)
    assert list(shown) == LISTED
    _, categories = feed_names(name)
    for day, entries in shown.items():
        lines = weeks.listing(day, categories)
        fresh = [line for line in lines if not line.kind.startswith("replace")]
        kinds = {line.paper.record.id: line.kind == "cross" for line in fresh}
        ids = [paper_id for paper_id, _ in entries]
        assert dict(entries).keys() <= kinds.keys()
        assert all(kinds[paper_id] == crossed for paper_id, crossed in entries)
        at_home = [paper_id for paper_id, crossed in entries if not crossed]
        assert at_home == sorted(at_home, reverse=True)
        assert ids[: len(at_home)] == at_home


def test_a_paper_stands_on_recent_once(site: httpx.Client, weeks: World) -> None:
    shown = read(site.get("/list/cs/recent?show=2000").text)
    listed = [paper_id for entries in shown.values() for paper_id, _ in entries]
    assert len(listed) == len(set(listed))
    wanted = {
        line.paper.record.id
        for day in LISTED
        for line in weeks.listing(day, feed_names("cs")[1])
        if line.kind in ("new", "cross")
    }
    assert set(listed) == wanted


def test_recent_is_read_in_pages(site: httpx.Client) -> None:
    whole = read(site.get("/list/cs/recent?show=2000").text)
    first = site.get("/list/cs/recent").text
    assert sum(map(len, read(first).values())) == 50
    assert f"Total of {sum(map(len, whole.values()))} entries" in first
    together: dict[date, list[tuple[str, bool]]] = {}
    for skip in range(0, sum(map(len, whole.values())), 25):
        for day, entries in read(site.get(f"/list/cs/recent?skip={skip}&show=25").text).items():
            together.setdefault(day, []).extend(entries)
    assert together == whole


def test_a_days_heading_says_what_part_of_it_is_shown(site: httpx.Client) -> None:
    newest = len(read(site.get("/list/cs/recent?show=2000").text)[DAYS[-1]])
    assert 15 < newest < 50
    for query, said in (
        ("show=2000", f"(showing {newest} of {newest} entries )"),
        ("show=5", f"(showing first 5 of {newest} entries )"),
        ("skip=5&show=5", f"(continued, showing 5 of {newest} entries )"),
        (f"skip={newest - 3}&show=5", f"(continued, showing last 3 of {newest} entries )"),
    ):
        assert f"<h3>Tue, 27 Jan 2026 {said}</h3>" in site.get(f"/list/cs/recent?{query}").text


def test_a_day_without_papers_is_named_all_the_same(site: httpx.Client) -> None:
    page = site.get("/list/q-bio.SC/recent").text
    assert list(read(page)) == LISTED
    assert "No updates for this time period." in page
    assert site.get("/list/foo/recent").status_code == 404


def test_the_day_is_on_the_page_from_the_evening_before(weeks: World) -> None:
    for hour, last in ((0, DAYS[-2]), (1, DAYS[-1])):  # 19:00 and 20:00 in New York
        with LocalArxiv(weeks, datetime(2026, 1, 27, hour, tzinfo=UTC)) as arxiv:
            page = httpx.get(f"{arxiv.url}/list/cs/recent", headers={"User-Agent": "t"}).text
        assert next(iter(read(page))) == last
