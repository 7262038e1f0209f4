"""Imports that update members who are known."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward; no import did so before."""
    op.add_column(
        "import_run",
        sa.Column("updates", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
