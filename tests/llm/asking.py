"""How tests ask a model, and what they heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import FreshprintError
from app.llm.client import Client, Usage
from app.llm.conversation import Message
from tests.llm.papers import conversation


@dataclass
class Said:
    """An answer: its text, its usage, and the error it ended with."""

    text: str = ""
    usage: Usage | None = None
    error: FreshprintError | None = None


async def ask(
    client: Client, messages: Sequence[Message] | None = None, reply_tokens: int = 2_000
) -> Said:
    """The whole of an answer, or as far as it came."""
    said = Said()
    messages = messages or conversation().messages([])
    try:
        async for piece in client.answer(messages, reply_tokens=reply_tokens):
            assert said.usage is None, "nothing comes after the usage"
            if isinstance(piece, Usage):
                said.usage = piece
            else:
                said.text += piece
    except FreshprintError as error:
        said.error = error
    return said
