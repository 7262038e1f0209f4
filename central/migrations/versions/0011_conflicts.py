"""Conflicts with two languages, what is at stake, a state, and whom they concern in a table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ROWS = 500
"""Records whose parties are written at once."""

_OLD = sa.table(
    "conflict", sa.column("id", sa.Uuid()), sa.column("fact", sa.Uuid()), sa.column("stores")
)
_PARTY = sa.table(
    "conflict_party", sa.column("conflict", sa.Uuid()), sa.column("role"), sa.column("name")
)


def upgrade() -> None:
    """Bring the tables forward; every record is kept, and the version before writes on."""
    op.create_table(
        "conflict_party",
        sa.Column("conflict", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("conflict", "role", "name", name=op.f("pk_conflict_party")),
    )
    op.create_index("ix_conflict_party_role_name", "conflict_party", ["role", "name"])
    for name, default in (("en", ""), ("state", "open"), ("resolved_by", ""), ("note", "")):
        words = sa.Column(name, sa.String(), nullable=False, server_default=default)
        op.add_column("conflict", words)
    for name in ("points", "amount_minor"):
        number = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("conflict", number)
    op.add_column("conflict", sa.Column("subject", sa.Uuid(), nullable=True))
    op.add_column("conflict", sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_conflict_state"), "conflict", ["state"])
    _name_parties()


def _name_parties() -> None:
    bind = op.get_bind()
    query = sa.select(_OLD).order_by(_OLD.c.id).limit(ROWS)
    last = None
    while found := bind.execute(query if last is None else query.where(_OLD.c.id > last)).all():
        last = found[-1].id
        facts = [{"conflict": row.id, "role": "fact", "name": str(row.fact)} for row in found]
        stores = [
            {"conflict": row.id, "role": "store", "name": store}
            for row in found
            for store in dict.fromkeys(row.stores.split())
        ]
        bind.execute(sa.insert(_PARTY), [*facts, *stores])
