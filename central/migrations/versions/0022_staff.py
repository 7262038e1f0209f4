"""The staff's accounts and sessions, and the trail of what it does, which nobody can change."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

SQLITE_KEPT = """
CREATE TRIGGER trail_kept_{verb} BEFORE {verb} ON trail
BEGIN SELECT RAISE(ABORT, 'the trail is never changed'); END
"""
POSTGRES_KEPT = (
    """
    CREATE FUNCTION trail_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the trail is never changed'; END $$
    """,
    """
    CREATE TRIGGER trail_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON trail
    FOR EACH STATEMENT EXECUTE FUNCTION trail_kept()
    """,
)


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "staff",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("code_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_code", sa.BigInteger(), nullable=False),
        sa.Column("has_first_password", sa.Boolean(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_staff")),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_login"), "staff_session", ["login"], unique=False)
    op.create_index(op.f("ix_staff_session_seen_at"), "staff_session", ["seen_at"], unique=False)
    op.create_table(
        "trail",
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("details", sa.String(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_trail")),
        sa.UniqueConstraint("id", name=op.f("uq_trail_id")),
    )
    op.create_index(op.f("ix_trail_who"), "trail", ["who"], unique=False)
    op.create_index(op.f("ix_trail_subject"), "trail", ["subject"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_KEPT.format(verb=verb))
    else:
        for statement in POSTGRES_KEPT:
            op.execute(statement)
