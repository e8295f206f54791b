"""What FAQs are measured with: papers whose texts are stored, models, and the program's processes.

Processes are started here and ended by their handles.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import clock
from app.domain.faq import Asker
from app.domain.fulltext import FullText, Kind, Origin, Part
from app.services.asking import press
from app.settings import Settings
from app.store import faqs, fulltexts
from app.store.fulltexts import Read
from tests.bench.papers import papers
from tests.local_llm import Asked, Ledger, Model
from tests.local_llm.answers import answer
from tests.local_llm.local import bound, serve, settings_env
from tests.web.made import Made

ROOT = Path(__file__).parents[2]
_NOBODY = "http://127.0.0.1:9"  # in place of arXiv: nothing is read there
_WORDS = 3_000


class Unread(Ledger):
    """Notes requests without comparing them: that takes longer than answering."""

    def add(self, asked: Asked, looked_back: int = 0) -> None:
        """Notes a request."""
        self.asked.append(asked)


def model(rate: float, words: int, *, concurrency: int = 1_000, first: float = 0.0) -> Model:
    """A model whose answers are of about so many words."""
    return Model(
        rate=rate, concurrency=concurrency, first=first, script=partial(answer, words=words)
    )


def text_of(characters: int, seed: int) -> FullText:
    """A paper's text of so many characters, in sections, made up."""
    drawn = random.Random(seed)
    known = ["".join(drawn.choices("aeioulnrst", k=drawn.randint(2, 9))) for _ in range(_WORDS)]
    sections = 12
    parts = []
    for n in range(1, sections + 1):
        words = " ".join(drawn.choices(known, k=characters // sections // 5))
        heading = f"{n} Section"
        parts.append(Part(f"S{n}", heading, 1, Kind.BODY, words[: characters // sections]))
    return FullText(Origin.HTML, tuple(parts))


async def stored(engine: AsyncEngine, count: int, characters: int) -> list[str]:
    """So many papers with texts of so many characters; their ids."""
    some = papers(count)
    await Made(engine).papers(*some)
    now = clock()()
    async with engine.begin() as conn:
        for n, paper in enumerate(some):
            read = Read(text_of(characters, n))
            await fulltexts.keep(conn, str(paper.id), paper.version or 1, read, now)
    return [str(paper.id) for paper in some]


async def asked(engine: AsyncEngine, settings: Settings, ids: list[str]) -> list[int]:
    """Their FAQs are asked for; the numbers."""
    ours = press(settings, clock())
    async with engine.begin() as conn:
        return [await ours.ask(conn, paper, 2, "en", Asker.READER) for paper in ids]


async def whole(engine: AsyncEngine) -> int:
    """How many FAQs are written."""
    async with engine.connect() as conn:
        return (await faqs.states(conn)).get("whole", 0)


def environment(engine: AsyncEngine, url: str, concurrency: int, **more: str) -> dict[str, str]:
    """For the program's processes: this database, this model, nobody else."""
    arxiv = ("FEEDS_URL", "OAI_URL", "API_URL", "URL")
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("FRESHPRINT_", "OPENAI_"))},
        **{f"FRESHPRINT_ARXIV_{name}": _NOBODY for name in arxiv},
        **settings_env(url, Model()),
        "FRESHPRINT_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "FRESHPRINT_CATEGORIES": "cs.LG",
        "FRESHPRINT_LLM_CONCURRENCY": str(concurrency),
        **more,
    }


def settings(url: str) -> Settings:
    """As the processes have them, as far as asking for FAQs goes."""
    told = settings_env(url, Model())
    return Settings(
        llm_base_url=told["FRESHPRINT_LLM_BASE_URL"], llm_model=told["FRESHPRINT_LLM_MODEL"]
    )


@asynccontextmanager
async def running(
    *command: str, env: dict[str, str] | None = None, stderr: int = DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m …` while the block lasts, spoken with by its standard input and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *command),
        env=env,
        cwd=ROOT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=stderr,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@contextmanager
def model_process(rate: float, words: int, concurrency: int) -> Iterator[str]:
    """A model in a process of its own; its address."""
    ours, theirs = multiprocessing.Pipe()
    spawned = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, rate, words, concurrency), daemon=True
    )
    spawned.start()
    theirs.close()  # or a model that can't start would be waited for
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        spawned.terminate()
        spawned.join()


def _serve(told: Connection, rate: float, words: int, concurrency: int) -> None:
    one = model(rate, words, concurrency=concurrency)
    one.ledger = Unread()
    listener = bound()
    told.send(listener.getsockname()[1])
    asyncio.run(serve(one, listener, asyncio.Event()))
