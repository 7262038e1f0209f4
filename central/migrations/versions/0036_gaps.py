"""Gaps in journals, and from where on in the count of a lease facts are missing."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward: what was missing before is missing since its lease began."""
    op.add_column("held", sa.Column("since", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "journal_gap",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("conflict", sa.Uuid(), nullable=False),
        sa.Column("let_go", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", "first", name=op.f("pk_journal_gap")),
    )
