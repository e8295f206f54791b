"""A local stand-in for arXiv that speaks its real protocols, to run the whole program offline."""

from tests.local_arxiv.from_files import from_files
from tests.local_arxiv.local import LocalArxiv
from tests.local_arxiv.made_up import made_up
from tests.local_arxiv.world import World

__all__ = ["LocalArxiv", "World", "from_files", "made_up"]
