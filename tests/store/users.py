"""A process that uses the embedded server; in a module of its own, so that starting it is quick."""

from __future__ import annotations

import os
from multiprocessing.connection import Connection
from pathlib import Path

from app.store.embedded import Server


def user(data_dir: Path, uid: int | None, pipe: Connection) -> None:
    """Use the server, say its URL, and leave when told to."""
    if uid is not None:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    server = Server(data_dir)
    try:
        server.enter()
        pipe.send(server.url.render_as_string())
        pipe.recv()
    finally:
        server.leave()
