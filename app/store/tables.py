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
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
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
