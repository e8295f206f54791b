"""Answers are compressed where the browser can, but for those that go on while somebody watches."""

from __future__ import annotations

import re

from starlette.types import Receive, Scope, Send
from starlette_compress import CompressMiddleware

_STREAMS = re.compile(r"/faq/events|/arxiv/kimi")


class Compressed(CompressMiddleware):
    """500 watchers' compressors were seen to take 1.1 GiB; and what isn't an event stream by its
    type stays in the compressor until there is enough of it, which is when all is said."""

    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _STREAMS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
