"""The one tree of errors. What to do about an error is told by its type, never by its text.

FreshprintError
├── BadInput                 somebody asked for what makes no sense: say so, change nothing
│   ├── InvalidArxivId
│   ├── UnknownSubject
│   └── InvalidDay
├── NotFound                 it makes sense, and isn't here
├── Unwanted                 somebody has stopped meanwhile what is being done
├── Transient                try again later; never "no papers"
│   ├── LlmUnavailable       the language model did not answer, or not whole
│   │   ├── LlmBusy          429, or 503 with Retry-After: carries when to return
│   │   ├── LlmUnreachable   no connection, or silence for too long
│   │   └── Dropped          an answer that broke off, is corrupt, or says nothing
│   │       └── EmptyAnswer
│   └── SourceUnavailable    arXiv did not answer, or not with an answer
│       ├── RateLimited      429, 503 with Retry-After, or `Rate exceeded.`: carries when to return
│       ├── Unreachable      no connection, a timeout, a reset
│       ├── BrokenAnswer     an answer that can't be one: cut off, not XML, a stale day
│       │   └── TooLong      more than is read of an answer
│       └── TokenExpired     OAI-PMH no longer knows where we were in a list: begin it again
└── Permanent                trying again as things are will not help: a person must act
    ├── LlmStopped           the language model answers nobody: no paper will fare better
    │   ├── WrongKey
    │   ├── NoBalance
    │   └── NoSuchModel
    ├── Unanswered           it will not answer this request: another paper may fare better
    │   ├── ContextOverflow  longer than it can read: cut more, and ask again
    │   ├── Truncated        its answer is longer than it may be
    │   └── Refused          it finds the content unfit
    ├── SourceRefused        arXiv says the request itself is wrong (badArgument, HTTP 400 …)
    │   └── NotAtSource      arXiv has nothing there (HTTP 404, 410)
    ├── Unreadable           a paper's full text can't be read: carries the reason
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


class Unwanted(FreshprintError):
    """What is being done was stopped meanwhile."""


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


class TooLong(BrokenAnswer):
    """An answer is longer than it may be; for a paper's own file that will not change."""


class TokenExpired(SourceUnavailable):
    """OAI-PMH takes a resumption token no longer (they last till midnight UTC)."""


class Permanent(FreshprintError):
    """As things are, trying again will not help."""


class SourceRefused(Permanent):
    """A source says that the request itself is wrong."""

    @staticmethod
    def by_status(status: int, url: str, reason: str) -> SourceRefused:
        """The error for an HTTP status of 4xx."""
        kind = NotAtSource if status in (404, 410) else SourceRefused
        return kind(f"{url}: HTTP {status}: {reason}")


class NotAtSource(SourceRefused):
    """A source has nothing at this address: never had, or not any more."""


class Unreadable(Permanent):
    """A paper has no text to be read; `reason` is one of `domain.fulltext.Reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no readable text: {reason}")
        self.reason = reason


class DatabaseTrouble(Permanent):
    """No database, or one this program can't work with."""


class Misconfigured(Permanent):
    """Settings that can't work."""


class LlmUnavailable(Transient):
    """The language model gave no usable answer."""


class LlmBusy(LlmUnavailable):
    """It asked to be left alone; `retry_after` is in seconds, None when it didn't say."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LlmUnreachable(LlmUnavailable):
    """No connection to it, or no word from it for too long."""


class Dropped(LlmUnavailable):
    """Its answer broke off, or can't be read."""


class EmptyAnswer(Dropped):
    """It ended its answer without having said anything."""


class LlmStopped(Permanent):
    """It will answer no request at all until a person acts."""


class WrongKey(LlmStopped):
    """It doesn't know the key, or the key may not do this."""


class NoBalance(LlmStopped):
    """The account has no money left, or has used up what it may."""


class NoSuchModel(LlmStopped):
    """There is no such model at this address, or the address is none of an endpoint."""


class Unanswered(Permanent):
    """It will not answer this request."""


class ContextOverflow(Unanswered):
    """The request is longer than it can read; `limit` is in tokens, None when it didn't say."""

    def __init__(self, message: str, *, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class Truncated(Unanswered):
    """Its answer reached the longest that was allowed."""


class Refused(Unanswered):
    """It, or a filter before it, finds the content unfit to be answered."""
