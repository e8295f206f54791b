"""A local OpenAI-compatible server: streams, counts, refuses and fails as real ones do."""

from __future__ import annotations

from tests.local_llm.faults import Fault, Strike, Trouble, Weather
from tests.local_llm.ledger import Asked, Ledger
from tests.local_llm.local import LocalLlm
from tests.local_llm.server import Model

__all__ = ["Asked", "Fault", "Ledger", "LocalLlm", "Model", "Strike", "Trouble", "Weather"]
