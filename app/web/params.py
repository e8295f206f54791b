"""What a list page's address may ask for, read once into one value; and what a form sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.domain.calendar import parse_day
from app.errors import BadInput

PAGE = 25
_LONGEST_FORM = 16_384  # bytes; the picker's form with everything chosen has a quarter of it
MOST = 2000
ALL = "all"


class BadParameter(BadInput):
    """A query parameter that can't be used; `name` says which."""

    def __init__(self, name: str, given: str) -> None:
        super().__init__(f"{name}={given[:40]}")
        self.name = name


@dataclass(frozen=True, slots=True)
class ListQuery:
    """`date`, `show`, `skip` and `month` of a list page. `show` is None for the whole day."""

    day: date | None = None
    show: int | None = PAGE
    skip: int = 0
    month: date | None = None

    @classmethod
    def read(cls, query: QueryParams) -> ListQuery:
        """Parameters left out or empty have their defaults. Raises BadInput for nonsense."""
        day, month = query.get("date"), query.get("month")
        return cls(
            day=parse_day(day) if day else None,
            show=_show(query.get("show") or str(PAGE)),
            skip=_number("skip", query.get("skip") or "0", least=0, most=1_000_000),
            month=_month(month) if month else None,
        )

    def at(self, day: date, *, skip: int = 0) -> ListQuery:
        """The same page size at another place."""
        return replace(self, day=day, skip=skip, month=None)

    def __str__(self) -> str:
        """As the query of a URL, without what is default."""
        asked = {
            "date": self.day.isoformat() if self.day else "",
            "show": ALL if self.show is None else str(self.show) if self.show != PAGE else "",
            "skip": str(self.skip or ""),
            "month": f"{self.month:%Y-%m}" if self.month else "",
        }
        return urlencode({name: value for name, value in asked.items() if value})


def _show(given: str) -> int | None:
    return None if given == ALL else _number("show", given, least=1, most=MOST)


def _number(name: str, given: str, *, least: int, most: int) -> int:
    # isdecimal alone lets other scripts' digits through, which no link of ours has
    if not (given.isascii() and given.isdecimal() and len(given) <= len(str(most))):
        raise BadParameter(name, given)
    if not least <= int(given) <= most:
        raise BadParameter(name, given)
    return int(given)


def _month(given: str) -> date:
    try:
        return parse_day(f"{given}-01")
    except BadInput:
        raise BadParameter("month", given) from None


async def form(request: Request) -> str:
    """A form's body, not longer than ours are."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413)
    return body.decode("utf-8", "replace")
