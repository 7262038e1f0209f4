"""Keys of streams, agents that were revoked, and rows as they are encrypted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward; what is kept plain is encrypted when somebody asks for it."""
    op.create_table(
        "stream_key",
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_stream_key")),
    )
    op.add_column("key_list", sa.Column("row", sa.LargeBinary(), nullable=True))
    op.add_column("agent", sa.Column("revoked_after", sa.BigInteger(), nullable=True))
    op.add_column("agent", sa.Column("wrapping_key", sa.LargeBinary(), nullable=True))
    op.add_column("segment", sa.Column("key", sa.Integer(), nullable=True))
    op.add_column("segment", sa.Column("encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("piece", sa.Column("context", sa.LargeBinary(), nullable=True))
    op.add_column("piece", sa.Column("encrypted", sa.LargeBinary(), nullable=True))
