r"""What changed from one text to the next, word by word; a formula is one word. Pure.

Texts are titles and abstracts: some hundred words. Whatever they are, the work is bounded: a change
of more than MOST words is told as one text replaced by another, which also reads better then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

MOST = 300  # words taken away and added; the search takes the square of it: 30 ms

# No backtracking: each repetition is possessive, or stops at what would begin it anew.
_WORD = re.compile(
    r"(?:\\\([^\\]*+(?:\\[^()][^\\]*+)*+\\\)|\\.|\$\$[^$]*+\$\$|\$[^$]*+\$|[^\s\\$]++|[\\$])++",
    re.DOTALL,
)


class Change(Enum):
    """What became of a run of words."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Run:
    """Words in a row with the same fate, single blanks between them."""

    change: Change
    text: str


_Step = tuple[Change, str]


def difference(old: str, new: str) -> tuple[Run, ...]:
    """From `old` to `new`: the words that stay, go and come, in reading order.

    What stays and what goes make `old`'s words, what stays and what comes make `new`'s. Where only
    blanks changed, all stays.
    """
    steps = list(_steps(_WORD.findall(old), _WORD.findall(new)))
    return tuple(
        Run(change, " ".join(word for _, word in run))
        for change, run in groupby(_in_blocks(steps), key=lambda step: step[0])
    )


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[_Step]:
    """Both texts as one row of words. What begins and ends them alike is not searched."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    yield from ((Change.SAME, word) for word in old[:start])
    path = _shortest(before, after)
    yield from _replaced(before, after) if path is None else path
    yield from ((Change.SAME, word) for word in old[len(old) - end :])


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[_Step]:
    yield from ((Change.REMOVED, word) for word in old)
    yield from ((Change.ADDED, word) for word in new)


def _shortest(old: Sequence[str], new: Sequence[str]) -> list[_Step] | None:
    """The fewest words to take away and add; None when they are more than MOST.

    Myers, An O(ND) difference algorithm (1986): after d changes, `reached[k]` is how far in `old`
    one can be with k more words gone than come.
    """
    reached = {1: 0}
    history = list[dict[int, int]]()
    for d in range(min(MOST, len(old) + len(new)) + 1):
        history.append(reached.copy())
        for k in range(-d, d + 1, 2):
            comes = k == -d or (k != d and reached[k - 1] < reached[k + 1])
            x = reached[k + 1] if comes else reached[k - 1] + 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            reached[k] = x
            if x >= len(old) and x - k >= len(new):
                return _walked(old, new, history)
    return None


def _walked(
    old: Sequence[str], new: Sequence[str], history: Sequence[dict[int, int]]
) -> list[_Step]:
    """The way back from both ends, turned around."""
    steps = list[_Step]()
    x, y = len(old), len(new)
    for d in range(len(history) - 1, -1, -1):
        reached, k = history[d], x - y
        comes = k == -d or (k != d and reached[k - 1] < reached[k + 1])
        from_x = reached[k + 1] if comes else reached[k - 1]
        from_y = from_x - (k + 1 if comes else k - 1)
        while x > max(from_x, 0) and y > max(from_y, 0):
            x, y = x - 1, y - 1
            steps.append((Change.SAME, old[x]))
        if d:
            steps.append((Change.ADDED, new[from_y]) if comes else (Change.REMOVED, old[from_x]))
            x, y = from_x, from_y
    return steps[::-1]


def _in_blocks(steps: Sequence[_Step]) -> Iterator[_Step]:
    """Between two words that stay, first all that goes, then all that comes."""
    for stays, run in groupby(steps, key=lambda step: step[0] is Change.SAME):
        block = list(run)
        yield from block if stays else sorted(block, key=lambda step: step[0] is Change.ADDED)
