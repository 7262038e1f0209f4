"""What the whole chain was measured at last; since when an agent has unsent facts; who owes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "measure",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("labels", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_measure")),
    )
    op.add_column("agent", sa.Column("oldest_unsent_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_account_debt",
        "account",
        ["debt"],
        unique=False,
        sqlite_where=sa.text("debt > 0"),
        postgresql_where=sa.text("debt > 0"),
    )
