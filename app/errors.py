"""The one tree of errors. What to do about an error is told by its type, never by its text.

FreshprintError
├── BadInput                 somebody asked for what makes no sense: say so, change nothing
│   ├── InvalidArxivId
│   ├── UnknownSubject
│   └── InvalidDay
├── NotFound                 it makes sense, and isn't here
├── Transient                try again later; never "no papers"
│   └── SourceUnavailable    arXiv did not answer, or not with an answer
│       ├── RateLimited      429, 503 with Retry-After, or `Rate exceeded.`: carries when to return
│       ├── Unreachable      no connection, a timeout, a reset
│       ├── BrokenAnswer     an answer that can't be one: cut off, not XML, too long, a stale day
│       └── TokenExpired     OAI-PMH no longer knows where we were in a list: begin it again
└── Permanent                trying again as things are will not help: a person must act
    ├── SourceRefused        arXiv says the request itself is wrong (badArgument, HTTP 400 …)
    ├── DatabaseTrouble      no database, or one of another age than this program
    └── Misconfigured        settings that can't work
"""

from __future__ import annotations


class FreshprintError(Exception):
    """Everything this program raises on purpose."""


class BadInput(FreshprintError, ValueError):
    """A reader's or an operator's input that can't be understood."""


class InvalidArxivId(BadInput):
    """Text that is no arXiv identifier in any of its forms."""


class UnknownSubject(BadInput):
    """A name that is no arXiv archive or category; `name` is what was given."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no arXiv archive or category")
        self.name = name


class InvalidDay(BadInput):
    """Text that is no calendar day `YYYY-MM-DD`, or a day before arXiv began."""


class NotFound(FreshprintError):
    """What was asked for could exist, and doesn't here."""


class Transient(FreshprintError):
    """Try again later."""


class SourceUnavailable(Transient):
    """A source gave no usable answer; `url` is what was asked."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message)
        self.url = url


class RateLimited(SourceUnavailable):
    """A source asked to be left alone; `retry_after` is in seconds, None when it didn't say."""

    def __init__(self, message: str, *, url: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, url=url)
        self.retry_after = retry_after


class Unreachable(SourceUnavailable):
    """No connection, a timeout, or one broken off."""


class BrokenAnswer(SourceUnavailable):
    """An answer came that can't be what was asked for."""


class TokenExpired(SourceUnavailable):
    """OAI-PMH takes a resumption token no longer (they last till midnight UTC)."""


class Permanent(FreshprintError):
    """As things are, trying again will not help."""


class SourceRefused(Permanent):
    """A source says that the request itself is wrong."""


class DatabaseTrouble(Permanent):
    """No database, or one this program can't work with."""


class Misconfigured(Permanent):
    """Settings that can't work."""
