"""Full texts, FAQs with their answers, what is being written, and what the model's calls cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

_moment = sa.DateTime(timezone=True)
_none, _one = sa.text("0"), sa.text("1")


def upgrade() -> None:
    op.create_table(
        "fulltext",
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("reason", sa.Text),
        sa.Column("read_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "version", name="fulltext_pkey"),
        _of("paper", "fulltext", "paper_id"),
    )
    # Compressed already.
    op.execute("ALTER TABLE fulltext ALTER COLUMN body SET STORAGE EXTERNAL")
    op.create_table(
        "summary",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("attempt", sa.SmallInteger, nullable=False, server_default=_one),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asker", sa.SmallInteger, nullable=False),
        sa.Column("reader", sa.Text),
        sa.Column("asked_at", _moment, nullable=False),
        sa.Column("retry_at", _moment),
        sa.Column("failures", sa.SmallInteger, nullable=False, server_default=_none),
        sa.Column("reason", sa.Text),
        sa.Column("ended_at", _moment),
        sa.Column("origin", sa.Text),
        sa.Column("unreadable", sa.Text),
        sa.Column("cut", JSONB),
        sa.Column("hidden", sa.Integer),
        sa.Column("length", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="summary_pkey"),
        sa.UniqueConstraint(
            "paper_id", "version", "language", "model", "prompt", "attempt",
            name="summary_made_once",
        ),
        _of("paper", "summary", "paper_id"),
    )  # fmt: skip
    op.create_index(
        "summary_open_idx",
        "summary",
        ["asker", "id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "answer",
        sa.Column("summary_id", sa.BigInteger, nullable=False),
        sa.Column("n", sa.SmallInteger, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("markdown", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("claims", sa.SmallInteger, nullable=False),
        sa.Column("found", sa.SmallInteger, nullable=False),
        sa.Column("answered_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("summary_id", "n", name="answer_pkey"),
        _of("summary", "answer", "summary_id"),
    )
    op.create_table(
        "draft",
        sa.Column("summary_id", sa.BigInteger, nullable=False),
        sa.Column("n", sa.SmallInteger, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("summary_id", name="draft_pkey"),
        _of("summary", "draft", "summary_id"),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("summary_id", sa.BigInteger, nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("asked_at", _moment, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("markdown", sa.Text),
        sa.Column("html", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("failures", sa.SmallInteger, nullable=False, server_default=_none),
        sa.Column("ended_at", _moment),
        sa.PrimaryKeyConstraint("id", name="question_pkey"),
        _of("summary", "question", "summary_id"),
    )
    op.create_index("question_reader_idx", "question", ["reader", "asked_at"])
    op.create_index("question_summary_id_idx", "question", ["summary_id"])
    op.create_table(
        "llm_call",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", _moment, nullable=False),
        sa.Column("summary_id", sa.BigInteger),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("tokens_in", sa.Integer, nullable=False),
        sa.Column("tokens_cached", sa.Integer, nullable=False),
        sa.Column("tokens_out", sa.Integer, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("cost", sa.Numeric),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="llm_call_pkey"),
        _of("summary", "llm_call", "summary_id", gone="SET NULL"),
    )
    op.create_index("llm_call_at_idx", "llm_call", ["at"])
    op.create_index("llm_call_summary_id_idx", "llm_call", ["summary_id"])


def _of(whole: str, part: str, column: str, *, gone: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{whole}.id"], name=f"{part}_{column}_fkey", ondelete=gone
    )


def downgrade() -> None:
    op.execute("DELETE FROM procrastinate_jobs WHERE queue_name = 'faq'")
    for table in ("llm_call", "question", "draft", "answer", "summary", "fulltext"):
        op.drop_table(table)
