"""The tables. `migrations/` makes them; tests/store/test_migrations.py holds both equal.

The job tables are procrastinate's own and are not described here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
    }
)

_moment = DateTime(timezone=True)
_none = text("0")

paper = Table(
    "paper",
    metadata,
    Column("id", Text, primary_key=True),  # 2401.01234 or hep-th/9901001, no version
    Column("ordinal", BigInteger, nullable=False),  # ArxivId.ordinal: the order ids were given out
    Column("title", Text, nullable=False),
    Column("authors", JSONB, nullable=False),  # [{"name": as the source has it, "affiliations"?}]
    Column("author_names", ARRAY(Text), nullable=False),  # the same names, TeX accents as letters
    Column("abstract", Text, nullable=False),
    Column("subjects", ARRAY(Text), nullable=False),  # canonical, primary first
    Column("comment", Text),
    Column("journal_ref", Text),
    Column("doi", Text),
    Column("licence", Text),
    Column("submitted_at", _moment),  # of version 1
    Column("updated_at", _moment),  # of version `version`
    Column("version", SmallInteger),
    Column("withdrawn", Boolean, nullable=False, server_default=text("false")),
    Column("title_html", Text, nullable=False),  # escaped, maths as MathML, made at ingest
    Column("abstract_html", Text, nullable=False),
    Column("detailed_at", _moment),  # when OAI-PMH or the API told all of it; null: feed only
    Index("paper_ordinal_idx", "ordinal"),
)

version = Table(
    "version",
    metadata,
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),
    Column("submitted_at", _moment),
    Column("title", Text),  # as this version had them; null: it was not seen while current
    Column("abstract", Text),
)

announcement = Table(
    "announcement",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", SmallInteger, nullable=False),  # domain.paper.Kind
    Column("position", BigInteger, nullable=False),
    # Told from ids and submission times, not from a listing: the day may be off by one or two.
    Column("derived", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("kind BETWEEN 0 AND 3", name="kind"),
    Index("announcement_paper_id_idx", "paper_id"),
    Index("announcement_day_idx", "day", "subject"),
)

day = Table(
    "day",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("state", Text, nullable=False),  # domain.calendar.State
    Column("seen", Integer, nullable=False, server_default=text("0")),  # papers listed so far
    Column("known", Integer),  # papers a second source knows of; null: not asked yet
    Column("seen_at", _moment),  # when the feed was last read
    Column("listed_at", _moment),  # when arXiv's list page was read, once the feed was gone
    Column("checked_at", _moment),  # when a second source was last asked
    Column("checked_by", Text),  # which: oai, list
    CheckConstraint("state IN ('expected', 'partial', 'whole', 'none')", name="state"),
    Index("day_day_idx", "day"),
)

pace = Table(
    "pace",
    metadata,
    Column("key", Text, primary_key=True),  # "arxiv": every host of arXiv's together
    Column("next_at", _moment, nullable=False),  # no request may start before
    Column("holder", Text),  # whose turn it is; null: nobody's
    Column("held_until", _moment),  # a holder that doesn't renew by then is taken for dead
    Column("requests", BigInteger, nullable=False, server_default=text("0")),
)

validator = Table(
    "validator",
    metadata,
    Column("url", Text, primary_key=True),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("day", Date),  # of the feed they stand for
    Column("seen_at", _moment, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),  # domain.source.Source
    Column("succeeded_at", _moment),
    Column("failing_since", _moment),  # the first failure after the last success; null: it works
    Column("failure", Text),  # the latest failure in words, for doctor and the status line
    Column("retry_at", _moment),  # when it will be asked again
)

progress = Table(
    "progress",
    metadata,
    Column("job", Text, primary_key=True),  # what is being done, and to what
    Column("position", Text, nullable=False),  # how far it is: a line, a day, a resumption token
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("updated_at", _moment, nullable=False),
)

fulltext = Table(
    "fulltext",
    metadata,
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), primary_key=True),
    Column("version", SmallInteger, primary_key=True),
    Column("origin", Text, nullable=False),  # domain.fulltext.Origin
    Column("body", LargeBinary),  # domain.fulltext's JSON, zstd; null: there was none to read
    Column("reason", Text),  # why there was none: domain.fulltext.Reason
    Column("read_at", _moment, nullable=False),
)

summary = Table(
    "summary",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("paper_id", ForeignKey("paper.id", ondelete="CASCADE"), nullable=False),
    Column("version", SmallInteger, nullable=False),  # of the paper
    Column("language", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),  # llm.prompts.Wording.version
    Column("attempt", SmallInteger, nullable=False, server_default=text("1")),
    Column("state", Text, nullable=False),  # domain.faq.State
    Column("asker", SmallInteger, nullable=False),  # domain.faq.Asker: who wants it first
    Column("reader", Text),  # who alone asked for it: a digest; null: several, or nobody
    Column("asked_at", _moment, nullable=False),
    Column("retry_at", _moment),  # not to be taken up before
    Column("failures", SmallInteger, nullable=False, server_default=_none),  # in a row
    Column("reason", Text),  # domain.faq.Reason, or why it waits
    Column("ended_at", _moment),
    Column("origin", Text),  # of the text that it was made from: domain.fulltext.Origin
    Column("unreadable", Text),  # why that is the abstract alone
    Column("cut", JSONB),  # [[place, title, characters]]: what was cut to fit the model
    Column("hidden", Integer),  # characters left out because no reader can see them
    Column("length", Integer),  # characters of material that the model is shown at most
    UniqueConstraint(
        "paper_id", "version", "language", "model", "prompt", "attempt", name="summary_made_once"
    ),
    Index("summary_open_idx", "asker", "id", postgresql_where=text("ended_at IS NULL")),
)

answer = Table(
    "answer",
    metadata,
    Column("summary_id", ForeignKey("summary.id", ondelete="CASCADE"), primary_key=True),
    Column("n", SmallInteger, primary_key=True),  # from 1
    Column("question", Text, nullable=False),  # its title, as readers see it
    Column("markdown", Text, nullable=False),  # the model's words
    Column("html", Text, nullable=False),  # made safe
    Column("claims", SmallInteger, nullable=False),  # how often it names evidence
    Column("found", SmallInteger, nullable=False),  # and how often that is there
    Column("answered_at", _moment, nullable=False),
)

# What is being written: an answer becomes one when it is whole. Lost in a crash, and no harm done.
draft = Table(
    "draft",
    metadata,
    Column("summary_id", ForeignKey("summary.id", ondelete="CASCADE"), primary_key=True),
    Column("n", SmallInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("html", Text, nullable=False),
    prefixes=["UNLOGGED"],
)

# A reader's own question, asked after a whole FAQ, and seen by who asked it only.
question = Table(
    "question",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("summary_id", ForeignKey("summary.id", ondelete="CASCADE"), nullable=False),
    Column("reader", Text, nullable=False),  # a digest
    Column("asked_at", _moment, nullable=False),
    Column("words", Text, nullable=False),
    Column("markdown", Text),  # null: not answered yet
    Column("html", Text, nullable=False, server_default=text("''")),  # so far
    Column("failures", SmallInteger, nullable=False, server_default=_none),
    Column("ended_at", _moment),  # null: it is being answered; with no markdown: it can't be
    Index("question_reader_idx", "reader", "asked_at"),
    Index("question_summary_id_idx", "summary_id"),
)

llm_call = Table(
    "llm_call",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", _moment, nullable=False),
    Column("summary_id", ForeignKey("summary.id", ondelete="SET NULL")),
    Column("purpose", Text, nullable=False),  # the question's key, or what else it was for
    Column("model", Text, nullable=False),  # as the endpoint calls it
    Column("tokens_in", Integer, nullable=False),  # those from the provider's cache included
    Column("tokens_cached", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("estimated", Boolean, nullable=False),  # the endpoint didn't count
    Column("cost", Numeric),  # in the currency of the prices that are set; null: none are
    Column("outcome", Text, nullable=False),  # whole, or the error's name
    Index("llm_call_at_idx", "at"),
    Index("llm_call_summary_id_idx", "summary_id"),
)
