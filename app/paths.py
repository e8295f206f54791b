"""Where the program's own files are: beside `app/` in the repository, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_APP = Path(__file__).resolve().parent
_HOME = _APP / "_data" if (_APP / "_data").is_dir() else _APP.parent

TEMPLATES = _HOME / "templates"
STATIC = _HOME / "static"
MIGRATIONS = _HOME / "migrations"
