"""Backups of this database on which stores may rely, and how far each holds their journals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "backup",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("incarnation", sa.Uuid(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_backup")),
    )
    op.create_table(
        "backup_place",
        sa.Column("agent", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("backup", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "epoch", "backup", name=op.f("pk_backup_place")),
    )
