"""A paper's FAQ as a page shows it: the newest that has something to show, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from babel import Locale
from markupsafe import Markup

from app.domain.faq import State
from app.settings import Settings
from app.store.faqs import Faq
from app.store.papers import StoredPaper
from app.store.questions import Question
from app.web.address import href
from app.web.faq_words import facts, sentence
from app.web.language import Language
from app.web.pages import Head, Link


@dataclass(frozen=True, slots=True)
class PanelAnswer:
    """A question and what is answered so far."""

    n: int
    question: str
    html: Markup
    is_whole: bool


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A reader's own question; while it isn't answered, or can't be, a sentence says so."""

    words: str
    html: Markup
    sentence: str


@dataclass(frozen=True, slots=True)
class Panel:
    """All of a FAQ under its abstract; while it is open it comes in by its `number`."""

    paper_id: str
    language: str
    sentence: str
    is_open: bool
    answers: tuple[PanelAnswer, ...] = ()
    facts: tuple[str, ...] = ()
    notice: str = ""  # that it is of an older version
    ask: str = ""  # what the button to have one written says; empty: there is none
    number: int = 0
    stop: str = ""
    languages: tuple[Link, ...] = ()
    others: tuple[Link, ...] = ()
    own: tuple[OwnQuestion, ...] = ()
    own_action: str = ""  # where an own question is sent; empty: none can be put now
    is_answering: bool = False  # an own one
    is_missing: bool = False  # there is none, and a click may have one written


def language_for(asked: str | None, words: Language, settings: Settings) -> str:
    """The language of the FAQ to show: the one asked for, else the interface's, where offered."""
    for tag in (asked, words.code, words.tag, words.code.partition("_")[0]):
        if tag in settings.languages:
            return str(tag)
    return settings.languages[0]


def panel(  # noqa: PLR0913 - what is shown, to whom
    paper: StoredPaper,
    found: Sequence[Faq],
    language: str,
    words: Language,
    settings: Settings,
    *,
    number: int | None = None,
    mine: bool = False,
    own: Sequence[Question] = (),
) -> Panel:
    """The FAQ `number`, or the newest that is whole or on its way."""
    shown = shown_of(found, number)
    current = paper.version or 1
    if shown is None:
        return Panel(
            paper.id,
            language,
            "" if settings.writes_faqs else _not_set(words),
            is_open=False,
            ask=words.say("Write the FAQ") if settings.writes_faqs else "",
            is_missing=settings.writes_faqs,
            languages=_languages(paper.id, language, settings),
        )
    is_open = not shown.state.is_final
    return Panel(
        paper.id,
        language,
        sentence(shown, words),
        is_open,
        answers=_answers(shown),
        facts=() if is_open else facts(shown, words, priced=settings.prices is not None),
        notice=_notice(shown, current, words),
        ask=_ask(shown, current, words) if settings.writes_faqs else "",
        number=shown.id,
        stop=f"/faq/{shown.id}/stop" if is_open and mine else "",
        languages=_languages(paper.id, language, settings),
        others=_others(found, shown, words),
        own=tuple(_own(question, words) for question in own),
        own_action=_own_action(shown, own, settings),
        is_answering=any(question.ended_at is None for question in own),
    )


def shown_of(found: Sequence[Faq], number: int | None) -> Faq | None:
    """The FAQ `number`, or the newest that is whole or on its way, or else the newest."""
    if number is not None:
        return next((faq for faq in found if faq.id == number), None)
    worth = [faq for faq in found if faq.is_whole or not faq.state.is_final]
    return next(iter([*worth, *found]), None)


def _own(question: Question, words: Language) -> OwnQuestion:
    if question.ended_at is None:
        sentence = words.say("Your question is being answered.")
    else:
        sentence = "" if question.markdown else words.say("This question could not be answered.")
    html = Markup(question.html)  # noqa: S704 - made safe when kept
    return OwnQuestion(question.words, html, sentence)


def _own_action(faq: Faq, own: Sequence[Question], settings: Settings) -> str:
    is_free = all(question.ended_at for question in own)
    may = settings.writes_faqs and settings.own_questions > 0
    return f"/faq/{faq.id}/question" if may and faq.is_whole and is_free else ""


def _not_set(words: Language) -> str:
    return words.say(
        "No language model is set up here. Whoever runs this site turns FAQs on with the settings "
        "FRESHPRINT_LLM_BASE_URL, FRESHPRINT_LLM_API_KEY and FRESHPRINT_LLM_MODEL."
    )


def _notice(faq: Faq, current: int, words: Language) -> str:
    if faq.version >= current:
        return ""
    return words.say(
        "This FAQ is of version %(old)s; the paper is at version %(new)s.",
        old=faq.version,
        new=current,
    )


def _ask(faq: Faq, current: int, words: Language) -> str:
    if faq.version < current:
        return words.say("Write one for version %(n)s", n=current)
    if faq.state in (State.FAILED, State.CANCELLED):
        return words.say("Try again")
    return ""


def _languages(paper_id: str, language: str, settings: Settings) -> tuple[Link, ...]:
    return tuple(
        Link(faq_href(paper_id, tag), _own_name(tag), tag)
        for tag in settings.languages
        if tag != language
    )


def _others(found: Sequence[Faq], shown: Faq, words: Language) -> tuple[Link, ...]:
    """The other whole ones, and each beside the one that is shown."""
    return tuple(
        link
        for faq in found
        if faq.is_whole and faq is not shown
        for link in (
            Link(
                faq_href(faq.paper_id, faq.language, faq.id),
                words.say("version %(n)s, %(model)s", n=faq.version, model=faq.model),
            ),
            Link(f"/faq/{faq.id}/beside/{shown.id}", words.say("side by side")),
        )
    )


@dataclass(frozen=True, slots=True)
class Side:
    """One of two FAQs side by side."""

    language: str
    title: str
    answers: tuple[PanelAnswer, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BesidePage:
    """Two FAQs of a paper."""

    head: Head
    title: str
    back: str
    paper: Markup
    sides: tuple[Side, ...]


def side(faq: Faq, words: Language, settings: Settings) -> Side:
    """A FAQ as one of two."""
    return Side(
        faq.language,
        f"{words.say('version %(n)s, %(model)s', n=faq.version, model=faq.model)} "
        f"({_own_name(faq.language)})",
        _answers(faq),
        facts(faq, words, priced=settings.prices is not None),
    )


def _answers(faq: Faq) -> tuple[PanelAnswer, ...]:
    return tuple(
        PanelAnswer(a.n, a.question, Markup(a.html), a.is_whole)  # noqa: S704 - made safe when kept
        for a in faq.answers
    )


def faq_href(paper_id: str, language: str, number: int | None = None) -> str:
    """A paper's page with its FAQ open."""
    query = {"faq": language, **({"of": str(number)} if number else {})}
    return f"{href(paper_id)}?{urlencode(query)}#kimi-container-{paper_id}"


def _own_name(tag: str) -> str:
    locale = Locale.parse(tag, sep="-")
    return locale.get_display_name() or tag
