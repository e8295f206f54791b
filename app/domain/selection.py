"""What a list page is of: the papers of some categories' listings, without those of others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from app.domain.subjects import Subjects, archives, terms_of, title
from app.errors import BadInput

_NOTHING = Subjects(())


@dataclass(frozen=True, slots=True)
class Selection:
    """`cs.AI+cs.LG-cs.CY`: what cs.AI or cs.LG list on a day, but for what cs.CY lists that day.

    `Subjects` is a set of categories; this is a set of papers. A cross-list that cs.AI and cs.CY
    share is in the first, and not in this.
    """

    wanted: Subjects
    unwanted: Subjects = _NOTHING

    @classmethod
    def parse(cls, expression: str) -> Selection:
        """Read an expression. Raises UnknownSubject, or BadInput where nothing is left to show."""
        wanted, unwanted = _NOTHING, _NOTHING
        for takes_away, named in terms_of(expression.rstrip(" \t\r\n,+")):
            term = Subjects.of(named)
            if takes_away:
                wanted, unwanted = wanted - term, unwanted | term
            else:
                wanted, unwanted = wanted | term, unwanted - term
        wanted, unwanted = _expressible(wanted, wanted | unwanted), _expressible(unwanted, unwanted)
        if not wanted:
            raise BadInput(f"{expression[:60]!r} names no category")
        return cls(wanted, unwanted)

    def __str__(self) -> str:
        return "-".join(["+".join(self.wanted_terms), *self.unwanted_terms])

    @property
    def wanted_terms(self) -> tuple[str, ...]:
        """What to watch: archives where they are whole, else categories."""
        return _terms(self.wanted, but_for=self.unwanted)

    @property
    def unwanted_terms(self) -> tuple[str, ...]:
        """What to leave out."""
        return _terms(self.unwanted)

    @property
    def titles(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The full names of both."""
        wanted, unwanted = self.wanted_terms, self.unwanted_terms
        return tuple(map(title, wanted)), tuple(map(title, unwanted))


def _expressible(subjects: Subjects, covered: Subjects) -> Subjects:
    """Without a category of old that bears its archive's name (`astro-ph`), unless the archive is
    covered: written by itself, that name means all of the archive."""
    bare = [name for name, members in _divided() if name in members and not members <= covered]
    return Subjects.of(name for name in subjects if name not in bare)


def _terms(subjects: Subjects, *, but_for: Subjects = _NOTHING) -> tuple[str, ...]:
    """Archives first. One counts as whole if what it lacks is left out of the page anyway."""
    whole: list[str] = []
    rest = subjects
    for name, members in _divided():
        if members <= (subjects | but_for) and len(rest - members) < len(rest):
            whole.append(name)
            rest = rest - members
    return (*whole, *rest)


@lru_cache(maxsize=1)
def _divided() -> tuple[tuple[str, Subjects], ...]:
    """The archives of several categories."""
    members = [(archive.name, Subjects.parse(archive.name)) for archive in archives()]
    return tuple((name, subjects) for name, subjects in members if len(subjects) > 1)
