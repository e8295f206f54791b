"""What a batch of FAQs will take, told before it is begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.price import Tokens, of_faq
from app.llm.prompts import ENGLISH
from app.services.asking import Press
from app.store import spending

# Where no FAQ was written here yet: a paper of twelve pages, and answers of 400 words.
_PAPER, _ANSWER = 20_000, 600


@dataclass(frozen=True, slots=True)
class Estimate:
    """So many FAQs, the tokens that they may take, and what that costs where prices are set."""

    faqs: int
    tokens: Tokens
    cost: Decimal | None


async def estimate(
    conn: AsyncConnection, press: Press, papers: Sequence[str], languages: Sequence[str]
) -> Estimate:
    """For these papers in these languages, going by what FAQs took here so far."""
    count = len(papers) * len(languages)
    one = await spending.usual(conn) or of_faq(
        min(_PAPER, press.settings.llm_context),
        len(press.prompts.wording(ENGLISH).questions),
        _ANSWER,
    )
    tokens = Tokens(one.read * count, one.cached * count, one.written * count)
    prices = press.settings.prices
    return Estimate(count, tokens, prices.cost(tokens) if prices else None)
