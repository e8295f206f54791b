"""FAQs: asked for, watched while they are written, stopped, and laid side by side; and the calls by
which the reference's clients do the same."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from html import escape
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Path, Request, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, StreamingResponse

from app.domain.arxiv_id import ArxivId
from app.domain.faq import LONGEST_QUESTION, Asker, State
from app.services.asking import stop as stop_writing
from app.store import faqs, papers, questions, summaries
from app.store.faqs import Faq
from app.store.papers import StoredPaper
from app.web import guard
from app.web import reader as readers
from app.web.faq_panel import (
    BesidePage,
    Panel,
    faq_href,
    language_for,
    panel,
    shown_of,
    side,
)
from app.web.language import Language
from app.web.pages import Head
from app.web.params import form
from app.web.site import Site, TheSite, Words

COOKIE = "reader"
MOST_WATCHED, LONGEST_NUMBER = 50, 18
Number = Annotated[int, Path(ge=1, lt=1 << 63)]
_STREAM = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx would keep it until there is enough to send
}


@dataclass(frozen=True, slots=True)
class Found:
    """A paper and its FAQs in a language."""

    paper: StoredPaper
    language: str
    faqs: list[Faq]


async def find(request: Request, site: Site, words: Language) -> Found:
    """What `?paper=` and `?language=` ask for. Raises BadInput; 404 when it isn't stored."""
    paper_id = ArxivId.parse(request.query_params.get("paper", ""))
    language = language_for(request.query_params.get("language"), words, site.settings)
    async with site.reading.connect() as conn:
        paper = (await papers.by_ids(conn, [str(paper_id.bare)])).get(str(paper_id.bare))
        if paper is None:
            raise HTTPException(404)
        return Found(paper, language, await faqs.of_paper(conn, paper.id, language))


async def part(request: Request, site: TheSite, words: Words) -> Response:
    """A paper's FAQ as a piece of a page, for scripts."""
    found = await find(request, site, words)
    return site.render_part(request, "faq", await faq_panel(found, request, site, words))


async def faq_panel(
    found: Found, request: Request, site: Site, words: Language, key: str | None = None
) -> Panel:
    """What a page shows of a paper's FAQs to this reader, known by a cookie or a new `key`."""
    key = key or request.cookies.get(COOKIE)
    shown = shown_of(found.faqs, _number(request))
    async with site.reading.connect() as conn:
        asker = await faqs.asker_of(conn, shown.id) if shown and key else None
        own = await questions.of_reader(conn, shown.id, _digest(key)) if shown and key else ()
    return panel(
        found.paper,
        found.faqs,
        found.language,
        words,
        site.settings,
        number=_number(request),
        mine=key is not None and _digest(key) == asker,
        own=own,
    )


def _number(request: Request) -> int | None:
    given = request.query_params.get("of", "")
    return int(given) if _is_number(given) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER


async def ask(request: Request, site: TheSite, words: Words) -> Response:
    """Have a paper's FAQ written where its current version has none, and go where it comes in."""
    if not guard.from_here(request, site.settings.site_url):
        raise HTTPException(403)
    found = await find(request, site, words)
    key = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    if site.settings.writes_faqs:
        await start(found, site, key)
    return await _answer(found, request, site, words, key)


async def _answer(
    found: Found, request: Request, site: Site, words: Language, key: str
) -> Response:
    """To a script the FAQ as it stands now; to others the page where it is shown."""
    answer: Response = RedirectResponse(faq_href(found.paper.id, found.language), 303)
    if request.headers.get("x-requested-with") == "script":
        async with site.reading.connect() as conn:
            now = await faqs.of_paper(conn, found.paper.id, found.language)
        shown = await faq_panel(replace(found, faqs=now), request, site, words, key)
        answer = site.render_part(request, "faq", shown)
    readers.keep(answer, request, COOKIE, key)
    return answer


async def ask_own(number: Number, request: Request, site: TheSite, words: Words) -> Response:
    """Put a reader's own question after a whole FAQ, as often a day as is set."""
    if not guard.from_here(request, site.settings.site_url):
        raise HTTPException(403)
    words_sent = dict(parse_qsl(await form(request))).get("words", "")
    asked = " ".join("".join(c if c.isprintable() else " " for c in words_sent).split())
    found = await _found(number, site)
    if not found.faqs[0].is_whole or not site.settings.own_questions:
        raise HTTPException(404)
    key = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    if asked:
        await _put(number, _digest(key), asked[:LONGEST_QUESTION], site)
    return await _answer(found, request, site, words, key)


async def _put(number: int, reader: str, asked: str, site: Site) -> None:
    most = site.settings.own_questions
    async with site.engine.begin() as conn:
        if await questions.ask(conn, number, reader, asked, site.clock(), most=most) is None:
            raise HTTPException(429)


