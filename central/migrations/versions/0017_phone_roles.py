"""Whose a phone is that finds a member."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward; every phone was its member's own before."""
    role = sa.Column("role", sa.String(), nullable=False, server_default="own")
    op.add_column("identifier", role)
