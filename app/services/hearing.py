"""One call to the model: heard out, shown to who waits, charged however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.price import Tokens
from app.errors import FreshprintError, Unwanted
from app.llm.client import Usage
from app.llm.conversation import Message
from app.llm.tokens import tokens
from app.services.draft import Draft
from app.services.writer import Writer
from app.store import spending
from app.store.spending import Call


@dataclass(slots=True)
class Hearing:
    """A call for a FAQ's question (`purpose` is its key) or for something else about a paper."""

    writer: Writer
    summary_id: int
    purpose: str
    draft: Draft
    usage: Usage | None = None

    async def out(self, messages: Sequence[Message]) -> str:
        """The whole answer. What a call took that failed is noted; what one took that did not is
        left to `charge`, in the transaction that keeps the answer.

        Raises what `Client.answer` raises; Unwanted when nobody wants it any more.
        """
        try:
            await self._listen(messages)
        except FreshprintError as error:
            if isinstance(error, Unwanted):
                self.usage = self._reckoned(messages)
            async with self.writer.fetcher.engine.begin() as conn:
                await self.charge(conn, type(error).__name__)
            raise
        return self.draft.text

    async def charge(self, conn: AsyncConnection, outcome: str = "whole") -> None:
        """Note what it took: the provider charges for every end."""
        if self.usage is None:
            return
        took = Tokens(self.usage.tokens_in, self.usage.cached, self.usage.out)
        prices = self.writer.fetcher.settings.prices
        call = Call(
            self.purpose,
            self.usage.model,
            took,
            self.usage.estimated,
            prices.cost(took) if prices else None,
            outcome,
            self.summary_id,
        )
        await spending.keep(conn, call, self.writer.fetcher.clock())

    async def _listen(self, messages: Sequence[Message]) -> None:
        hearing = asyncio.create_task(self._hear(messages))
        try:
            async with self.draft.shown() as unwanted:
                await asyncio.wait((hearing, unwanted), return_when=asyncio.FIRST_COMPLETED)
                if unwanted.done() and not hearing.done():
                    raise Unwanted
                await hearing
        finally:
            hearing.cancel()
            await asyncio.wait((hearing,))

    def _reckoned(self, messages: Sequence[Message]) -> Usage | None:
        """What a call took that was broken off: nobody counts, and it is charged all the same."""
        if not self.draft.text:
            return None
        read = sum(tokens(message.content) for message in messages)
        model = self.writer.client.endpoint.model
        return Usage(read, 0, tokens(self.draft.text), model, "", estimated=True)

    async def _hear(self, messages: Sequence[Message]) -> None:
        await self.writer.slots.turn()
        reply = self.writer.fetcher.settings.reply_tokens
        async with aclosing(self.writer.client.answer(messages, reply_tokens=reply)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self.usage = piece
                else:
                    self.draft.add(piece)
