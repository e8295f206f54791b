"""Where the real arXiv data lies, if it does: tests use it beside their own, or skip."""

from __future__ import annotations

import os
from pathlib import Path

_PLACE = Path(
    os.environ.get("FRESHPRINT_REAL_DATA", Path(__file__).parents[2] / "shared" / "arxiv")
)
REAL: Path | None = _PLACE if _PLACE.is_dir() else None
