"""Papers to talk about, and answers to give."""

from __future__ import annotations

from app.domain.fulltext import FullText, Kind, Origin, Part
from app.llm.conversation import Conversation, Header
from app.llm.prompts import Prompts

PROMPTS = Prompts.load()
HEADER = Header("2401.01234", "Attention to\n Detail", ("Ada Lovelace", "Zoé  Müller"))

_SENTENCE = "We show that sparse attention keeps the quality of the dense one at half its cost. "


def paper(sections: int = 8, sentences: int = 90) -> FullText:
    """A paper of so many sections, with references."""
    body = [
        Part(f"S{n}", f"{n} Part", 1, Kind.BODY, f"Section {n}. " + _SENTENCE * sentences)
        for n in range(1, sections + 1)
    ]
    references = Part(
        "bib", "References", 1, Kind.REFERENCES, "[1] A. Author. A title. 2020. " * 40
    )
    return FullText(Origin.HTML, (*body, references))


def conversation(language: str = "en", text: FullText | None = None) -> Conversation:
    """A conversation about a paper."""
    return Conversation(PROMPTS.wording(language), HEADER, text or paper())
