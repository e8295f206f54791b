"""Runs the local model by itself: `python -m tests.local_llm --help`."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress

from tests.local_llm.faults import Fault, Weather
from tests.local_llm.local import bound, serve, settings_env
from tests.local_llm.server import Model

EXAMPLE = """\
example, 40 tokens a second, four at once, with two kinds of faults here and there:
  python -m tests.local_llm --rate 40 --concurrency 4 --faults busy dropped --share 0.3 --times 9"""


def main() -> None:
    """Serves until Ctrl-C."""
    told = _parser().parse_args()
    weather = Weather.of(told.faults, told.seed, share=told.share, times=told.times)
    model = Model(
        rate=told.rate, concurrency=told.concurrency, context=told.context, weather=weather
    )
    listener = bound(told.port)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    print(f"a model at {url}; for Freshprint:")
    for name, value in settings_env(url, model).items():
        print(f"export {name}={value}", flush=True)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(model, listener, asyncio.Event()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.local_llm",
        description="Runs a local OpenAI-compatible model that makes its answers up.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8200, help="default: 8200; 0: any free one")
    add("--rate", type=float, default=50, help="tokens a second for each answer; default: 50")
    add("--concurrency", type=int, default=8, help="answers at once; default: 8")
    add("--context", type=int, default=128_000, help="tokens it can read; default: 128000")
    add("--faults", nargs="*", default=[], choices=list(Fault), metavar="FAULT",
        help=f"what goes wrong: {', '.join(Fault)}")  # fmt: skip
    add("--share", type=float, default=1.0, help="how likely a fault strikes; default: 1")
    add("--times", type=int, default=1, help="how often it does; default: 1")
    add("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    main()
