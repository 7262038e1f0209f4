"""What a member redeemed most at once: so much his store needs to hold."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward: who has redeemed already is known with his next receipt."""
    most = sa.Column("redeemed_most", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("visit", most)
