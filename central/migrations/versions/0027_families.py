"""Families: on whose accounts a member buys, and how many others buy on his."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward; nobody was in a family before."""
    op.add_column("member", sa.Column("head", sa.Uuid(), nullable=True))
    op.add_column(
        "member", sa.Column("family_role", sa.String(), nullable=False, server_default="")
    )
    op.add_column("member", sa.Column("family_since", sa.DateTime(timezone=True), nullable=True))
    relatives = sa.Column("relatives", sa.Integer(), nullable=False, server_default="0")
    op.add_column("member", relatives)
    some = sa.text("head IS NOT NULL")
    op.create_index(
        op.f("ix_member_head"), "member", ["head"], sqlite_where=some, postgresql_where=some
    )
