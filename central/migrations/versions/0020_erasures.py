"""Members whose personal data were erased, and whose each personal part is."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ROWS = 1_000
_PERSONAL = sa.table("personal", sa.column("fact", sa.Uuid()), sa.column("member", sa.Uuid()))
_FACT = sa.table("fact", sa.column("id", sa.Uuid()), sa.column("body", sa.LargeBinary()))


class _Whose(msgspec.Struct):
    member: bytes


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "erasure",
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("member", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_erasure")),
        sa.UniqueConstraint("member", name=op.f("uq_erasure_member")),
    )
    op.add_column("personal", sa.Column("member", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_personal_member"), "personal", ["member"])
    _name_members()


def _name_members() -> None:
    """Write beside each personal part whose it is, as the body of its fact says."""
    bind = op.get_bind()
    query = sa.select(_FACT.c.id, _FACT.c.body).join(_PERSONAL, _PERSONAL.c.fact == _FACT.c.id)
    query = query.order_by(_FACT.c.id).limit(ROWS)
    named = sa.update(_PERSONAL).where(_PERSONAL.c.fact == sa.bindparam("of"))
    last = None
    while found := bind.execute(query if last is None else query.where(_FACT.c.id > last)).all():
        last = found[-1].id
        whose = [{"of": row.id, "member": _member(row.body)} for row in found]
        bind.execute(named, whose)


def _member(body: bytes) -> UUID | None:
    try:
        return UUID(bytes=msgspec.msgpack.decode(body, type=_Whose).member)
    except (msgspec.DecodeError, ValueError):
        return None
