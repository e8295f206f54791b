"""Invented papers and announcements, the same for the same seed. No text is taken from others.

Most are plain; `awkward.py` adds what programs stumble over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random

from tests.local_arxiv import awkward
from tests.local_arxiv.draft import Draft, Ids
from tests.local_arxiv.world import NONEXCLUSIVE, World, previous_weekday, submission_time

# Weighted roughly as arXiv is; where a category has an alias, arXiv's records name both.
HOMES = (
    (("cs.LG",), 10),
    (("cs.CV",), 10),
    (("cs.CL",), 8),
    (("cs.CL", "cs.AI"), 5),
    (("cs.CV", "cs.AI", "cs.LG"), 4),
    (("cs.AI",), 4),
    (("cs.AI", "cs.CL", "cs.MA"), 3),
    (("cs.RO", "cs.AI"), 4),
    (("cs.IR", "cs.CL"), 2),
    (("cs.SD", "eess.AS"), 2),
    (("eess.AS", "cs.SD"), 1),
    (("cs.IT", "math.IT"), 2),
    (("eess.SY", "cs.SY"), 2),
    (("cs.CR",), 3),
    (("stat.ML", "cs.LG"), 3),
    (("math.ST", "stat.TH"), 1),
    (("math.AP",), 3),
    (("math.NA", "cs.NA", "math.AP"), 2),
    (("math-ph", "math.MP", "hep-th"), 1),
    (("hep-th", "gr-qc"), 3),
    (("hep-ph",), 2),
    (("quant-ph",), 4),
    (("quant-ph", "cond-mat.str-el"), 2),
    (("cond-mat.mtrl-sci",), 3),
    (("astro-ph.GA", "astro-ph.CO"), 3),
    (("physics.optics",), 2),
    (("q-bio.NC", "cs.NE"), 1),
    (("econ.GN", "q-fin.EC"), 1),
    (("q-fin.ST",), 1),
    (("nlin.CD", "physics.flu-dyn"), 1),
)
CROSS_INTO = ("cs.AI", "cs.LG", "cs.CL", "stat.ML", "quant-ph", "physics.soc-ph", "math.OC")
LICENCES = (NONEXCLUSIVE, NONEXCLUSIVE, "http://creativecommons.org/licenses/by/4.0/")

_WORDS = """\
Sparse, Robust, Adaptive, Stochastic, Local, Bounded, Unified, Minimal, Coupled, Slow
Models, Lattices, Graphs, Estimators, Agents, Fields, Maps, Kernels, Codes, Flows, Proofs
Retrieval, Control, Inference, Transport, Planning, Detection, Sampling, Folding
Noisy Data, Curved Spaces, Small Samples, Open Systems, Low Light, Many Languages
Ada, Bo, Chidi, Dara, Emil, Farah, Goro, Hana, Ines, Jun, Kaia, Luca, Mira, Nils, Oya, Petra
Amberg, Brandvik, Castellan, Dunmore, Eriksdal, Fenwick, Galdos, Hartig, Ivanko, Jelen"""
_HOW, _WHAT, _FOR, _WHERE, _FIRST, _LAST = (line.split(", ") for line in _WORDS.splitlines())
_SAY = (
    "We study {what} for {aim} and ask how far {how} methods carry.",
    "The bound improves on the usual one by a factor of ${a}\\log n$.",
    "Experiments on {b} tasks agree with the theory within {a} per cent.",
    "For every $\\varepsilon > 0$ there is a choice of parameters that works.",
    "Code and data go with the paper.",
    "A short proof is given, and its limits are named.",
)


def made_up(
    days: Iterable[date], per_day: int = 40, seed: int = 1, *, awkward_ones: bool = True
) -> World:
    """A world in which each of the days announced `per_day` plain new papers.

    A sixth as many older ones are newly cross-listed and half as many replaced; about ten new and
    five older awkward ones come on top of that.
    """
    random, ids, days = Random(seed), Ids(), sorted(days)
    drafts = [*_stock(random, ids, days[0], per_day)]
    for number, day in enumerate(days):
        _change(random, drafts, day, per_day)
        drafts += _announced(random, ids, day, per_day)
        if awkward_ones:
            drafts += awkward.new(ids, day, first=number == 0)
            drafts += awkward.old(day, number)
    return World((draft.record() for draft in drafts), (row for d in drafts for row in d.rows))


def _plain(random: Random, paper_id: str, day: date, submitted: datetime) -> Draft:
    """An ordinary paper, first announced on a day."""
    names = [f"{random.choice(_FIRST)} {random.choice(_LAST)}" for _ in range(random.randint(1, 6))]
    draft = Draft(
        id=paper_id,
        title=_title(random),
        authors=tuple(dict.fromkeys(names)),
        abstract=" ".join(_sentence(random, pattern) for pattern in _SAY),
        categories=[(day, random.choices(*zip(*HOMES, strict=True))[0])],
        versions=[submitted],
        comment=random.choice((None, f"{random.randint(4, 60)} pages, 3 figures")),
        licence=random.choice(LICENCES),
        is_plain=True,
    )
    draft.announce(day)
    return draft


def _stock(random: Random, ids: Ids, before: date, count: int) -> Iterator[Draft]:
    long = (before - timedelta(days=random.randint(30, 400)) for _ in range(count))
    for day in sorted(previous_weekday(day) for day in long):
        yield _plain(random, ids.take(day), day, submission_time(day, 0, 1))


def _announced(random: Random, ids: Ids, day: date, count: int) -> Iterator[Draft]:
    for place in range(count):
        yield _plain(random, ids.take(day), day, submission_time(day, place, count))


def _change(random: Random, drafts: list[Draft], day: date, per_day: int) -> None:
    older = [draft for draft in drafts if len(draft.versions) < 5 and draft.is_plain]
    random.shuffle(older)
    crossed, replaced = older[: per_day // 6], older[per_day // 6 : per_day * 2 // 3]
    for draft in crossed:
        draft.cross_list(day, random.choice([c for c in CROSS_INTO if c not in draft.now_in]))
    for place, draft in enumerate(sorted(replaced, key=lambda draft: draft.id)):
        draft.replace(day, submission_time(day, place, len(replaced)))


def _title(random: Random) -> str:
    how, what, aim, where = (random.choice(words) for words in (_HOW, _WHAT, _FOR, _WHERE))
    return f"{how} {what} for {aim} in {where}"


def _sentence(random: Random, pattern: str) -> str:
    return pattern.format(
        what=random.choice(_WHAT).lower(),
        aim=random.choice(_FOR).lower(),
        how=random.choice(_HOW).lower(),
        a=random.randint(2, 9),
        b=random.randint(3, 40),
    )
