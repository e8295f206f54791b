"""`freshprint summarise` as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.arxiv_id import ArxivId
from app.services import batches
from app.sources import api
from tests.local_arxiv import LocalArxiv
from tests.local_llm import LocalLlm, Model
from tests.local_llm.faults import Fault, Weather
from tests.writing import NIGHT, PAPERS, WORLD, writing, written

ROOT = Path(__file__).parents[2]


def summarise(
    local: LocalArxiv, llm: LocalLlm, database_url: str, *asked: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        **local.settings_env(),
        **llm.settings_env(),
        "FRESHPRINT_DATABASE_URL": database_url,
        "FRESHPRINT_NOW": NIGHT.isoformat(),
        "FRESHPRINT_LLM_PRICE_IN": "10",
        "FRESHPRINT_LLM_PRICE_OUT": "20",
    }
    return subprocess.run(
        [sys.executable, "-m", "app", "summarise", *asked],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def test_an_estimate_first_then_the_faqs_and_exit_codes_that_tell(
    engine: AsyncEngine, database_url: str
) -> None:
    with LocalArxiv(WORLD, NIGHT) as local, LocalLlm(Model(rate=100_000)) as llm:
        async with writing(engine, local, llm) as ours:
            ids = [ArxivId.parse(paper) for paper in PAPERS[:2]]
            settings = ours.fetcher.settings
            found = await api.fetch(ours.fetcher.polite, settings.arxiv_api_url, ids)
            await batches.store(ours.fetcher, found, step="papers")
        expected = summarise(local, llm, database_url, *PAPERS[:2], "--estimate")
        assert expected.returncode == 0
        assert "4 FAQs would read about" in expected.stderr
        assert "for about" in expected.stderr
        assert await written(engine) == []
        llm.model.weather = Weather.of([Fault.SERVER_ERROR])
        first = summarise(local, llm, database_url, PAPERS[0], "--language", "en")
        assert (first.returncode, "1 waiting" in first.stderr) == (75, True)
        again = summarise(local, llm, database_url, *PAPERS[:2], "--language", "zh")
        assert (again.returncode, "2 whole" in again.stderr) == (0, True)
        gone = summarise(local, llm, database_url, "2612.99999")
        assert gone.returncode == 1
        assert "not stored here: 2612.99999" in gone.stderr
        assert summarise(local, llm, database_url, "nonsense").returncode == 2
