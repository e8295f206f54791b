"""The sources of what is stored, by the names they are kept under."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """One of arXiv's interfaces."""

    FEEDS = "feeds"
    OAI = "oai"
    LISTS = "list"
    API = "api"
