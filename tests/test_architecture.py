"""The arrows between the rooms of the house, as docs/architecture.md draws them, and its size."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"

# Who may import whom. A module at the top of app/ that is no room is a root, or has no opinion.
ARROWS: dict[str, set[str]] = {
    "domain": set(),
    "store": {"domain"},
    "sources": {"domain"},
    "llm": {"domain"},
    "services": {"domain", "store", "sources", "llm"},
    "jobs": {"domain", "store", "services"},
    "web": {"domain", "store", "services"},
}
FREE = {"errors", "paths"}  # anyone may use them
HANDED_IN = {"settings", "clock"}  # read at the roots; types for the rooms they are passed to
MAY_TAKE_SETTINGS = {"store", "services", "jobs", "web"}
ROOTS = {"main", "serve", "cli", "up", "roots", "progress", "log", "__main__"}
PURE = {"pylatexenc", "math_core"}  # third parties of the domain: text in, text out
LONGEST_FILE = 320


def modules() -> list[Path]:
    return sorted(APP.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield node.module or ""
            if node.module == "app":
                yield from (f"app.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


def ours(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("app.")}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    here = room(path)
    if here not in ARROWS:
        return
    allowed = ARROWS[here] | {here} | FREE | (HANDED_IN if here in MAY_TAKE_SETTINGS else set())
    allowed |= {"__version__"}
    assert ours(path) <= allowed, f"{path} reaches {ours(path) - allowed}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_but_a_root_imports_a_root(path: Path) -> None:
    if room(path) not in ROOTS:
        assert not ours(path) & ROOTS


def test_every_folder_of_app_is_a_room_with_arrows() -> None:
    folders = {p.name for p in APP.iterdir() if p.is_dir() and not p.name.startswith("_")}
    assert folders == set(ARROWS)


def test_every_module_at_the_top_is_known() -> None:
    files = {p.stem for p in APP.glob("*.py")} - {"__init__"}
    assert files == ROOTS | FREE | HANDED_IN


def test_the_domain_does_no_io_and_knows_no_clock() -> None:
    import sys

    forbidden = {"asyncio", "os", "pathlib", "io", "socket", "subprocess", "time", "sqlite3"}
    for path in (APP / "domain").glob("*.py"):
        names = {name.split(".")[0] for name in imports(path)} - {"app"}
        assert names <= (set(sys.stdlib_module_names) | PURE) - forbidden, path
        assert not re.search(r"\b(now|today|utcnow)\(\)", path.read_text()), path


def test_sql_is_written_only_in_the_store() -> None:
    for path in modules():
        if room(path) in {"store"}:
            continue
        names = set(imports(path))
        if path == APP / "services" / "doctor.py":  # asks the server for its version
            continue
        assert not any(n.startswith("psycopg") for n in names), path
        assert not re.search(r"\b(SELECT|INSERT INTO|UPDATE \w+ SET)\b", path.read_text()), path


def test_the_form_of_an_id_is_known_in_one_place() -> None:
    pattern = re.compile(r"\\d\{4\}\\?\.\\d|\\d\{7\}")
    holders = {p.relative_to(APP).as_posix() for p in modules() if pattern.search(p.read_text())}
    assert holders <= {"domain/arxiv_id.py"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_outgrows_a_screenful_or_five(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


def test_the_drawing_in_the_docs_is_the_one_held_here() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    drawn = {
        name: set(re.findall(r"`(\w+)`", targets))
        for name, targets in re.findall(r"^\| `(\w+)/` \| (.*?) \|", text, re.MULTILINE)
    }
    assert drawn == ARROWS
