"""What versions said, withdrawals, derived days, who checked a day, and long jobs' progress."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_moment = sa.DateTime(timezone=True)
_no = sa.text("false")


def upgrade() -> None:
    # A constant default is kept in the catalogue: no row of these tables is rewritten.
    op.add_column("paper", sa.Column("withdrawn", sa.Boolean, nullable=False, server_default=_no))
    op.add_column("version", sa.Column("title", sa.Text))
    op.add_column("version", sa.Column("abstract", sa.Text))
    op.add_column(
        "announcement", sa.Column("derived", sa.Boolean, nullable=False, server_default=_no)
    )
    op.add_column("day", sa.Column("checked_by", sa.Text))
    op.add_column("day", sa.Column("listed_at", _moment))
    op.add_column("validator", sa.Column("day", sa.Date))
    op.create_table(
        "progress",
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("position", sa.Text, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("updated_at", _moment, nullable=False),
        sa.PrimaryKeyConstraint("job", name="progress_pkey"),
    )


def downgrade() -> None:
    op.drop_table("progress")
    op.drop_column("validator", "day")
    op.drop_column("day", "listed_at")
    op.drop_column("day", "checked_by")
    op.drop_column("announcement", "derived")
    op.drop_column("version", "abstract")
    op.drop_column("version", "title")
    op.drop_column("paper", "withdrawn")
