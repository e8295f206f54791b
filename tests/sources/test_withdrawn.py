"""Which sources tell that a paper is withdrawn, and which of them can deny it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.sources import oai
from tests.local_arxiv.oai_records import record
from tests.local_arxiv.world import Current, Record

DAY = date(2026, 1, 22)
SENTENCE = "This paper has been withdrawn by the authors due to a gap in section 2"


def _read(prefix: str, *, comment: str | None = None, withdrawn: int | None = None) -> bool | None:
    life = Record(
        id="2601.00001",
        title="On bounds",
        authors=("Ada Lovelace",),
        abstract="We study bounds.",
        categories=((DAY, ("math.CO",)),),
        versions=(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 1, 21, tzinfo=UTC)),
        comment=comment,
        withdrawn=withdrawn,
    )
    body = record(Current(life, ("math.CO",), 2, DAY), prefix)
    page = oai.parse(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord>'
        f"{body}</GetRecord></OAI-PMH>".encode()
    )
    return page.records[0].paper.withdrawn


@pytest.mark.parametrize(
    ("prefix", "comment", "withdrawn", "expected"),
    [
        ("arXivRaw", None, 2, True),  # no content, and no word about it
        ("arXivRaw", SENTENCE, None, True),
        ("arXivRaw", None, None, False),
        ("arXiv", SENTENCE, 2, True),
        ("arXiv", None, 2, None),  # this format has nothing to tell it by
    ],
)
def test_a_version_without_content_and_words_tell_of_a_withdrawal(
    prefix: str, comment: str | None, withdrawn: int | None, expected: bool | None
) -> None:
    assert _read(prefix, comment=comment, withdrawn=withdrawn) is expected
