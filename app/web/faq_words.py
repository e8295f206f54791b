"""What is said about a FAQ: how it stands, and under it what it was made from and took."""

from __future__ import annotations

from decimal import Decimal

from app.domain import fulltext
from app.domain.faq import Reason, State
from app.domain.fulltext import Origin
from app.store.faqs import Faq
from app.web.language import Language


def sentence(faq: Faq, words: Language) -> str:
    """How it stands, in one sentence; empty when it is whole."""
    if faq.state is State.WAITING:
        return _waiting(faq, words)
    if faq.state is State.FAILED:
        return _failed(faq, words)
    return {
        State.READING: words.say("The paper's full text is being read."),
        State.ANSWERING: _answering(faq, words),
        State.POSTPONED: words.say(
            "Today's budget for FAQs is spent. This one is written tomorrow."
        ),
        State.CANCELLED: words.say("This FAQ was stopped."),
        State.WHOLE: "",
    }[faq.state]


def _answering(faq: Faq, words: Language) -> str:
    whole = sum(answer.is_whole for answer in faq.answers)
    if whole == len(faq.answers):  # it waits for its turn, or for the first word
        return words.say("Waiting for the language model. Answered so far: %(n)s.", n=whole)
    return words.say("The model is answering question %(n)s.", n=whole + 1)


def _waiting(faq: Faq, words: Language) -> str:
    if faq.reason == "stopped":
        return words.say(
            "The language model answers nobody now. The FAQ is written as soon as it does."
        )
    if faq.reason:
        return words.say("Something was in the way. It is tried again in a moment.")
    if not faq.ahead:
        return words.say("In the queue: this one is next.")
    return words.plural(
        "In the queue: %(n)s paper is before this one.",
        "In the queue: %(n)s papers are before this one.",
        faq.ahead,
    )


def _failed(faq: Faq, words: Language) -> str:
    return {
        Reason.REFUSED: words.say("The language model refuses to answer about this paper."),
        Reason.TOO_LONG: words.say("The paper is too long for the language model."),
        Reason.TRUNCATED: words.say("The language model did not come to an end."),
        Reason.UNANSWERED: words.say("The language model can't answer about this paper."),
        Reason.GAVE_UP: words.say("This FAQ could not be written, though it was often tried."),
    }[Reason(faq.reason or Reason.GAVE_UP)]


def unreadable(reason: str, words: Language) -> str:
    """Why a paper's full text could not be read."""
    return {
        fulltext.Reason.NO_FILES: words.say("arXiv has no files of it"),
        fulltext.Reason.NOT_PDF: words.say("its file is no PDF"),
        fulltext.Reason.ENCRYPTED: words.say("its PDF is encrypted"),
        fulltext.Reason.BROKEN: words.say("its PDF is broken"),
        fulltext.Reason.NO_PAGES: words.say("its PDF has no pages"),
        fulltext.Reason.NO_TEXT: words.say("its PDF holds no text, as scanned ones do"),
        fulltext.Reason.COSTLY: words.say("its PDF takes too long to read"),
    }[fulltext.Reason(reason)]


def facts(faq: Faq, words: Language, *, priced: bool) -> tuple[str, ...]:
    """What stands under a FAQ: who wrote it, when, from what, and what that took."""
    when = faq.ended_at or faq.asked_at
    took = faq.took
    told = [
        words.say("Written by a machine (%(model)s): it can be wrong.", model=faq.model),
        words.say("%(day)s, of version %(n)s.", day=f"{when:%Y-%m-%d %H:%M} UTC", n=faq.version),
        _made_from(faq, words),
        _cut(faq, words),
        words.say("Characters that no reader sees were left out: %(n)s.", n=faq.hidden)
        if faq.hidden
        else "",
        _found(faq, words),
        words.say(
            "Tokens: %(read)s read (%(cached)s from the cache), %(written)s written.",
            read=f"{took.tokens_in:,}",
            cached=f"{took.tokens_cached:,}",
            written=f"{took.tokens_out:,}",
        ),
        words.say("Cost: %(cost)s.", cost=_money(took.cost)) if priced and took.cost else "",
        words.say("Prompts: %(version)s.", version=faq.prompt),
    ]
    return tuple(one for one in told if one)


def _made_from(faq: Faq, words: Language) -> str:
    match faq.origin:
        case Origin.HTML:
            return words.say("Made from arXiv's HTML.")
        case Origin.PDF:
            return words.say("Made from the PDF.")
        case Origin.ABSTRACT:
            why = unreadable(faq.unreadable, words) if faq.unreadable else ""
            return words.say("Made from the abstract alone: %(why)s.", why=why)
        case _:
            return ""


def _cut(faq: Faq, words: Language) -> str:
    if not faq.cut:
        return ""
    names = [title or place for place, title, _ in faq.cut]
    left_out = sum(n for *_, n in faq.cut)
    return words.say(
        "To fit the model, %(n)s characters were left out: %(parts)s.",
        n=f"{left_out:,}",
        parts=", ".join(dict.fromkeys(names))[:300],
    )


def _found(faq: Faq, words: Language) -> str:
    claims = sum(answer.claims for answer in faq.answers)
    if not claims:
        return ""
    found = sum(answer.found for answer in faq.answers)
    return words.say(
        "Evidence found in the text: %(found)s of %(claims)s.", found=found, claims=claims
    )


def _money(cost: Decimal) -> str:
    return f"{cost:.4f}"
