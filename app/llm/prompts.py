"""The words that a model is told: files in a folder, one a language, a folder a version.

A deployment can bring a folder of its own. Each file is named for its language (`en.toml`) and
holds `system`, `material`, `own` and `[[questions]]`; English must be there, and its `elsewhere`
is what makes the model answer in a language that has no file. prompts/v1/en.toml is the model.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError

from app.domain.faq import language as canonical
from app.errors import BadInput, Misconfigured

NEWEST = Path(__file__).with_name("prompts") / "v1"
ENGLISH = "en"
LONGEST = 20_000  # characters of any text in a file
MOST = 12  # questions

_TEXTS = {"system", "material", "own"}
_HOLDS = {
    "material": ("{key}", "{paper}"),
    "own": ("{question}",),
    "elsewhere": ("{language}",),
}
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its key, the title that readers see, and the words the model is asked in."""

    key: str
    title: str
    ask: str


@dataclass(frozen=True, slots=True)
class Wording:
    """All the words of a FAQ in one language; `version` changes with any of them."""

    version: str
    language: str
    system: str
    material: str
    own: str
    questions: tuple[Asked, ...]


class Prompts:
    """A version of the prompts, in every language: its own files', and others by way of English."""

    def __init__(self, name: str, files: Mapping[str, Mapping[str, object]]) -> None:
        self._name = name
        self._files = files

    @classmethod
    def load(cls, folder: Path = NEWEST) -> Prompts:
        """The prompts in a folder. Raises Misconfigured naming the file and what is wrong."""
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
        except OSError as error:
            raise Misconfigured(f"prompts: can't read {folder}: {error.strerror}") from None
        prompts = cls(folder.name, {_language(path): _read(path) for path in paths})
        prompts._check(folder)
        return prompts

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have a file of their own."""
        return tuple(self._files)

    @property
    def keys(self) -> tuple[str, ...]:
        """The questions' keys, in order; the same in every language."""
        return tuple(asked.key for asked in self.wording(ENGLISH).questions)

    def wording(self, language: str) -> Wording:
        """The words for a FAQ in a language; raises BadInput when that is no language's tag."""
        tag = canonical(language)
        file = self._files.get(tag, self._files[ENGLISH])
        system = _text(file, "system")
        if tag not in self._files:
            system += "\n\n" + _text(file, "elsewhere").replace("{language}", _named(tag))
        material, own, questions = _text(file, "material"), _text(file, "own"), _questions(file)
        said = [system, material, own, *((q.key, q.title, q.ask) for q in questions)]
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        return Wording(f"{self._name}-{digest[:8]}", tag, system, material, own, questions)

    def _check(self, folder: Path) -> None:
        if ENGLISH not in self._files:
            raise Misconfigured(f"prompts: {folder} has no {ENGLISH}.toml")
        for language, file in self._files.items():
            try:
                _check_file(file, needs_elsewhere=language == ENGLISH)
                _check_keys(file, self.keys)
            except ValueError as error:
                raise Misconfigured(f"prompts: {folder / language}.toml: {error}") from None


def _language(path: Path) -> str:
    try:
        tag = canonical(path.stem)
    except BadInput as error:
        raise Misconfigured(f"prompts: {path}: {error}") from None
    if tag != path.stem:
        raise Misconfigured(f"prompts: {path}: must be named {tag}.toml")
    return tag


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"prompts: can't read {path}: {error.strerror}") from None
    except ValueError as error:  # no TOML, no UTF-8
        raise Misconfigured(f"prompts: {path}: {error}") from None


def _check_file(file: Mapping[str, object], *, needs_elsewhere: bool) -> None:
    needed = _TEXTS | ({"elsewhere"} if needs_elsewhere else set())
    unknown = file.keys() - _TEXTS - {"elsewhere", "questions"}
    if unknown:
        raise ValueError(f"`{min(unknown)}` means nothing here")
    for name in sorted(needed | (file.keys() & {"elsewhere"})):
        text = _text(file, name)
        missing = [mark for mark in _HOLDS.get(name, ()) if mark not in text]
        if missing:
            raise ValueError(f"`{name}` must hold {missing[0]}")
    if _text(file, "material").count("{paper}") > 1:
        raise ValueError("`material` may hold {paper} only once")


def _check_keys(file: Mapping[str, object], keys: tuple[str, ...]) -> None:
    if tuple(asked.key for asked in _questions(file)) != keys:
        raise ValueError(f"its questions must be {', '.join(keys)}, as in English")


def _text(file: Mapping[str, object], name: str) -> str:
    text = file.get(name)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"`{name}` is missing, or no text")
    if len(text) > LONGEST:
        raise ValueError(f"`{name}` is longer than {LONGEST} characters")
    return text.strip()


def _questions(file: Mapping[str, object]) -> tuple[Asked, ...]:
    tables = file.get("questions")
    if not isinstance(tables, list) or not 1 <= len(tables) <= MOST:
        raise ValueError(f"from 1 to {MOST} [[questions]] are needed")
    questions = tuple(map(_question, tables))
    if len({asked.key for asked in questions}) < len(questions):
        raise ValueError("two questions have the same key")
    return questions


def _question(table: object) -> Asked:
    if not isinstance(table, dict) or table.keys() != {"key", "title", "ask"}:
        raise ValueError("each of [[questions]] has `key`, `title` and `ask`, and nothing else")
    key = _text(table, "key")
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key[:40]!r} is no key: small letters, digits and hyphens")
    return Asked(key, _text(table, "title"), _text(table, "ask"))


def _named(tag: str) -> str:
    """A language's English name, such as `German`, with its tag."""
    try:
        name = Locale.parse(tag, sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return f"the language with the BCP 47 tag {tag}"
    return f"{name} ({tag})"
