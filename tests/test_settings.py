"""Settings: documented, checked at start, and refused with a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.domain.subjects import Subjects
from app.errors import Misconfigured
from app.settings import PREFIX, Settings, load

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_every_setting_is_documented_with_its_meaning() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| (.*?) \|$", DOCS.read_text(), re.MULTILINE))
    told = {name: " ".join(meaning.split()) for name, meaning in rows.items()}
    fields = Settings.model_fields
    assert told == {
        PREFIX + name.upper(): " ".join((field.description or "").split())
        for name, field in fields.items()
    }


def test_the_defaults_need_no_environment() -> None:
    settings = load()
    assert settings.database_url == ""
    assert settings.categories == Subjects.everything()
    assert settings.site_url == "http://127.0.0.1:8000"


def test_categories_are_an_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHPRINT_CATEGORIES", "cs.CL,cs.LG")
    assert load().categories == Subjects.of(["cs.CL", "cs.LG"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CATEGORIES", "cs.NOPE"),
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("ARXIV_SPACING", "-1"),
        ("ARXIV_SPACING", "0.5"),
        ("ARXIV_OAI_URL", "ftp://example.org"),
        ("NOW", "yesterday"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(Misconfigured, match=PREFIX + name):
        load()


def test_a_time_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRESHPRINT_NOW", "2026-01-22T06:00")
    assert load().now == datetime(2026, 1, 22, 6, tzinfo=UTC)


def test_the_user_agent_says_where_and_who() -> None:
    settings = Settings(base_url="https://papers.example.org/", contact="me@example.org")
    assert settings.user_agent.endswith("(+https://papers.example.org; me@example.org)")
