"""Sales by the hour; overviews that are counted now and then."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward: sales are counted by the hour from now on."""
    op.create_table(
        "overview",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_overview")),
    )
    op.create_table(
        "sale_hour",
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "store", name=op.f("pk_sale_hour")),
    )