def _current(found: Found) -> Faq | None:
    """The paper's FAQ that is whole or on its way, of its current version."""
    version = found.paper.version or 1
    alive = (faq for faq in found.faqs if faq.is_whole or not faq.state.is_final)
    return next((faq for faq in alive if faq.version >= version), None)


async def start(found: Found, site: Site, key: str | None) -> int:
    """Have the current version's written, once however many ask, or wait for it with others; its
    number."""
    known = _current(found)
    reader = _digest(key) if key else None
    async with site.engine.begin() as conn:
        if known:
            await summaries.join(conn, known.id, Asker.READER, reader=reader)
            return known.id
        return await site.press.ask(
            conn,
            found.paper.id,
            found.paper.version or 1,
            found.language,
            Asker.READER,
            reader=reader,
        )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


async def stop(number: Number, request: Request, site: TheSite, words: Words) -> Response:
    """Stop a FAQ that this reader alone asked for."""
    if not guard.from_here(request, site.settings.site_url):
        raise HTTPException(403)
    found = await _found(number, site)
    key = request.cookies.get(COOKIE)
    async with site.reading.connect() as conn:
        if not key or _digest(key) != await faqs.asker_of(conn, number):
            raise HTTPException(403)
    await stop_writing(site.engine, [number], site.clock())
    return await _answer(found, request, site, words, key)


async def _found(number: int, site: Site) -> Found:
    async with site.reading.connect() as conn:
        faq = await faqs.get(conn, number)
        if faq is None:
            raise HTTPException(404)
        paper = (await papers.by_ids(conn, [faq.paper_id]))[faq.paper_id]
    return Found(paper, faq.language, [faq])


async def events(request: Request, site: TheSite, words: Words) -> Response:
    """FAQs' words as they are written (`?of=1,2`), for whoever watches, from where they are."""
    given = request.query_params.get("of", "").split(",")
    if not all(map(_is_number, given)) or len(given) > MOST_WATCHED:
        raise HTTPException(400)
    numbers = [int(number) for number in given]
    stream = site.streams.events(numbers, words)
    return StreamingResponse(stream, media_type="text/event-stream", headers=_STREAM)


async def beside(
    one: Number, other: Number, request: Request, site: TheSite, words: Words
) -> Response:
    """Two FAQs of a paper, question beside question."""
    async with site.reading.connect() as conn:
        both = [await faqs.get(conn, number) for number in (one, other)]
        left, right = both
        if left is None or right is None or left.paper_id != right.paper_id:
            raise HTTPException(404)
        paper = (await papers.by_ids(conn, [left.paper_id]))[left.paper_id]
    title = words.say("Two FAQs side by side")
    page = BesidePage(
        Head(title, paper.title),
        title,
        faq_href(paper.id, right.language),
        Markup(paper.title_html),  # noqa: S704 - made safe at ingest
        tuple(side(faq, words, site.settings) for faq in (left, right)),
    )
    return await site.answer(request, "beside", page)


async def kimi(request: Request, site: TheSite, words: Words) -> Response:
    """The same for clients of the reference: questions and answers in Markdown, one by one as each
    is whole. Asking starts the writing, unless another site's page has a browser do it."""
    found = await find(request, site, words)
    known = _current(found)
    if known is None and not site.settings.writes_faqs:
        raise HTTPException(404)
    if known is None and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise HTTPException(403)
    if request.method == "HEAD":
        return Response(media_type="text/html; charset=utf-8")
    number = known.id if known else await start(found, site, None)
    return StreamingResponse(
        _in_turn(number, site), media_type="text/html; charset=utf-8", headers=_STREAM
    )


async def _in_turn(number: int, site: Site) -> AsyncIterator[str]:
    shown = 0
    async for answered in site.streams.changes(number):
        if answered == shown:
            continue
        async with site.reading.connect() as conn:
            whole = await faqs.markdown(conn, number)
        for question, answer in whole[shown:]:
            yield f'<p class="faq-q">{escape(question)}</p>'
            yield f'<div class="faq-a">{escape(answer)}</div>\n'
        shown = len(whole)


async def progress(request: Request, site: TheSite, words: Words) -> Response:
    """−n: so many are before it in the queue; from 0 to 1: the share that is answered."""
    found = await find(request, site, words)
    faq = _current(found)
    if faq is None:
        raise HTTPException(404)
    return PlainTextResponse(f"{_share(faq, site, found.language):g}")


def _share(faq: Faq, site: Site, language: str) -> float:
    if faq.state is State.WAITING and faq.ahead:
        return -faq.ahead
    if faq.is_whole:
        return 1
    questions = len(site.press.prompts.wording(language).questions)
    whole = sum(answer.is_whole for answer in faq.answers)
    return round(whole / questions, 3)
