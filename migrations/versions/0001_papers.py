"""Papers, their versions and announcements; what is known of each day, and of each source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None

_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _papers()
    _announcements()
    _sources()


def _papers() -> None:
    op.create_table(
        "paper",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("authors", JSONB, nullable=False),
        sa.Column("author_names", ARRAY(sa.Text), nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("subjects", ARRAY(sa.Text), nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("journal_ref", sa.Text),
        sa.Column("doi", sa.Text),
        sa.Column("licence", sa.Text),
        sa.Column("submitted_at", _moment),
        sa.Column("updated_at", _moment),
        sa.Column("version", sa.SmallInteger),
        sa.Column("title_html", sa.Text, nullable=False),
        sa.Column("abstract_html", sa.Text, nullable=False),
        sa.Column("detailed_at", _moment),
        sa.PrimaryKeyConstraint("id", name="paper_pkey"),
    )
    op.create_index("paper_ordinal_idx", "paper", ["ordinal"])
    op.create_table(
        "version",
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("n", sa.SmallInteger, nullable=False),
        sa.Column("submitted_at", _moment),
        sa.PrimaryKeyConstraint("paper_id", "n", name="version_pkey"),
        _of_paper("version"),
    )


def _announcements() -> None:
    op.create_table(
        "announcement",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("subject", "day", "paper_id", name="announcement_pkey"),
        _of_paper("announcement"),
        sa.CheckConstraint("kind BETWEEN 0 AND 3", name="announcement_kind_check"),
    )
    op.create_index("announcement_paper_id_idx", "announcement", ["paper_id"])
    op.create_index("announcement_day_idx", "announcement", ["day", "subject"])
    op.create_table(
        "day",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("known", sa.Integer),
        sa.Column("seen_at", _moment),
        sa.Column("checked_at", _moment),
        sa.PrimaryKeyConstraint("subject", "day", name="day_pkey"),
        sa.CheckConstraint(
            "state IN ('expected', 'partial', 'whole', 'none')", name="day_state_check"
        ),
    )
    op.create_index("day_day_idx", "day", ["day"])


def _sources() -> None:
    op.create_table(
        "pace",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("next_at", _moment, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", _moment),
        sa.Column("requests", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("key", name="pace_pkey"),
    )
    op.create_table(
        "validator",
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("seen_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("url", name="validator_pkey"),
    )
    op.create_table(
        "source",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("succeeded_at", _moment),
        sa.Column("failing_since", _moment),
        sa.Column("failure", sa.Text),
        sa.Column("retry_at", _moment),
        sa.PrimaryKeyConstraint("name", name="source_pkey"),
    )


def _of_paper(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["paper_id"], ["paper.id"], name=f"{table}_paper_id_fkey", ondelete="CASCADE"
    )


def downgrade() -> None:
    for table in ("source", "validator", "pace", "day", "announcement", "version", "paper"):
        op.drop_table(table)
