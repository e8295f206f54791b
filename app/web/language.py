"""The interface's languages: which one a reader gets, its words, and its way to write days.

Catalogues are read at start from `locales/*.po`; English is what the source says.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from starlette.requests import Request

COOKIE = "lang"
_LOCALES = Path(__file__).parent / "locales"


@dataclass(frozen=True)
class Language:
    """One language of the interface. `code` stands in cookies and URLs, `tag` in HTML."""

    code: str
    tag: str
    own_name: str
    locale: Locale
    catalogue: NullTranslations

    def say(self, sentence: str, **values: object) -> str:
        """An English sentence in this language, `%(name)s` filled in."""
        translated = self.catalogue.gettext(sentence)
        return translated % values if values else translated

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """The same for a sentence about `%(n)s` things."""
        return self.catalogue.ngettext(one, many, n) % {"n": n, **values}

    def day(self, day: date) -> str:
        """A day with its weekday: `Thursday 22 January 2026`."""
        return format_date(day, "full", self.locale)

    def short_day(self, day: date) -> str:
        """A day and weekday in few letters, for links: `Thu 22 Jan`."""
        return format_date(day, self._short, self.locale)

    def month(self, day: date) -> str:
        """A day's month and year."""
        return format_date(day, self._month, self.locale)

    def moment(self, at: datetime, now: datetime) -> str:
        """A time, with its day unless that is today's: `06:12 UTC`."""
        at, now = at.astimezone(UTC), now.astimezone(UTC)
        clock = format_datetime(at, "HH:mm", locale=self.locale) + " UTC"
        return clock if at.date() == now.date() else f"{self.short_day(at.date())} {clock}"

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago a time was, in one unit: `9 hours ago`."""
        return format_timedelta(at - now, add_direction=True, locale=self.locale)

    def number(self, n: int) -> str:
        """A number with its thousands apart: `364,812`."""
        return format_decimal(n, locale=self.locale)

    def weekday(self, day: date) -> str:
        """A day's weekday in few letters: `Thu`."""
        return self.weekdays[day.weekday()]

    @property
    def gap(self) -> str:
        """What stands between sentences."""
        return "" if self.code == "zh" else " "

    @property
    def comma(self) -> str:
        """What stands between the parts of an enumeration."""
        return "、" if self.code == "zh" else ", "

    @property
    def colon(self) -> str:
        """What stands between a name and what is said of it."""
        return "：" if self.code == "zh" else ": "

    @cached_property
    def weekdays(self) -> tuple[str, ...]:
        """Monday to Sunday, as heads of a calendar's columns."""
        names = get_day_names("abbreviated", context="stand-alone", locale=self.locale)
        return tuple(names[n] for n in range(7))

    @cached_property
    def _short(self) -> str:
        return str(self.locale.datetime_skeletons["MMMEd"])

    @cached_property
    def _month(self) -> str:
        return str(self.locale.datetime_skeletons["yMMMM"])


def _catalogue(name: str) -> GNUTranslations:
    with (_LOCALES / f"{name}.po").open("rb") as file:
        messages = read_po(file, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def languages() -> dict[str, Language]:
    """All languages, by code; the first is what a reader gets who asks for none of them."""
    return {
        "en": Language("en", "en", "English", Locale.parse("en_GB"), NullTranslations()),
        "zh": Language("zh", "zh-CN", "中文", Locale.parse("zh_CN"), _catalogue("zh_CN")),
    }


def negotiate(request: Request, known: dict[str, Language]) -> Language:
    """The language of the reader's cookie, else of their browser, else the first."""
    chosen = request.cookies.get(COOKIE, "")
    wanted = [chosen, *_accepted(request.headers.get("accept-language", ""))]
    return next((known[code] for code in wanted if code in known), next(iter(known.values())))


def _accepted(header: str) -> list[str]:
    """The primary language codes of an Accept-Language header, most wanted first."""
    weighted = []
    for part in header[:400].split(","):
        tag, _, parameters = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        weighted.append((_weight(parameters), code))
    return [code for weight, code in sorted(weighted, key=lambda w: -w[0]) if weight > 0]


def _weight(parameters: str) -> float:
    _, _, q = parameters.partition("q=")
    try:
        return float(q) if q else 1.0
    except ValueError:
        return 0.0
