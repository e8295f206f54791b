"""A reader's choices that this browser keeps: their categories, their language."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from app.web import guard, language, picker, reader
from app.web.params import form
from app.web.site import TheSite


async def keep_subjects(request: Request, site: TheSite) -> Response:
    """Keep the categories picked as the reader's own, and go home. Raises BadInput."""
    if not guard.from_here(request, site.settings.site_url):
        raise HTTPException(403)
    selection = picker.picked(dict(parse_qsl(await form(request), keep_blank_values=True)))
    answer = RedirectResponse("/", 303)
    reader.keep(answer, request, reader.COOKIE, str(selection))
    return answer


async def keep_language(code: str, request: Request, site: TheSite) -> Response:
    """Keep a language, and go on where the reader was."""
    if code not in site.languages:
        raise HTTPException(404)
    answer = RedirectResponse(_local(request.query_params.get("next", "/")), 303)
    reader.keep(answer, request, language.COOKIE, code)
    return answer


def _local(path: str) -> str:
    """The path if it is one of this site's, else the first page. Browsers take `//` and `/\\` for
    the beginning of another site's address, and drop tabs and line ends before they look."""
    is_ours = path.startswith("/") and path.isprintable() and path[1:2] not in ("/", "\\")
    return path if is_ours else "/"
