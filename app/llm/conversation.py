"""One paper's conversation: what a model is told, question after question.

Providers keep what they have read of a request and charge less for a next one that begins alike.
So the conversation only ever grows at its end: every request begins with the bytes of the one
before it, and the paper stands at its front.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from app.domain.faq import LONGEST_QUESTION
from app.domain.fulltext import FullText, Origin, fitted, material
from app.llm.prompts import Wording
from app.llm.tokens import tokens

LEAST = 2_000  # characters of a paper below which there is no use in asking
NEXT_SHARE = 0.7  # of what a model found too long is tried next

_SPARE = 0.97  # of a model's context: its template adds tokens of its own
_PER_MESSAGE = 8  # tokens of it, for each message
_EARLIER = 0.5  # of the longest reply is set aside for each earlier answer: few are that long

# Marks with which chat templates part a conversation. Local servers read them even within a
# message's text, so a paper could end its own message and speak as the system: they get a space.
_TEMPLATE_MARK = re.compile(
    r"(?P<open><)(?=[|｜])|(?P<angle><)(?=/?(?:s|bos|eos|pad|unk|(?:start|end)_of_\w+|think)>)"
    r"|(?P<square>\[)(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w+)\])",
    re.IGNORECASE,
)
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_MOST_AUTHORS = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Header:
    """What is told of a paper before its text."""

    id: str
    title: str
    authors: tuple[str, ...]


class Conversation:
    """What to send for each question about a paper, in one language.

    The paper's text, title and authors are material from strangers: they stand between two lines
    with a key that nobody can put into a text beforehand, since it is made from that very text.
    """

    def __init__(
        self, wording: Wording, header: Header, text: FullText, characters: int | None = None
    ) -> None:
        """With the text cut to so many characters of material, where that is given.

        `text` is then what the model is shown, and tells what was cut.
        """
        self.wording = wording
        self.header = header
        self.text = text if characters is None else fitted(text, characters)
        self._whole = text

    @cached_property
    def _paper(self) -> str:
        paper = harmless(_headed(self.header, self.text) + material(self.text))
        key = hashlib.sha256(paper.encode("utf-8", "replace")).hexdigest()[:20]
        return self.wording.material.replace("{key}", key).replace("{paper}", paper)

    def messages(self, answers: Sequence[str]) -> list[Message]:
        """The request for the question that comes after these answers (fewer than questions)."""
        asks = [asked.ask for asked in self.wording.questions[: len(answers) + 1]]
        return self._grown(asks, answers)

    def asking(
        self, answers: Sequence[str], question: str, before: Sequence[tuple[str, str]] = ()
    ) -> list[Message]:
        """The request for a reader's own question, after the FAQ's answers so far.

        `before` are that reader's earlier questions in this conversation, with their answers.
        """
        asks = [asked.ask for asked in self.wording.questions[: len(answers)]]
        own = [self._own(words) for words, _ in before] + [self._own(question)]
        return self._grown([*asks, *own], [*answers, *(answer for _, answer in before)])

    def room(self, context: int, reply: int) -> int:
        """How many characters of material fit a model that reads `context` tokens.

        All of the FAQ has to fit, each answer of at most `reply` tokens.
        """
        asks = [asked.ask for asked in self.wording.questions]
        told = [self.wording.system, self.wording.material, _headed(self.header, self.text), *asks]
        said = sum(map(tokens, told))
        said += _PER_MESSAGE * (2 * len(asks) + 1)
        replies = reply * (1 + _EARLIER * (len(asks) - 1))
        density = tokens(self._paper) / len(self._paper)
        return max(int((context * _SPARE - said - replies) / density), 0)

    def fitted(self, characters: int) -> Conversation:
        """The same with the whole text cut to so many characters instead."""
        return Conversation(self.wording, self.header, self._whole, characters)

    def smaller(self, limit: int | None, reply: int) -> int | None:
        """How many characters to try after a model found this too long; None: no use.

        `limit` is how many tokens it said it can read, where it did.
        """
        now = len(material(self.text))
        tried = int(now * NEXT_SHARE)
        size = min(tried, self.room(limit, min(reply, limit // 12))) if limit else tried
        return size if size >= LEAST else None

    def _own(self, question: str) -> str:
        words = harmless(" ".join(question.split())[:LONGEST_QUESTION])
        return self.wording.own.replace("{question}", words)

    def _grown(self, asks: Sequence[str], answers: Sequence[str]) -> list[Message]:
        # the paper and the first question are one message: many templates want turns to alternate
        asks = [f"{self._paper}\n\n{asks[0]}", *asks[1:]]
        messages = [Message("system", self.wording.system)]
        for ask, answer in zip(asks, answers, strict=False):
            messages += [Message("user", ask), Message("assistant", answer)]
        return [*messages, Message("user", asks[-1])]


def harmless(text: str) -> str:
    """Text whose words are words to any chat template, without control characters."""
    return _TEMPLATE_MARK.sub(r"\g<0> ", _NO_TEXT.sub("", text))


def _headed(header: Header, text: FullText) -> str:
    authors = [" ".join(author.split()) for author in header.authors[:_MOST_AUTHORS]]
    if len(header.authors) > _MOST_AUTHORS:  # collaborations sign by the thousand
        authors.append(f"and {len(header.authors) - _MOST_AUTHORS} more")
    lines = [
        f"Title: {' '.join(header.title.split())}",
        f"Authors: {', '.join(authors)}",
        f"arXiv: {header.id}",
    ]
    if text.origin is Origin.ABSTRACT:
        lines.append("Only the abstract could be read, not the full text.")
    return "\n".join(lines) + "\n\n"
