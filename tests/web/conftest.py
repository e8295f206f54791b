"""The site in-process, at a time of the test's choosing, on an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.main import create_app
from app.settings import Settings
from tests.web import dom
from tests.web.made import NOW, Made


class Browser:
    """Asks the site for pages, in English unless told otherwise."""

    def __init__(self, client: httpx.AsyncClient, time: list[datetime]) -> None:
        self.client = client
        self._time = time

    def at(self, now: datetime) -> None:
        """Let the site's clock stand at `now`."""
        self._time[0] = now

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """An answer; `accept_language="zh"` is a header."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=sent)

    async def page(self, path: str, *, status: int = 200, language: str = "en") -> dom.Node:
        """A page, whole and well-formed."""
        answer = await self.get(path, accept_language=language)
        assert answer.status_code == status, answer.text[:2000]
        return dom.parse(answer.text)


@pytest.fixture
async def made(engine: AsyncEngine) -> Made:
    return Made(engine)


@pytest.fixture
async def browser(engine: AsyncEngine) -> AsyncIterator[Browser]:
    time = [NOW]
    settings = Settings(base_url="https://fresh.example")
    app = create_app(settings, engine, lambda: time[0])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://fresh.example") as client:
        yield Browser(client, time)


@pytest.fixture
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """Every SQL statement sent to the database, as it is sent."""
    sent: list[str] = []

    def note(*args: object) -> None:
        sent.append(str(args[2]))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine.sync_engine, "before_cursor_execute", note)
