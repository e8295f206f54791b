"""The form in which a reader picks categories: `+` to watch, `-` to exclude, empty for neither."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.selection import Selection
from app.domain.subjects import Archive, archives
from app.errors import BadInput
from app.web.address import href
from app.web.pages import Choice, ChoiceGroup

WATCH, EXCLUDE, NEITHER = "+", "-", ""


class NothingWatched(BadInput):
    """A picker that was sent without a category to watch."""


def picked(form: Mapping[str, str]) -> Selection:
    """What a sent form picks; fields of other names mean nothing. Raises BadInput if nothing."""
    choices = {name: form.get(name, NEITHER) for archive in archives() for name in _names(archive)}
    watched = [name for name, choice in choices.items() if choice == WATCH]
    excluded = [name for name, choice in choices.items() if choice == EXCLUDE]
    if not watched:
        raise NothingWatched("no category is watched")
    # first what is watched: an exclusion holds for all of it, wherever it stands in the form
    return Selection.parse("+".join(watched) + "".join(f"-{name}" for name in excluded))


def groups(selection: Selection) -> tuple[ChoiceGroup, ...]:
    """All archives and categories with what `selection` chooses; those with a choice are open."""
    chosen = {
        **dict.fromkeys(selection.wanted_terms, WATCH),
        **dict.fromkeys(selection.unwanted_terms, EXCLUDE),
    }
    return tuple(_group(archive, chosen) for archive in archives())


def _group(archive: Archive, chosen: Mapping[str, str]) -> ChoiceGroup:
    titles = {archive.name: archive.title, **{c.name: c.title for c in archive.categories}}
    choices = tuple(
        Choice(name, titles[name], href(name), chosen.get(name, NEITHER))
        for name in _names(archive)
    )
    picks = [f"{c.value}{c.name}" for c in choices if c.value]
    return ChoiceGroup(archive.name, archive.title, choices, " ".join(picks), bool(picks))


def _names(archive: Archive) -> list[str]:
    """The archive and its categories: once where it is one itself, as hep-th."""
    return list(dict.fromkeys([archive.name, *(c.name for c in archive.categories)]))
