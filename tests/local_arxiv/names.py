"""The names a request may use, as arXiv's programs read them; the taxonomy is the project's own."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.taxonomy import ALIASES, ARCHIVES, CATEGORIES, GROUPS, SUBSUMED, UNDIVIDED

TITLES = {
    **{name: ARCHIVES[name] for name in UNDIVIDED},
    **CATEGORIES,
    **{alias: title for alias, (title, _) in ALIASES.items()},
    **{old: title for old, (title, _) in SUBSUMED.items()},
}
_GROUP_OF = {archive: group for group, (_, archives) in GROUPS.items() for archive in archives}
_LISTED = {*CATEGORIES, *ALIASES}
_SECOND = {
    **{alias: {name} for alias, (_, name) in ALIASES.items()},
    **{name: {alias} for alias, (_, name) in ALIASES.items()},
}


class BadNamesError(Exception):
    """A feed was asked for by names that are none; the text is what arXiv answers."""


def archive_of(category: str) -> str:
    """The archive a category is in: `cs` of `cs.AI`, and `hep-th` of itself."""
    return category.partition(".")[0]


def titled(category: str) -> str:
    """A category as pages name it: `Artificial Intelligence (cs.AI)`."""
    return f"{TITLES[category]} ({category})"


def members(archive: str) -> list[str]:
    """The categories of an archive under either name, in alphabetical order."""
    return sorted(name for name in _LISTED if archive_of(name) == archive)


def feed_names(query: str) -> tuple[list[str], frozenset[str]]:
    """The names of `cs.AI+hep-th` as arXiv spells them, and all categories they stand for.

    An archive stands for its categories; a category also for its second name and the archives it
    took in. Raises BadNamesError.
    """
    parts = query.split("+")
    if not all(part.strip() for part in parts):
        raise BadNamesError(
            f"Invalid archive specification '{query}'. Correct format is one or more archive names "
            "delimited by '+'. Each name can be either of the form 'archive' or 'archive.category'."
        )
    found = [_feed_name(part) for part in parts]
    ordered = [n for n in found if n in ARCHIVES] + [n for n in found if n not in ARCHIVES]
    return ordered, _stand_for(found)


def _feed_name(text: str) -> str:
    archive, dot, rest = text.partition(".")
    if "." in rest:
        raise BadNamesError(f"Bad archive/subject class structure '{text}'.")
    archive = archive.lower()
    if archive not in ARCHIVES:
        known = ", ".join(sorted(ARCHIVES))
        raise BadNamesError(f"Bad archive '{archive}'. Valid archive names are: {known}, test.")
    if not dot:
        return archive
    for name in (f"{archive}.{rest.upper()}", f"{archive}.{rest.lower()}"):
        if name in TITLES:
            return name
    raise BadNamesError(
        f"Bad subject class '{rest}'. Valid subject classes for the archive '{archive}' are: "
        f"{', '.join(members(archive))}."
    )


def _stand_for(names: Iterable[str]) -> frozenset[str]:
    first = {c for name in names for c in ([*members(name), name] if name in ARCHIVES else [name])}
    second = set().union(*(_SECOND.get(name, set()) for name in first))
    old = {archive for archive, (_, now) in SUBSUMED.items() if now in first}
    return frozenset(first | second | old)


def set_spec(category: str) -> str:
    """OAI-PMH's set of a category: `cs:cs:AI`, `physics:hep-th`."""
    category = SUBSUMED[category][1] if category in SUBSUMED else category
    return f"{_GROUP_OF[archive_of(category)]}:{category.replace('.', ':')}"


def set_specs(categories: Iterable[str]) -> list[str]:
    """The sets a record is in: each category's, and its second name's."""
    both = (name for c in categories for name in (c, *_SECOND.get(c, ())))
    return list(dict.fromkeys(set_spec(name) for name in both))


def oai_sets() -> dict[str, str]:
    """All sets with their names: groups, archives, categories."""
    return {
        **{group: title for group, (title, _) in GROUPS.items()},
        **{f"{_GROUP_OF[name]}:{name}": ARCHIVES[name] for name in sorted(ARCHIVES)},
        **{set_spec(name): TITLES[name] for name in sorted(_LISTED)},
    }


def looks_like_an_id(text: str) -> bool:
    """Whether arXiv's API takes a text for an identifier, of a paper that may not exist.

    `0000.0000` is well-formed to it, and so is a five-digit number of 2008; `abc` is not.
    """
    name, _, number = text.rpartition("/")
    digits, _, version = number.lower().partition("v")
    new_style = [len(part) for part in digits.split(".")] in ([4, 4], [4, 5])
    well_formed = len(digits) == 7 if name else new_style
    return well_formed and digits.replace(".", "").isdigit() and (not version or version.isdigit())
