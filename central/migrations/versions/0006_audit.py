"""What the auditor has looked at and found; turnover at its instant, with points and visits."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LONG_AGO = "1970-01-01 00:00:00.000000"
"""Of an entry that a version without instants writes."""


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "audit",
        sa.Column("fact", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.Uuid(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("found", sa.String(), nullable=False),
        sa.Column("ours", sa.String(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fact", name=op.f("pk_audit")),
    )
    for name in ("due", "receipt", "verdict"):
        op.create_index(op.f(f"ix_audit_{name}"), "audit", [name], unique=False)
    for table, keys in {"audit_gap": 3, "audit_mark": 2}.items():
        op.create_table(
            table,
            sa.Column("agent", sa.Uuid(), nullable=False),
            sa.Column("epoch", sa.Integer(), nullable=False),
            sa.Column("seq", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(*("agent", "epoch", "seq")[:keys], name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "audit_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_step")),
    )
    op.create_table(
        "staleness",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("receipts", sa.BigInteger(), nullable=False),
        sa.Column("untimed", sa.BigInteger(), nullable=False),
        sa.Column("divergent", sa.BigInteger(), nullable=False),
        sa.Column("stale", sa.BigInteger(), nullable=False),
        sa.Column("discount_more_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_less_minor", sa.BigInteger(), nullable=False),
        sa.Column("points_more", sa.BigInteger(), nullable=False),
        sa.Column("points_less", sa.BigInteger(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("store", "pack", "day", name=op.f("pk_staleness")),
    )
    op.create_index(
        "ix_fact_branch",
        "fact",
        ["id"],
        unique=False,
        sqlite_where=sa.text("branch = 1"),
        postgresql_where=sa.text("branch"),
    )
    _time_turnover()


def _time_turnover() -> None:
    """Date what is there by its day, and count the purchases among it."""
    for column in (
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=LONG_AGO),
        sa.Column("points", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("visits", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("turnover", column)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    midnight = "day || ' 00:00:00.000000'" if is_sqlite else "day::timestamp AT TIME ZONE 'UTC'"
    op.execute(f"UPDATE turnover SET at = {midnight}")  # noqa: S608
    op.execute(
        "UPDATE turnover SET visits = 1 WHERE document IN "
        "(SELECT uid FROM document WHERE kind = 'receipt.committed')"
    )
