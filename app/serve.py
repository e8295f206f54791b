"""The site as a process: a socket, uvicorn, and create_app on a migrated database."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from app.clock import clock
from app.errors import Misconfigured
from app.main import create_app
from app.roots import Root, migrated
from app.settings import Settings


async def serve(settings: Settings, root: Root = migrated) -> None:
    """Serve readers until SIGINT or SIGTERM. Raises Misconfigured when the address can't be had."""
    with _listening(settings) as listener:  # before the database: who asks early waits, not fails
        async with root(settings) as (_, engine):
            app = create_app(settings, engine, clock(settings.now))
            await _Server(_config(app), app.state.site.streams.close).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends on a signal, and leaves it at that: uvicorn's own would raise the signal again, and be
    gone before the database that this process runs was told to stop."""

    def __init__(self, config: uvicorn.Config, ended: Callable[[], None]) -> None:
        super().__init__(config)
        self._ended = ended  # streams go on for as long as somebody watches: they are told

    def _end(self) -> None:
        self.should_exit = True
        self._ended()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Until the block's end, SIGINT and SIGTERM ask the server to finish."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._end)
        yield


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=8,
    )


def _listening(settings: Settings) -> socket.socket:
    """The listening socket. Its protocol is named: asyncio turns off Nagle's delay only then."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"can't listen on {settings.host}:{settings.port} ({error.strerror}): "
            "set FRESHPRINT_HOST or FRESHPRINT_PORT"
        ) from None
    listener.listen(2_048)
    listener.set_inheritable(False)
    return listener
