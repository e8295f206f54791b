"""Readers who watch FAQs being written, in a process of their own.

`python -m tests.bench.watchers PORT NUMBER…`: one connection for each number; says `ready`
when each has had its first event, then the bytes received so far at each line it is sent.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import Protocol, Transport, get_running_loop


class _Watcher(Protocol):
    """One reader, who decodes nothing: what a browser costs is not ours to measure."""

    received = 0
    waiting = 0

    def __init__(self, number: str) -> None:
        self._asks = (
            f"GET /faq/events?of={number} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
            "Accept-Encoding: gzip, deflate, br, zstd\r\n\r\n"
        )
        self._is_new = True

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        _Watcher.waiting += 1
        transport.write(self._asks.encode())

    def data_received(self, data: bytes) -> None:
        if self._is_new:
            assert data.startswith(b"HTTP/1.1 200"), data[:200]
            self._is_new = False
            _Watcher.waiting -= 1
        _Watcher.received += len(data)


async def main(port: int, numbers: list[str]) -> None:
    """Watch until the standard input ends."""
    loop = get_running_loop()
    for number in numbers:
        await loop.create_connection(lambda n=number: _Watcher(n), "127.0.0.1", port)  # type: ignore[misc]
    while _Watcher.waiting:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(0.05)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(_Watcher.received, flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
