"""Certificates in batches, the records of what was done to them, and lots that may be frozen."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "batch",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("bearer", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("nominal_minor", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("pins", sa.Boolean(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_batch")),
    )
    op.create_table(
        "bearer_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bearer_record")),
    )
    op.create_index(op.f("ix_bearer_record_subject"), "bearer_record", ["subject"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("tail", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("nominal_minor", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(), nullable=False),
        sa.Column("store", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_account"), "certificate", ["account"], unique=False)
    op.create_index(op.f("ix_certificate_batch"), "certificate", ["batch"], unique=False)
    op.create_index(op.f("ix_certificate_tail"), "certificate", ["tail"], unique=False)

    op.add_column(
        "lot", sa.Column("frozen", sa.Boolean(), nullable=False, server_default=sa.false())
    )
