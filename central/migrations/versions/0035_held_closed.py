"""What is kept aside of a lease that had been written off before: told when it is posted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward: of what is kept aside already nobody knows it."""
    op.add_column(
        "held", sa.Column("closed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
