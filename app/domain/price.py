"""What an answer costs, and what a batch of FAQs may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was read, of that from the provider's cache, and written."""

    read: int
    cached: int
    written: int


@dataclass(frozen=True, slots=True)
class Prices:
    """Money for a million tokens, in whatever currency; cached ones cost as others unless told."""

    read: Decimal
    written: Decimal
    cached: Decimal | None = None

    def cost(self, tokens: Tokens) -> Decimal:
        """What these tokens cost."""
        cached = self.read if self.cached is None else self.cached
        return (
            (tokens.read - tokens.cached) * self.read
            + tokens.cached * cached
            + tokens.written * self.written
        ) / _MILLION


def of_faq(material: int, questions: int, answer: int) -> Tokens:
    """What a FAQ of so many questions takes when the provider keeps what it has read: the text of
    `material` tokens, and for each question all the answers before it, of `answer` tokens each."""
    earlier = answer * questions * (questions - 1) // 2
    read = material * questions + earlier
    return Tokens(read, read - material - answer * (questions - 1), answer * questions)
