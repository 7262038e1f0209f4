"""Points given by hand, dates of members' lives, and what has burnt of a lot."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "gift",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_gift")),
    )
    op.create_index(op.f("ix_gift_actor"), "gift", ["actor"], unique=False)
    op.add_column("member", sa.Column("dates", sa.String(), nullable=False, server_default=""))
    op.add_column("lot", sa.Column("burnt", sa.BigInteger(), nullable=False, server_default="0"))
