"""An answer on its way: readers see its words as the model writes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.llm.markdown import html

# Shows safe HTML; whether it is still wanted.
Write = Callable[[AsyncConnection, str], Awaitable[bool]]

EVERY = 0.15  # seconds between two looks at an answer that grows
_ASK = 1.0  # seconds after which to ask whether it is still wanted, when nothing comes


class Draft:
    """The words so far, shown until the block ends. `unwanted` is done when nobody wants them."""

    def __init__(self, engine: AsyncEngine, write: Write) -> None:
        self._engine = engine
        self._writes = write
        self._words: list[str] = []
        self._grown = asyncio.Event()

    def add(self, words: str) -> None:
        """Some more."""
        self._words.append(words)
        self._grown.set()

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._words)

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[asyncio.Task[None]]:
        """Shows it; the task ends by itself when the answer isn't wanted any more."""
        task = asyncio.create_task(self._show())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait((task,))

    async def _show(self) -> None:
        wanted = True
        while wanted:
            # wait_for would swallow a cancellation that comes together with the last words
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK):
                    await self._grown.wait()
            self._grown.clear()
            written = await asyncio.to_thread(html, self.text, partial=True)
            wanted = await self._write(written)
            await asyncio.sleep(EVERY)

    async def _write(self, written: str) -> bool:
        """Whether it is still wanted; a database that is away for a moment doesn't say."""
        try:
            async with self._engine.begin() as conn:
                return await self._writes(conn, written)
        except (SQLAlchemyError, OSError):
            return True
