"""What changed in a paper's title and abstract from version to version, as its page tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from markupsafe import Markup

from app.domain.difference import Change, difference
from app.domain.paper import Version
from app.domain.tex import to_html
from app.store.papers import StoredPaper
from app.web.cards import moment_or_day
from app.web.language import Language
from app.web.pages import TextChange, VersionChange, WordRun

MOST = 20  # steps told, the latest ones: a hundred versions have been seen


def all_versions(paper: StoredPaper, known: Sequence[Version]) -> tuple[Version, ...]:
    """The known versions with the current one among them, which has the paper's own words."""
    by_number = {v.n: v for v in known}
    if n := paper.version:
        told = by_number.get(n, Version(n, paper.updated_at))
        by_number[n] = replace(told, title=paper.title, abstract=paper.abstract)
    return tuple(by_number[n] for n in sorted(by_number))


def changes_of(versions: Sequence[Version], words: Language) -> tuple[VersionChange, ...]:
    """From each version to the next, latest first."""
    steps = list(pairwise(versions))[-MOST:]
    return tuple(_change(before, after, words) for before, after in reversed(steps))


def _change(before: Version, after: Version, words: Language) -> VersionChange:
    return VersionChange(
        title=f"v{before.n} → v{after.n}",
        date=moment_or_day(after.submitted_at, None),
        texts=_texts(before, after, words),
    )


def _texts(before: Version, after: Version, words: Language) -> tuple[TextChange, ...]:
    told = (before.title, before.abstract, after.title, after.abstract)
    if None in told:
        sentence = words.say(
            "What changed is not known: arXiv tells the words of the current version only,"
            " and this site had not seen both."
        )
        return (TextChange(sentence),)
    return (
        _text(before.title, after.title, words.say("The title is unchanged.")),
        _text(before.abstract, after.abstract, words.say("The abstract is unchanged.")),
    )


def _text(old: str | None, new: str | None, unchanged: str) -> TextChange:
    runs = difference(old or "", new or "")
    if all(run.change is Change.SAME for run in runs):
        return TextChange(unchanged)
    # Formulas are whole words, so that a run's stand for themselves; the rest is escaped.
    return TextChange(
        "",
        tuple(WordRun(run.change.value, Markup(to_html(run.text))) for run in runs),  # noqa: S704
    )
