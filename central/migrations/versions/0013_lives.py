"""The lives of the database, one row each, instead of the name of the last."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward; of lives before the last one nothing was kept."""
    lives = op.create_table(
        "life",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("incarnation", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_life")),
        sa.UniqueConstraint("incarnation", name=op.f("uq_life_incarnation")),
    )
    found = op.get_bind().execute(sa.text("SELECT name, value FROM meta"))
    known = {row.name: row.value for row in found}
    if "incarnation" in known:
        began_at = int(known.get("began_at", 0))
        row = {"number": 1, "incarnation": UUID(known["incarnation"]), "began_at": began_at}
        op.bulk_insert(lives, [row])
    op.drop_table("meta")
