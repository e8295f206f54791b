"""Categories and archives: their canonical names, and sets of them written as expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from typing import Final

from app.domain import taxonomy
from app.errors import BadInput, UnknownSubject


@dataclass(frozen=True, slots=True)
class Category:
    """One category: `cs.AI`, Artificial Intelligence."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive, the title of its group, and the categories at home in it."""

    name: str
    title: str
    group: str
    categories: tuple[Category, ...]


def _home(category: str) -> str:
    return category.partition(".")[0]


_SECOND_NAMES: Final = taxonomy.ALIASES | taxonomy.SUBSUMED
_ORDER: Final = {
    name: place
    for place, name in enumerate(
        name
        for archive in taxonomy.ARCHIVES
        for name in chain(
            (archive,) if archive in taxonomy.UNDIVIDED else (),
            (name for name in taxonomy.CATEGORIES if _home(name) == archive),
        )
    )
}
_CANONICAL: Final = {name.lower(): name for name in _ORDER} | {
    second.lower(): name for second, (_, name) in _SECOND_NAMES.items()
}
_TITLES: Final = {
    name.lower(): title
    for name, title in chain(
        taxonomy.ARCHIVES.items(),
        taxonomy.CATEGORIES.items(),
        ((second, title) for second, (title, _) in _SECOND_NAMES.items()),
    )
}
_ACTIVE: Final = frozenset(taxonomy.CATEGORIES)
# As at arXiv, an archive has what it has a second name for, too: cs.NA is in cs, so math.NA is.
_MEMBERS: Final = {
    archive: frozenset(c for name, c in _CANONICAL.items() if _home(name) == archive)
    for archive in taxonomy.ARCHIVES
}
_SEVERAL: Final = {archive: members for archive, members in _MEMBERS.items() if len(members) > 1}
_OVERLAPPING: Final = frozenset(
    archive
    for archive, members in _SEVERAL.items()
    if any(members & others for other, others in _SEVERAL.items() if other != archive)
)
_GROUP_OF: Final = {
    archive: group for group, (_, names) in taxonomy.GROUPS.items() for archive in names
}


def _any_of(names: Iterable[str]) -> str:
    """A pattern for the longest of these names: they hold each other, and hyphens too."""
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_NAME: Final = _any_of({*_CANONICAL, *_MEMBERS})
_FLAGS: Final = re.IGNORECASE | re.ASCII
_TERM: Final = re.compile(rf"(?P<signs>[\s,+-]*)(?P<name>{_NAME})(?=[\s,+-]|\Z)", _FLAGS)
_UNKNOWN: Final = re.compile(
    rf"[\s,+-]*(?P<name>[^\s,+]{{1,60}}?)(?=-(?:{_NAME})(?![\w.])|[\s,+]|\Z|(?<=\S{{60}}))", _FLAGS
)
_MENTION: Final = re.compile(rf"(?<![\w.-])(?:{_any_of(_CANONICAL)})(?![\w-]|\.\w)", _FLAGS)


def canonical(name: str) -> str:
    """A category's one name, whatever its case, for an alias and a subsumed archive too.

    Raises UnknownSubject.
    """
    try:
        return _CANONICAL[name.strip().lower()]
    except KeyError:
        raise UnknownSubject(name[:60]) from None


def canonical_all(names: Iterable[str]) -> tuple[str, ...]:
    """A source's list of categories: canonical, each once, in its order.

    The ACM and MSC classes that arXiv's API mixes in are left out.
    """
    return tuple(dict.fromkeys(name for source in names for name in _mentioned(source)))


def _mentioned(source: str) -> Iterable[str]:
    """Most sources name a category as it is called, and need no search."""
    return (source,) if source in _ORDER else map(canonical, _MENTION.findall(source))


def title(name: str) -> str:
    """The full English name of a category or archive. Raises UnknownSubject."""
    try:
        return _TITLES[name.strip().lower()]
    except KeyError:
        raise UnknownSubject(name[:60]) from None


@lru_cache(maxsize=1)
def archives() -> tuple[Archive, ...]:
    """The active archives with the categories at home in them, in the order they are shown."""
    return tuple(
        Archive(
            name,
            title(name),
            group,
            tuple(Category(c, t) for c, t in taxonomy.CATEGORIES.items() if _home(c) == name),
        )
        for group, names in taxonomy.GROUPS.values()
        for name in names
    )


