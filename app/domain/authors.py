r"""An author line, as arXiv's sources write it, to authors; and a name from OAI's parts.

arXiv asks for names parted by commas or "and", with affiliations in parentheses after a name, or
numbers there that a list at the end explains; a collaboration may stand first, ended by a colon:

    A. Smith (MIT), B. Jones, Jr. and C. Lee (CERN)
    A. Smith (1), B. Jones (1 and 2) ((1) MIT, (2) CERN)
    ATLAS Collaboration: G. Aad, B. Abbott, et al.
    A. Smith, for the Belle Collaboration

https://info.arxiv.org/help/prep.html#author. Affiliations are only given to the name they follow.
Names are kept as written, TeX and all. Nothing here raises, and time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.paper import Author
from app.domain.tex import clean

# What ends a name where no bracket is open. "The CMS and LHCb Collaborations" is one.
_SEPARATOR = r",|;|:(?=\s|$)|\b(?<!\\)and(?=\s)(?!\s+\S+\s+[Cc]ollaborations\b)|\\?&(?=\s)"
_PIECE = re.compile(rf"(?P<escape>\\[^&])|(?P<bracket>[(){{}}])|(?P<end>{_SEPARATOR})")
_CLOSES = {")": "(", "}": "{"}
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Ph\.?\s?D|M\.?D)\.?(?=\s*(?:$|\())")
_TABLE = re.compile(r"\(\s*\(|[,;]\s*\((?=\w{1,2}\W)")
_KEY = re.compile(r"\(\s*(\d{1,3}|[a-z]|\*+|†|‡)\s*\)")
_BARE_KEY = re.compile(r"(?:^|[,;]\s*)\(?(\d{1,2})(?=[\s:.)-])[\s:.)-]*")
_KEYS = re.compile(r"\s*(?:,|;|&|\band\b)\s*|\s+")
