"""Who reads: the categories they keep as theirs, in a cookie of this browser's."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from app.domain.selection import Selection
from app.errors import BadInput

COOKIE = "subjects"
DEFAULT = Selection.parse("cs.AI+cs.CL+cs.CV+cs.LG")
_YEAR = 365 * 24 * 3600


def subjects_of(request: Request) -> Selection:
    """The reader's own categories, or the default where none are kept, or not in our words."""
    try:
        return Selection.parse(request.cookies.get(COOKIE, ""))
    except BadInput:
        return DEFAULT


def keep(response: Response, request: Request, name: str, value: str) -> None:
    """Keep a choice in this browser for a year."""
    response.set_cookie(
        name,
        value,
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
