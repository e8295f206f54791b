"""The local model in a thread of the test process."""

from __future__ import annotations

import asyncio
import socket
from asyncio import AbstractEventLoop
from threading import Event, Thread
from typing import Self

from tests.local_llm.faults import Weather
from tests.local_llm.ledger import Ledger
from tests.local_llm.server import Model


def settings_env(url: str, model: Model) -> dict[str, str]:
    """The environment that makes Freshprint ask the model at `url`."""
    return {
        "FRESHPRINT_LLM_BASE_URL": f"{url}/v1",
        "FRESHPRINT_LLM_MODEL": model.name,
        "FRESHPRINT_LLM_API_KEY": model.key or "sk-local-0123456789abcdef",
    }


def bound(port: int = 0) -> socket.socket:
    """A listening socket on 127.0.0.1; callers wait in line until a server takes it over."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(500)
    return listener


async def serve(model: Model, listener: socket.socket, until: asyncio.Event) -> None:
    """Serves a model on a socket until told to end."""
    server = await asyncio.start_server(model.connected, sock=listener, limit=2**26)
    await until.wait()
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # a closed transport lets go of its socket in the loop's next round


class LocalLlm:
    """Runs a model while the context lasts: `with LocalLlm(Model(rate=100)) as llm: …`.

    `url` is its address (without `/v1`), `base_url` what a client wants, `settings_env()` what
    points the program at it, `ledger` what was asked of it, `weather` its faults (settable).
    """

    def __init__(self, model: Model | None = None, port: int = 0) -> None:
        self.model = model or Model()
        self._port = port
        self._loop: AbstractEventLoop | None = None
        self._until = asyncio.Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._serving = Event()
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._serving.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop
        self._loop.call_soon_threadsafe(self._until.set)
        self._thread.join(timeout=10)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        listener = bound(self._port)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._serving.set()
        await serve(self.model, listener, self._until)

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes for its base."""
        return f"{self.url}/v1"

    def settings_env(self) -> dict[str, str]:
        """The FRESHPRINT_LLM_* variables."""
        return settings_env(self.url, self.model)

    @property
    def ledger(self) -> Ledger:
        """What was asked of it."""
        return self.model.ledger

    @property
    def weather(self) -> Weather:
        """What goes wrong."""
        return self.model.weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self.model.weather = weather

    def reset(self) -> None:
        """As freshly started, but for streams that go on."""
        at_once = self.model.ledger.at_once
        self.model.ledger, self.model.weather = Ledger(at_once=at_once), Weather()
