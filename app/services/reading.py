"""A paper's full text for its FAQ: as it was kept, or read now; and cut to what the model takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import structlog

from app.domain.arxiv_id import ArxivId
from app.domain.evidence import Evidence
from app.domain.faq import Asker, State
from app.domain.fulltext import FullText, material, of_abstract
from app.domain.tex import to_text
from app.errors import NotFound, Unreadable, Unwanted
from app.llm.conversation import Conversation, Header
from app.services.writer import Writer, link_to
from app.sources.fulltext import full_text
from app.store import fulltexts, papers, summaries
from app.store.fulltexts import Read
from app.store.summaries import Summary

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """A paper as the model is told it, its whole text to look quotes up in, and where at arXiv a
    piece of evidence is."""

    conversation: Conversation
    whole: FullText
    link: Callable[[Evidence], str]


async def read(writer: Writer, summary: Summary) -> Reading:
    """The text that this FAQ is made from, noted with it. Where there is none to be read, that is
    the abstract, and the FAQ says so. Raises Transient when arXiv can't be asked now."""
    async with writer.fetcher.engine.connect() as conn:
        kept = await fulltexts.of(conn, summary.paper_id, summary.version)
    kept = kept or await _fetch(writer, summary)
    reading = await _reading(writer, summary, kept)
    await _note(writer, summary, reading, unreadable=kept.reason, length=summary.length)
    return reading


async def read_again(writer: Writer, summary: Summary) -> Reading:
    """The same text as it was kept when the FAQ was made. Raises NotFound when it wasn't."""
    async with writer.fetcher.engine.connect() as conn:
        kept = await fulltexts.of(conn, summary.paper_id, summary.version)
    if kept is None:
        raise NotFound("its text is not kept")
    return await _reading(writer, summary, kept)


async def _reading(writer: Writer, summary: Summary, kept: Read) -> Reading:
    settings = writer.fetcher.settings
    async with writer.fetcher.engine.connect() as conn:
        paper = (await papers.by_ids(conn, [summary.paper_id]))[summary.paper_id]
    title = to_text(paper.title)
    text = kept.text or of_abstract(title, to_text(paper.abstract))
    header = Header(paper.id, title, paper.author_names)
    whole = Conversation(writer.press.prompts.wording(summary.language), header, text)
    room = whole.room(settings.llm_context, settings.reply_tokens)
    size = min(room, summary.length or room)
    return Reading(
        whole if len(material(text)) <= size else whole.fitted(size),
        text,
        link_to(ArxivId.parse(paper.id).with_version(summary.version), settings.arxiv_url),
    )


async def cut_more(writer: Writer, summary: Summary, reading: Reading, size: int) -> Reading:
    """The same with its text cut to so many characters, which is kept for when it is taken up."""
    shorter = replace(reading, conversation=reading.conversation.fitted(size))
    await _note(writer, summary, shorter, length=size)
    return shorter


async def _note(writer: Writer, summary: Summary, reading: Reading, **values: object) -> None:
    text = reading.conversation.text
    told = {
        "origin": text.origin.value,
        "cut": [list(asdict(cut).values()) for cut in text.cut],
        "hidden": text.hidden,
        **values,
    }
    async with writer.fetcher.engine.begin() as conn:
        if not await summaries.move(conn, summary.id, State.ANSWERING, **told):
            raise Unwanted


async def _fetch(writer: Writer, summary: Summary) -> Read:
    """Read at arXiv; who waits goes at the pace of requests, what is read ahead at a crawler's."""
    fetcher = writer.fetcher
    async with fetcher.engine.begin() as conn:
        if not await summaries.move(conn, summary.id, State.READING):
            raise Unwanted
    paper_id = ArxivId.parse(summary.paper_id).with_version(summary.version)
    crawl = fetcher.crawl if summary.asker < Asker.READER else None
    try:
        read = Read(
            await full_text(fetcher.polite, fetcher.settings.arxiv_url, paper_id, crawl=crawl)
        )
    except Unreadable as error:
        read = Read(None, error.reason)
        log.info("a paper has no readable text", paper=str(paper_id), reason=error.reason)
    async with fetcher.engine.begin() as conn:
        await fulltexts.keep(conn, summary.paper_id, summary.version, read, fetcher.clock())
    return read
