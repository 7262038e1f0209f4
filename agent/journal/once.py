"""What persons got once in this store, so that it is not granted again before the rows tell."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.schema import JournalTable, id_field, table_of
from shared.rules.result import OnceGrant
from shared.wire.facts import Granted


class OnceRecord(JournalTable, table=True):
    """A lot that a fact of this store has granted, by the account of the person."""

    __tablename__ = "once"

    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)


_ONCE = table_of(OnceRecord)
_OF = select(_ONCE.c.lot).where(
    _ONCE.c.account.in_(bindparam("accounts", expanding=True)),
)
_ADD = upsert(_ONCE).on_conflict_do_nothing()


def add(connection: Connection, account: UUID, lots: Iterable[UUID]) -> None:
    """Remember lots, in the transaction of their fact."""
    rows = [{"lot": lot, "account": account} for lot in lots]
    if rows:
        connection.execute(_ADD, rows)


def of(connection: Connection, accounts: Iterable[UUID]) -> frozenset[UUID]:
    """Return what the owner of some accounts got once here."""
    return frozenset(connection.execute(_OF, {"accounts": list(accounts)}).scalars())


def granted(grant: OnceGrant, person: str) -> Granted:
    """Return what a person gets once as a fact states it."""
    return Granted(
        effect_no=0,
        lot=grant.lot,
        account=grant.account,
        wallet=grant.wallet,
        kind=grant.kind,
        rule=grant.rule,
        amount=grant.amount,
        activates_at=grant.activates_at,
        expires_on=grant.expires_on,
        person=person,
        period=grant.period,
    )
