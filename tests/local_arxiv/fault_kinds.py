"""Every kind of fault, and which requests it can strike."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """A way to fail; the value is its name in `POST /_weather`."""

    # in place of an answer
    TOO_MANY = "too-many"  # 429
    TOO_MANY_UNTIL = "too-many-until"  # 429 with Retry-After
    NOT_ACCEPTABLE = "not-acceptable"  # 406
    UNAVAILABLE = "unavailable"  # 503
    TIMEOUT = "timeout"  # silence, and the answer after it
    RESET = "reset"  # the connection is reset before the answer
    RATE_EXCEEDED = "rate-exceeded"  # HTTP 200 and `Rate exceeded.`
    HTML_PAGE = "html-page"  # HTTP 200 and a page that says something went wrong
    EMPTY = "empty"  # HTTP 200 and nothing
    REDIRECT_LOOP = "redirect-loop"
    TOKEN_EXPIRED = "token-expired"  # OAI-PMH's badResumptionToken in mid-chain
    # to the true answer
    STALL = "stall"  # half of it, then silence
    ENDLESS = "endless"  # half of it, then blanks for ever
    TRUNCATED = "truncated"  # half of it, as if that were all
    INVALID_UTF8 = "invalid-utf-8"
    WRONG_TYPE = "wrong-type"  # a content type that it has not
    ENTITY_BOMB = "entity-bomb"
    EXTERNAL_ENTITY = "external-entity"
    NO_ENTRIES = "no-entries"  # the API: totalResults > 0, and no entry
    SLOW_RESUMPTION = "slow-resumption"  # OAI-PMH: 90 s for a page have been seen
    # to what is told
    YESTERDAY = "yesterday"  # the feed still has the last announcement
    YESTERDAY_AS_TODAY = "yesterday-as-today"  # and calls it today's, channel and items
    PART_OF_NEW = "part-of-new"  # the feed lacks some of the day's new papers
    PART_OF_CROSS_LISTS = "part-of-cross-lists"  # … of the older papers newly cross-listed
    PART_OF_REPLACEMENTS = "part-of-replacements"  # … of the replacements
    SHUFFLED = "shuffled"  # the feed's items in any order, some of them twice
    NO_AUTHORS = "no-authors"  # of some items of the feed
    NO_CATEGORY = "no-category"  # of some items of the feed
    UNKNOWN_TO_OAI = "unknown-to-oai"  # some of the day's papers are not in OAI-PMH yet


CONTENT = frozenset(
    {
        Fault.YESTERDAY,
        Fault.YESTERDAY_AS_TODAY,
        Fault.PART_OF_NEW,
        Fault.PART_OF_CROSS_LISTS,
        Fault.PART_OF_REPLACEMENTS,
        Fault.SHUFFLED,
        Fault.NO_AUTHORS,
        Fault.NO_CATEGORY,
        Fault.UNKNOWN_TO_OAI,
    }
)
_FEEDS = ("/rss/", "/atom/")
_XML = (*_FEEDS, "/oai", "/api/")
# fault -> (how the path of a request that it can strike begins, what its query holds)
WHERE: dict[Fault, tuple[tuple[str, ...], str]] = {
    **{fault: (("/",), "") for fault in Fault if fault not in CONTENT},
    **dict.fromkeys(CONTENT, (_FEEDS, "")),
    Fault.ENTITY_BOMB: (_XML, ""),
    Fault.EXTERNAL_ENTITY: (_XML, ""),
    Fault.NO_ENTRIES: (("/api/",), ""),
    Fault.TOKEN_EXPIRED: (("/oai",), "resumptionToken="),
    Fault.SLOW_RESUMPTION: (("/oai",), "resumptionToken="),
    Fault.UNKNOWN_TO_OAI: (("/oai",), ""),
}
