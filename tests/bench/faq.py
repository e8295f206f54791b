"""FAQs: the prefix of requests, the model's throughput, the first words' way, and 500 who watch.

`python -m tests.bench faq [PART…]`, the parts being prefix, throughput, first_words and watchers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from socket import create_server
from statistics import median, quantiles

import httpx
import psutil
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import clock
from app.llm.tokens import tokens
from app.services import arxiv
from app.services.summarise import summarise
from app.services.writer import writer
from app.store import tables
from tests.bench import newsroom
from tests.bench.newsroom import asked, environment, model, model_process, running, stored, whole
from tests.local_llm import Asked, LocalLlm

PAPER = 65_000  # characters: what a paper of arXiv's has
QUESTIONS = 6

FAQS, CONCURRENCY, RATE, WORDS = 40, 8, 100, 150
BARE = 8.0  # seconds for which a bare client asks the same model

SHOWN, SHOWN_RATE, SHOWN_WORDS, FIRST = 24, 60, 60, 0.5
WATCHED, WATCHERS, WATCHED_RATE, WATCHED_WORDS = 4, 500, 40, 500
LONG = 20.0  # seconds for which the watched site's processor time is counted


async def bench(engine: AsyncEngine) -> None:
    """Prints all parts, or those named."""
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    for name in sys.argv[2:] or list(PARTS):
        await _emptied(engine)
        await PARTS[name](engine)


async def _emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        names = ", ".join(t.name for t in (tables.paper, tables.summary, tables.fulltext))
        await conn.execute(text(f"TRUNCATE {names} CASCADE"))
        await conn.execute(text("TRUNCATE pace; TRUNCATE procrastinate_jobs CASCADE"))


async def prefix(engine: AsyncEngine) -> None:
    """The share of the tokens of questions 2 to 6 that earlier requests began with."""
    for characters in (PAPER, 20_000):
        for words in (WORDS, 400):
            with LocalLlm(model(100_000, words)) as llm:
                await _emptied(engine)
                await _written_here(engine, llm, characters)
                requests = llm.ledger.asked
            later = requests[1:]
            assert len(requests) == QUESTIONS
            lengths = [_tokens(request) for request in later]
            sent, kept = (
                sum(n * share for n, share in zip(lengths, shares, strict=True)) / sum(lengths)
                for shares in ([r.known for r in later], [r.continued for r in later])
            )
            said = sum(tokens(r.said) for r in requests) / QUESTIONS
            print(
                f"prefix       {sent:6.2%} of questions 2–6 were sent before, {kept:.2%} sent or"
                f" answered   (paper of {characters:,} characters, answers of {said:.0f} tokens)"
            )


async def _written_here(engine: AsyncEngine, llm: LocalLlm, characters: int) -> None:
    ids = await stored(engine, 1, characters)
    settings = newsroom.settings(llm.url)
    async with arxiv.fetcher(engine, settings, clock()) as fetcher, writer(fetcher) as ours:
        assert ours
        (number,) = await asked(engine, settings, ids)
        await summarise(ours, number)
    assert await whole(engine) == 1


def _tokens(request: Asked) -> int:
    return sum(tokens(message["content"]) for message in request.messages)


async def throughput(engine: AsyncEngine) -> None:
    """Two workers and a queue of FAQs, beside the model's rate; and a bare client beside it."""
    with model_process(RATE, WORDS, CONCURRENCY) as url:
        ids = await stored(engine, FAQS, PAPER)
        await asked(engine, newsroom.settings(url), ids)
        env = environment(engine, url, CONCURRENCY)
        async with httpx.AsyncClient(base_url=url) as client, AsyncExitStack() as workers:
            for _ in range(2):
                await workers.enter_async_context(running("app", "worker", env=env))
            curve = [point async for point in _curve(engine, client)]
            ledger = (await client.get("/_ledger")).json()
        bare = await _bare(url)
    most = RATE * CONCURRENCY
    full = [n for n, (_, _, done) in enumerate(curve) if done <= FAQS - CONCURRENCY][-1]
    busy, all_ = _slope(curve[: full + 1]) / most, _slope(curve) / most
    print(
        f"throughput   {busy:6.1%} of {CONCURRENCY} × {RATE} tokens/s while FAQs wait, {all_:.1%}"
        f" to the last word   ({FAQS} FAQs in {curve[-1][0] - curve[0][0]:.0f} s by 2 workers;"
        f" bare client {bare / most:.1%} = 1.00, ours {busy * most / bare:.3f})"
    )
    print(
        f"             {ledger['most_at_once']} at once at most, "
        f"{ledger['outcomes'].count('limited')} refused with 429, {ledger['requests']} requests"
    )


async def _curve(
    engine: AsyncEngine, client: httpx.AsyncClient
) -> AsyncIterator[tuple[float, int, int]]:
    """Time, tokens written and FAQs done, from the first word to the last FAQ."""
    done = 0
    while done < FAQS:
        written = (await client.get("/_ledger")).json()["tokens_out"]
        now, done = time.monotonic(), await whole(engine)
        if written:
            yield now, written, done
        await asyncio.sleep(0.25)


def _slope(curve: list[tuple[float, int, int]]) -> float:
    return (curve[-1][1] - curve[0][1]) / (curve[-1][0] - curve[0][0])


async def _bare(url: str) -> float:
    """Tokens a second that a client gets who does nothing but ask again."""
    body = {"model": "local-model", "messages": [{"role": "user", "content": "And?"}]}
    until = time.monotonic() + BARE

    async def ask_on(client: httpx.AsyncClient) -> None:
        while time.monotonic() < until:
            async with client.stream("POST", "/v1/chat/completions", json=body) as answered:
                async for _ in answered.aiter_raw():
                    if time.monotonic() > until:
                        break

    async with httpx.AsyncClient(base_url=url, timeout=None) as client:
        before = (await client.get("/_ledger")).json()["tokens_out"]
        began = time.monotonic()
        await asyncio.gather(*(ask_on(client) for _ in range(CONCURRENCY)))
        written: int = (await client.get("/_ledger")).json()["tokens_out"] - before
        return written / (time.monotonic() - began)


