"""The FAQ of a paper: who wants it, its languages, and the states a summary goes through."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum

from app.errors import BadInput

LONGEST_QUESTION = 2_000  # characters of a reader's own question


class Asker(IntEnum):
    """Who wants a summary: the greater comes first. The numbers are jobs' priorities, and kept."""

    HISTORY = 10  # an older paper, by an admin's batch
    DAY = 20  # the day's papers, by themselves
    READER = 30  # who waits for it


class State(StrEnum):
    """Where a summary stands. Only a whole one is shown as whole."""

    WAITING = "waiting"  # asked for, or to be taken up again
    READING = "reading"  # its text is being fetched
    ANSWERING = "answering"
    POSTPONED = "postponed"  # the day's budget is spent
    WHOLE = "whole"
    FAILED = "failed"  # with a Reason
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it unless somebody asks anew."""
        return self in _FINAL

    def may_become(self, after: State) -> bool:
        """Whether a summary in this state can go over to `after`."""
        return after in _AFTER[self]


class Reason(StrEnum):
    """Why a summary failed; for a reader's eyes, so without the provider's words."""

    REFUSED = "refused"  # the model, or a filter before it, finds the content unfit
    TOO_LONG = "too-long"  # even cut to the least it doesn't fit the model's context
    TRUNCATED = "truncated"  # an answer would not end
    UNANSWERED = "unanswered"  # the model finds the request itself wrong
    GAVE_UP = "gave-up"  # tried often, each time something passing was in the way


_FINAL = frozenset({State.WHOLE, State.FAILED, State.CANCELLED})
_STOPS = frozenset({State.WAITING, State.POSTPONED, State.FAILED, State.CANCELLED})
_AFTER: dict[State, frozenset[State]] = {
    # a resumed one has its text already
    State.WAITING: _STOPS - {State.WAITING} | {State.READING, State.ANSWERING},
    State.READING: _STOPS | {State.ANSWERING},
    State.ANSWERING: _STOPS | {State.WHOLE},
    State.POSTPONED: frozenset({State.WAITING, State.CANCELLED}),
    State.WHOLE: frozenset(),
    State.FAILED: frozenset({State.WAITING}),
    State.CANCELLED: frozenset({State.WAITING}),
}

_TAG = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.ASCII)


def language(tag: str) -> str:
    """A language's tag as BCP 47 writes it: `en`, `zh`, `pt-BR`, `zh-Hant`.

    Case and `_` for `-` don't matter. Raises BadInput when it is no such tag.
    """
    found = _TAG.fullmatch(tag.strip().lower().replace("_", "-"))
    if not found:
        raise BadInput(f"{tag.strip()[:40]!r} is no language tag such as `en`, `zh` or `pt-BR`")
    name, script, region = found.groups()
    parts = (name, script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def languages(tags: str) -> tuple[str, ...]:
    """The languages of a list such as `en,zh`, each once, in order. Raises BadInput."""
    found = tuple(dict.fromkeys(language(tag) for tag in tags.split(",") if tag.strip()))
    if not found:
        raise BadInput("at least one language is needed, such as `en`")
    return found
