"""`python -m tests.bench [NAME…]`: what we call fast, each beside a yardstick in the same run.

Machines are shared and differ: read the ratios, and medians rather than single times.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from app.store.engine import open_engine
from app.store.migrate import upgrade
from app.store.postgres import embedded
from tests.bench import all_days, bulk, faq, faq_kills, intake, kills, list_page
from tests.bench.folder import open_folder

BENCHES: dict[str, Callable[[AsyncEngine], Awaitable[None]]] = {
    "intake": intake.bench,
    "bulk": bulk.bench,
    "list_page": list_page.bench,
    "all_days": all_days.bench,
    "faq": faq.bench,
    "kills": kills.bench,
    "faq_kills": faq_kills.bench,
}
LONG = {"kills", "faq_kills"}  # take up to half an hour: only when they are asked for


def main(names: list[str]) -> None:
    for name in names[:1] or [name for name in BENCHES if name not in LONG]:
        print(f"\n== {name}: {(sys.modules[f'tests.bench.{name}'].__doc__ or '').splitlines()[0]}")
        with open_folder() as folder:
            asyncio.run(run(name, folder))


async def run(name: str, folder: Path) -> None:
    async with embedded(folder / "data") as url:
        await upgrade(url)
        engine = open_engine(url)
        await BENCHES[name](engine)
        await engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