@dataclass
class Seen:
    """When a reader saw the first words of each answer; monotonic seconds."""

    paper: str
    at: dict[int, float] = field(default_factory=dict)
    events: int = 0


async def first_words(engine: AsyncEngine) -> None:
    """From the model's first words to the same at a reader who watches."""
    with LocalLlm(model(SHOWN_RATE, SHOWN_WORDS, first=FIRST)) as llm:
        llm.model.ledger = newsroom.Unread()
        ids = await stored(engine, SHOWN, PAPER)
        numbers = await asked(engine, newsroom.settings(llm.url), ids)
        env = environment(engine, llm.url, CONCURRENCY)
        async with _site(env) as (_, client):
            seen = [Seen(paper) for paper in ids]
            watching = [
                asyncio.create_task(_watch(client, number, one))
                for number, one in zip(numbers, seen, strict=True)
            ]
            async with running("app", "worker", env=env):
                await asyncio.gather(*watching)
            trips = [await _timed(client) for _ in range(40)]
        left = {_place(request): request.first_word_at for request in llm.ledger.asked}
    times = {(one.paper, n): at - left[one.paper, n] for one in seen for n, at in one.at.items()}
    opening = [seconds for (_, n), seconds in times.items() if n == 1]
    for name, some in (("first answers", opening), ("all answers", list(times.values()))):
        print(
            f"first words  {median(some) * 1e3:4.0f} ms median, {_p95(some) * 1e3:4.0f} ms p95"
            f"   ({name}: {len(some)}; goal 300 ms; an empty answer of the same site"
            f" {median(trips) * 1e3:.0f} ms)"
        )


@asynccontextmanager
async def _site(env: dict[str, str]) -> AsyncIterator[tuple[int, httpx.AsyncClient]]:
    """A web process: its number, and a client."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with (
        running("app", "web", env={**env, "FRESHPRINT_PORT": str(port)}) as process,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            timeout=60,
            limits=httpx.Limits(max_connections=None),
        ) as client,
    ):
        while True:
            try:
                (await client.get("/healthz")).raise_for_status()
                break
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
        yield process.pid, client


async def _watch(client: httpx.AsyncClient, number: int, seen: Seen) -> None:
    async with client.stream("GET", f"/faq/events?of={number}") as answered:
        async for line in answered.aiter_lines():
            if line.startswith("data: "):
                now = time.monotonic()
                seen.events += 1
                for one in json.loads(line[6:])["answers"]:
                    if one["html"]:
                        seen.at.setdefault(one["n"], now)


def _place(request: Asked) -> tuple[str, int]:
    """The paper and the number of the question."""
    paper = request.messages[1]["content"].split("\narXiv: ", 1)[1].split("\n", 1)[0]
    return paper, len(request.messages) // 2


async def _timed(client: httpx.AsyncClient) -> float:
    began = time.monotonic()
    await client.get("/healthz")
    return time.monotonic() - began


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[18]


async def watchers(engine: AsyncEngine) -> None:
    """Processor time of a web process that many watch."""
    with LocalLlm(model(WATCHED_RATE, WATCHED_WORDS)) as llm:
        llm.model.ledger = newsroom.Unread()
        ids = await stored(engine, WATCHED, PAPER)
        numbers = await asked(engine, newsroom.settings(llm.url), ids)
        env = environment(engine, llm.url, WATCHED)
        async with _site(env) as (pid, client), running("app", "worker", env=env):
            await _watched(client, pid, numbers)
        said = median(len(request.said) for request in llm.ledger.asked)
    print(f"             (answers of {said:,.0f} characters)")


async def _watched(client: httpx.AsyncClient, pid: int, numbers: list[int]) -> None:
    seen = Seen("")
    one = asyncio.create_task(_watch(client, numbers[0], seen))
    while not seen.at:  # noqa: ASYNC110 - many events come before it
        await asyncio.sleep(0.1)
    each = [str(number) for number in islice(cycle(numbers), WATCHERS)]
    port = str(client.base_url.port)
    async with running("tests.bench.watchers", port, *each) as crowd:
        assert crowd.stdout
        await crowd.stdout.readline()
        await asyncio.sleep(2)
        before = _spent(pid), await _received(crowd), seen.events, time.monotonic()
        await asyncio.sleep(LONG)
        after = _spent(pid), await _received(crowd), seen.events, time.monotonic()
        memory = psutil.Process(pid).memory_info().rss
    one.cancel()
    cpu, received, events, seconds = (b - a for a, b in zip(before, after, strict=True))
    print(
        f"watchers     {cpu / seconds:.2f} s of processor time a second, goal 0.5 ="
        f" {cpu / seconds / 0.5:.2f}   ({WATCHERS} watch {WATCHED} FAQs at {WATCHED_RATE} tokens/s;"
        f" {received / seconds / 1e6:.2f} MB/s, {events / seconds:.1f} events/s each;"
        f" {memory / 2**20:.0f} MiB)"
    )


def _spent(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def _received(crowd: asyncio.subprocess.Process) -> int:
    assert crowd.stdin
    assert crowd.stdout
    crowd.stdin.write(b"\n")
    return int(await crowd.stdout.readline())


PARTS: dict[str, Callable[[AsyncEngine], Awaitable[None]]] = {
    "prefix": prefix,
    "throughput": throughput,
    "first_words": first_words,
    "watchers": watchers,
}
