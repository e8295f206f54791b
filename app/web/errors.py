"""Errors as pages, in the reader's language: what is wrong, and what would work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.errors import (
    BadInput,
    DatabaseTrouble,
    InvalidArxivId,
    InvalidDay,
    NotFound,
    Transient,
    UnknownSubject,
)
from app.web.address import href
from app.web.language import Language
from app.web.pages import ErrorPage, Head, Link
from app.web.params import MOST, BadParameter
from app.web.picker import NothingWatched
from app.web.site import Site

_AGAIN = 5  # seconds after which a page that could not be made is asked for again
AWAY = (OperationalError, InterfaceError, PoolTimeout, DatabaseTrouble, ConnectionError)
_log = structlog.get_logger(__name__)


def install(app: FastAPI, site: Site) -> None:
    """Let every error of a request be answered with a page of `site`."""

    async def bad_input(request: Request, error: Exception) -> Response:
        words = site.words(request)
        return _answer(site, request, _page(words, 400, why(error, words), _examples(words)))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = site.words(request)
        page = _page(words, error.status_code, _said(error.status_code, words))
        return _answer(site, request, page, headers=error.headers)

    async def not_found(request: Request, _: Exception) -> Response:
        words = site.words(request)
        return _answer(site, request, _page(words, 404, _said(404, words)))

    async def unavailable(request: Request, error: Exception) -> Response:
        _log.warning("the database is away", path=request.url.path, error=str(error)[:300])
        return _later(site, request, site.words(request).say("The database is restarting."))

    async def transient(request: Request, _: Exception) -> Response:
        return _later(site, request, _said(503, site.words(request)))

    app.add_exception_handler(BadInput, bad_input)
    app.add_exception_handler(RequestValidationError, bad_input)
    app.add_exception_handler(NotFound, not_found)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Transient, transient)
    for away in AWAY:
        app.add_exception_handler(away, unavailable)


def crash_page(site: Site) -> Callable[[Request], Response]:
    """What is answered when something unforeseen happened; the log has the traceback."""

    def answer(request: Request) -> Response:
        words = site.words(request)
        return _answer(site, request, _page(words, 500, _said(500, words)))

    return answer


def why(error: Exception, words: Language) -> str:
    """What is wrong with what was asked for."""
    match error:
        case UnknownSubject():
            return words.say("“%(name)s” is no arXiv category or archive.", name=error.name[:60])
        case InvalidArxivId():
            return words.say("Not every part of this address is an arXiv identifier.")
        case InvalidDay():
            return words.say("A day is written as 2026-01-22, and arXiv began in August 1991.")
        case NothingWatched():
            return words.say("Choose at least one category to watch.")
        case BadParameter():
            return _why_not(error, words)
        case _:
            return words.say("This names nothing that can be shown.")


def _why_not(error: BadParameter, words: Language) -> str:
    return {
        "show": words.say("“show” is a number from 1 to %(most)s, or “all”.", most=MOST),
        "skip": words.say("“skip” is a number of papers, from 0 on."),
        "month": words.say("A month is written as 2026-01."),
    }[error.name]


def _said(status: int, words: Language) -> str:
    return {
        403: words.say("This form was not sent from a page of this site."),
        404: words.say("There is no page at this address."),
        405: words.say("This address can't be asked in this way."),
        413: words.say("That is more than this site takes."),
        429: words.say("You have asked as often as this site allows. Try again tomorrow."),
        500: words.say(
            "Something went wrong here. It has been noted down for whoever runs this site."
        ),
        503: words.say("This can't be answered just now."),
    }.get(status, HTTPStatus(status).phrase)


def _later(site: Site, request: Request, text: str) -> Response:
    page = _page(site.words(request), 503, text)
    page = replace(page, head=replace(page.head, refresh=_AGAIN))
    return _answer(site, request, page, headers={"Retry-After": str(_AGAIN)})


def _page(words: Language, status: int, text: str, examples: tuple[Link, ...] = ()) -> ErrorPage:
    title = _title(status, words)
    return ErrorPage(Head(title, text), status, title, text, examples)


def _answer(
    site: Site, request: Request, page: ErrorPage, headers: Mapping[str, str] | None = None
) -> Response:
    answer = site.render(request, "error", page, status=page.status)
    answer.headers.update(headers or {})
    return answer


def _title(status: int, words: Language) -> str:
    match status:
        case 400:
            return words.say("That can't be understood")
        case 404:
            return words.say("Not here")
        case 503:
            return words.say("One moment")
        case _ if status >= 500:
            return words.say("Something went wrong")
        case _:
            return words.say("That doesn't work")


def _examples(words: Language) -> tuple[Link, ...]:
    return (
        Link(href("cs.AI"), "cs.AI", words.say("the latest day of one category")),
        Link(
            href("cs.AI+cs.LG-cs.CY"),
            "cs.AI+cs.LG-cs.CY",
            words.say("two categories, without what a third one lists"),
        ),
        Link(href("math"), "math", words.say("a whole archive")),
        Link(href("1706.03762"), "1706.03762", words.say("one paper")),
        Link(href("hep-th/9901001,1706.03762"), "hep-th/9901001,1706.03762", words.say("several")),
    )
