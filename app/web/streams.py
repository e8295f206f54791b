"""FAQs as they are written, to all who watch: one look at the database for all of them together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from app.store import faqs
from app.store.faqs import Answered, Faq
from app.store.listening import heard
from app.store.summaries import CHANNEL
from app.web.faq_words import sentence
from app.web.language import Language

_PAUSE = 0.1  # seconds between two looks at a FAQ that grows
_LOOK_ANYWAY = 5.0  # seconds after which its place in the queue may have changed
_ALIVE = 15.0  # seconds after which a quiet connection is shown to be one

_log = structlog.get_logger(__name__)

RETRY = b"retry: 2000\n\n"
_COMMENT = b": still here\n\n"


@dataclass(slots=True)
class _Topic:
    """One FAQ that somebody watches."""

    number: int
    watchers: int = 0
    seq: int = 0
    faq: Faq | None = None
    before: Faq | None = None
    stale: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    frames: dict[tuple[bool, str], bytes] = field(default_factory=dict)
    keeper: asyncio.Task[None] | None = None

    async def news(self, seen: int) -> None:
        """Wait until it isn't as in the state `seen` any more, or for a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALIVE), self.changed:
                await self.changed.wait_for(lambda: self.seq != seen)

    def frame(self, seen: int, words: Language) -> bytes:
        """What a watcher who has seen the state `seen` is sent: made once for all alike."""
        follows = seen == self.seq - 1
        key = (follows, words.code)
        if key not in self.frames:
            assert self.faq
            self.frames[key] = event(self.before if follows else None, self.faq, words)
        return self.frames[key]


class Streams:
    """All FAQs that are watched in this process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._topics: dict[int, _Topic] = {}
        self._listener: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    def close(self) -> None:
        """End all streams: browsers come again, to whoever serves then."""
        self._closed.set()
        for topic in self._topics.values():
            topic.stale.set()

    async def events(self, numbers: Sequence[int], words: Language) -> AsyncGenerator[bytes, None]:
        """Several FAQs' server-sent events in one stream, each from where it is to its end: a
        browser has six connections for a site, and a reader more FAQs open than that."""
        coming = asyncio.Queue[bytes | None](maxsize=1)  # who reads slowly gets the latest state
        senders = [asyncio.create_task(self._send(n, words, coming)) for n in numbers]
        open_ones = len(senders)
        yield RETRY
        try:
            while open_ones:
                frame = await coming.get()
                open_ones -= frame is None
                yield frame or _COMMENT
        finally:
            for sender in senders:
                sender.cancel()

    async def _send(
        self, number: int, words: Language, coming: asyncio.Queue[bytes | None]
    ) -> None:
        seen = -1
        async for topic in self._followed(number):
            at = topic.seq  # it may go on while the frame waits to be sent
            await coming.put(topic.frame(seen, words) if at != seen else _COMMENT)
            seen = at
        await coming.put(None)

    async def changes(self, number: int) -> AsyncGenerator[int, None]:
        """How many answers are whole, each time that something may have changed, until its end."""
        async for topic in self._followed(number):
            yield sum(a.is_whole for a in topic.faq.answers) if topic.faq else 0

    async def _followed(self, number: int) -> AsyncGenerator[_Topic, None]:
        """A topic each time it changed, or after a while in which it didn't, until its end."""
        async with self._watched(number) as topic:
            seen = -1
            while not self._closed.is_set():
                await topic.news(seen)
                if topic.seq >= 0 and topic.faq is None:
                    return
                seen = topic.seq
                yield topic
                if topic.faq and topic.faq.state.is_final:
                    return

    @asynccontextmanager
    async def _watched(self, number: int) -> AsyncIterator[_Topic]:
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        topic = self._topics.setdefault(number, _Topic(number, seq=-1))
        topic.watchers += 1
        if topic.keeper is None:
            topic.keeper = asyncio.create_task(self._keep(topic))
        try:
            yield topic
        finally:
            topic.watchers -= 1
            if not topic.watchers:
                topic.keeper.cancel()
                del self._topics[number]
            if not self._topics and self._listener:
                self._listener.cancel()

    async def _listen(self) -> None:
        async for told in heard(self._engine.url, CHANNEL):
            topics = [self._topics.get(int(told))] if told else list(self._topics.values())
            for topic in filter(None, topics):
                topic.stale.set()

    async def _keep(self, topic: _Topic) -> None:
        while True:
            topic.stale.clear()
            try:
                await self._look(topic)
            except Exception as error:  # it is looked at again, for those who watch
                _log.warning("a FAQ could not be looked at", error=repr(error)[:300])
            await asyncio.sleep(_PAUSE)
            # wait_for would swallow a cancellation that comes together with news
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_ANYWAY):
                    await topic.stale.wait()

    async def _look(self, topic: _Topic) -> None:
        async with self._engine.connect() as conn:
            now = await faqs.get(conn, topic.number)
        if topic.seq >= 0 and now == topic.faq and not self._closed.is_set():
            return
        topic.before, topic.faq = topic.faq, now
        topic.frames.clear()
        async with topic.changed:
            topic.seq += 1
            topic.changed.notify_all()


def event(before: Faq | None, now: Faq, words: Language) -> bytes:
    """One event: the state in words, and the answers that are not as they were."""
    known = {answer.n: answer for answer in before.answers} if before else {}
    told = {
        "id": now.id,
        "open": not now.state.is_final,
        "sentence": sentence(now, words),
        "answers": [_told(a) for a in now.answers if known.get(a.n) != a],
        "count": len(now.answers),
    }
    return b"event: faq\ndata: " + json.dumps(told, ensure_ascii=False).encode() + b"\n\n"


def _told(answer: Answered) -> dict[str, object]:
    return {"n": answer.n, "question": answer.question, "html": answer.html,
            "whole": answer.is_whole}  # fmt: skip
