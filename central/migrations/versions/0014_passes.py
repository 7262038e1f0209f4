"""Signed passes, the sales that have drawn by them, and up to where an account's are over."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "signed_pass",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", "counter", name=op.f("pk_signed_pass")),
    )
    op.create_index(op.f("ix_signed_pass_ends_at"), "signed_pass", ["ends_at"], unique=False)
    op.create_table(
        "pass_use",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", "counter", "fact", name=op.f("pk_pass_use")),
    )
    over = sa.Column("passes_over", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("account", over)
