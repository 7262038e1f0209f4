"""Accounts whose owners redeem nothing else: they pay for no other account, and none for them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_account = sa.table("account", sa.column("owner"), sa.column("limited", sa.Boolean()))
_identifier = sa.table(
    "identifier", *(sa.column(name) for name in ("owner", "member", "account", "state"))
)
_member = sa.table("member", sa.column("id"), sa.column("family_role"), sa.column("merged_into"))


def upgrade() -> None:
    """Bring the tables forward, and note who is limited already."""
    op.add_column(
        "account", sa.Column("limited", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    by_phone = sa.and_(_identifier.c.account.is_not(None), _identifier.c.state != "revoked")
    owners = (
        sa.select(_identifier.c.owner)
        .join(_member, _member.c.id == _identifier.c.member)
        .where(sa.or_(by_phone, _member.c.family_role == "earns"))
    )
    op.execute(sa.update(_account).where(_account.c.owner.in_(owners)).values(limited=True))
    while op.get_bind().execute(_with_whom_they_brought()).rowcount:
        pass


def _with_whom_they_brought() -> sa.Update:
    """Limit who had joined somebody who is limited before that one joined others himself."""
    limited = sa.select(_account.c.owner).where(_account.c.limited)
    into = _member.alias("into")
    brought = (
        sa.select(_member.c.id)
        .join(into, into.c.id == _member.c.merged_into)
        .where(into.c.merged_into.is_not(None), into.c.id.in_(limited))
    )
    among = _account.c.owner.in_(brought)
    return sa.update(_account).where(among, _account.c.limited.is_(False)).values(limited=True)