@dataclass(frozen=True, slots=True)
class Subjects:
    """A set of categories: canonical names, in the taxonomy's order. Made by `parse` or `of`."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Subjects:
        """The set of these categories. An archive is none. Raises UnknownSubject."""
        return cls(_in_order({canonical(name) for name in names}))

    @classmethod
    def everything(cls) -> Subjects:
        """All categories in which papers are announced."""
        return cls(_in_order(_ACTIVE))

    @classmethod
    def parse(cls, expression: str) -> Subjects:
        """The set that an expression names, read from left to right: `cs+stat.ML-cs.CY`.

        `,`, `+` and blanks add, `-` takes away; an archive stands for all of its categories,
        with the one that it was itself before its division. Raises UnknownSubject with the first
        name that is none, BadInput where nothing is named or left.
        """
        result: frozenset[str] = frozenset()
        for takes_away, named in terms_of(expression.rstrip(" \t\r\n,+")):
            result = result - named if takes_away else result | named
        if not result:
            raise BadInput(f"{expression[:60]!r} names no category")
        return cls(_in_order(result))

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __or__(self, other: Subjects) -> Subjects:
        return Subjects(_in_order({*self.names, *other.names}))

    def __sub__(self, other: Subjects) -> Subjects:
        return Subjects(_in_order({*self.names} - {*other.names}))

    def __le__(self, other: Subjects) -> bool:
        return {*self.names} <= {*other.names}

    def __str__(self) -> str:
        return "".join(_shortest(frozenset(self.names)))

    @property
    def title(self) -> str:
        """A short title: of its one category, of its archive, or else the expression in short."""
        if len(self) == 1:
            return title(self.names[0])
        match self.feed_names():
            case (archive,) if archive in _SEVERAL:
                return title(archive)
        first, *others = _shortest(frozenset(self.names))
        spaced = [first, *(f"{term[0]} {term[1:]}" for term in others)]
        if len(spaced) <= 4:
            return " ".join(spaced)
        return " ".join([*spaced[:2], "…" if "-" in others[-1][0] else f"+ {len(spaced) - 2} more"])

    def oai_set(self) -> str | None:
        """The narrowest OAI-PMH set with all of it, or None where no archive has."""
        if len(self) == 1 and self.names[0] not in taxonomy.UNDIVIDED:
            return f"{_GROUP_OF[_home(self.names[0])]}:{self.names[0].replace('.', ':')}"
        around = [a for a, members in _MEMBERS.items() if members >= {*self.names}]
        archive = min(around, key=lambda a: len(_MEMBERS[a]), default=None) if self.names else None
        return archive and f"{_GROUP_OF[archive]}:{archive}"

    def feed_names(self) -> tuple[str, ...]:
        """The names for a feed's URL: archives that are whole in it, then the other categories.

        None for a category in which nothing is announced any more.
        """
        active = _ACTIVE.intersection(self.names)
        whole = [a for a, members in _SEVERAL.items() if members & _ACTIVE <= active]
        return (*whole, *_in_order(active.difference(*(_MEMBERS[a] for a in whole))))


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=_ORDER.__getitem__))


def terms_of(expression: str) -> Iterator[tuple[bool, frozenset[str]]]:
    """Each term: whether it takes away, and the categories it names."""
    end = 0
    while end < len(expression):
        term = _TERM.match(expression, end)
        if not term:
            unknown = _UNKNOWN.match(expression, end)
            raise UnknownSubject(unknown["name"] if unknown else expression[end : end + 60])
        name = term["name"].lower()
        yield "-" in term["signs"], _MEMBERS.get(name) or frozenset({_CANONICAL[name]})
        end = term.end()


@lru_cache(maxsize=1024)
def _shortest(names: frozenset[str]) -> tuple[str, ...]:
    """The shortest expression in terms: archives, less what is too much, and what is missing.

    Whether an archive pays is told by itself, unless it shares categories with another one.
    """
    usable = [a for a in _SEVERAL if a in names or (a not in taxonomy.UNDIVIDED)]
    taken = [a for a in usable if a not in _OVERLAPPING and _pays(a, names)]
    choices = [a for a in usable if a in _OVERLAPPING and _MEMBERS[a] & names]
    return min(
        (
            _written(names, [*taken, *chosen])
            for n in range(len(choices) + 1)
            for chosen in combinations(choices, n)
        ),
        key=lambda terms: (len("".join(terms)), terms),
    )


def _pays(archive: str, names: frozenset[str]) -> bool:
    """Whether its name makes the expression shorter, or nothing else can say what is meant:
    `astro-ph` is all of the archive, never just the category of old."""
    part = names & _MEMBERS[archive]
    if archive in names:
        return True
    return len("".join(_written(part, [archive]))) < len("".join(_written(part, [])))


def _written(names: frozenset[str], archive_names: Iterable[str]) -> tuple[str, ...]:
    chosen = sorted(archive_names, key=list(taxonomy.ARCHIVES).index)
    covered = frozenset[str]().union(*(_MEMBERS[archive] for archive in chosen))
    first, *others = [
        *(f"+{name}" for name in chosen),
        *(f"-{name}" for name in _in_order(covered - names)),
        *(f"+{name}" for name in _in_order(names - covered)),
    ] or ["+"]
    return (first[1:], *others)
