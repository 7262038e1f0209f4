"""Coupons: codes with days of their own."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column("code", sa.Column("first_day", sa.Date(), nullable=True))
    op.add_column("code", sa.Column("last_day", sa.Date(), nullable=True))
