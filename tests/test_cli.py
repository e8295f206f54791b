"""The commands: documented, with examples, and honest exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from app import cli
from app.errors import (
    BadInput,
    DatabaseTrouble,
    FreshprintError,
    Misconfigured,
    RateLimited,
    UnknownSubject,
)

README = Path(__file__).parents[1] / "README.md"


def commands() -> dict[str, str]:
    group = get_command(cli.app)
    found = getattr(group, "commands")  # noqa: B009 - click's group type isn't exported by typer
    return {name: command.help or "" for name, command in found.items()}


def test_every_command_is_documented_and_no_other() -> None:
    table = README.read_text().split("## Commands")[1].split("##")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_a_command_has_an_example(name: str) -> None:
    assert f"freshprint {name}" in commands()[name]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownSubject("cs.XX"), 2),
        (BadInput("what?"), 2),
        (Misconfigured("PORT"), 2),
        (RateLimited("later"), 75),
        (DatabaseTrouble("none"), 1),
    ],
)
def test_the_exit_code_tells_what_to_do(
    error: FreshprintError,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == code
    assert "Traceback" not in capsys.readouterr().err
