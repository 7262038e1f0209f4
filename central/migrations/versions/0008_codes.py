"""Unique promo codes, whose they are, and where the codes of a batch were given out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "code",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("tail", sa.String(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_in", sa.String(), nullable=False),
        sa.Column("sum_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_code")),
    )
    op.create_index(op.f("ix_code_account"), "code", ["account"], unique=False)
    op.create_index(op.f("ix_code_batch"), "code", ["batch"], unique=False)
    op.create_index(op.f("ix_code_tail"), "code", ["tail"], unique=False)

    op.create_table(
        "code_owner",
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("batch", "place", name=op.f("pk_code_owner")),
    )
    for tag in ("campaign", "channel", "event"):
        op.add_column("batch", sa.Column(tag, sa.String(), nullable=False, server_default=""))
    op.add_column("batch", sa.Column("first_day", sa.Date(), nullable=True))
