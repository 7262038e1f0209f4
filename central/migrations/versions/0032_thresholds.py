"""Thresholds of alerts that people choose; steps of the trail are not replaced on SQLite either."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


SQLITE_KEPT = """
CREATE TRIGGER trail_kept_REPLACE BEFORE INSERT ON trail
WHEN EXISTS (SELECT 1 FROM trail WHERE no = NEW.no OR id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the trail is never changed'); END
"""
"""INSERT OR REPLACE deletes a row without asking the trigger of deletions."""


def upgrade() -> None:
    """Bring the tables forward: until somebody chooses, the settings count."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE_KEPT)
    op.create_table(
        "alert_threshold",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alert_threshold")),
    )
