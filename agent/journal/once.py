"""What persons got once in this store, so that it is not granted again before the rows tell."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection

from agent.schema import JournalTable, id_field
from shared.ids import account_lot
from shared.rules.result import OnceGrant
from shared.runtime.sqlite import listed, run, run_many
from shared.wire.codec import MalformedError
from shared.wire.facts import Granted, Issued, MemberRegistered, ReceiptCommitted, read_body


class OnceRecord(JournalTable, table=True):
    """What stands for what a fact of this store has granted, by the account of the person."""

    __tablename__ = "once"

    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)


_OF = "SELECT lot FROM once WHERE account IN (?*)"
_ADD = "INSERT INTO once (lot, account) VALUES (?, ?) ON CONFLICT DO NOTHING"
_REMOVE = "DELETE FROM once WHERE lot IN (?*)"
_BIRTHS = "SELECT lot, fact FROM change WHERE account IN (?*) AND lot IS NOT NULL AND amount > 0"
_FACTS = "SELECT id, kind, body FROM fact WHERE id IN (?*)"


def add(connection: Connection, account: UUID, lots: Iterable[UUID]) -> None:
    """Remember what stands for them, in the transaction of their fact."""
    run_many(connection, _ADD, [(lot.bytes, account.bytes) for lot in lots])


def remove(connection: Connection, lots: Collection[UUID]) -> None:
    """Forget what their persons have not got after all, in the transaction of their fact."""
    run(connection, listed(_REMOVE, len(lots)), [lot.bytes for lot in lots])


def of(connection: Connection, accounts: Collection[UUID]) -> frozenset[UUID]:
    """Return what the owner of some accounts got once here."""
    found = run(connection, listed(_OF, len(accounts)), [account.bytes for account in accounts])
    return frozenset([UUID(bytes=row[0]) for row in found])


def others(
    connection: Connection, accounts: Collection[UUID], lots: Collection[UUID]
) -> frozenset[UUID]:
    """Return which of some lots of accounts facts of this journal brought otherwise.

    Only the facts of these lots are read: a till waits, and the member may have bought for years.
    """
    asked = {lot.bytes for lot in lots}
    found = run(connection, listed(_BIRTHS, len(accounts)), [one.bytes for one in accounts])
    births = [(lot, fact) for lot, fact in found if lot in asked]
    ids = sorted({fact for _, fact in births})
    told = run(connection, listed(_FACTS, len(ids)), ids)
    gifts = {fact: _gifts(kind, body) for fact, kind, body in told}
    return frozenset(
        [
            UUID(bytes=lot)
            for lot, fact in births
            if fact in gifts and UUID(bytes=lot) not in gifts[fact]
        ]
    )


def _gifts(kind: str, body: bytes) -> set[UUID]:
    try:
        told = read_body(kind, body)
    except MalformedError:  # damaged by the disk: the centre says what is wrong with it
        return set()
    lots = told.granted if isinstance(told, ReceiptCommitted | MemberRegistered) else ()
    return {lot.lot for lot in lots if lot.once is not None}


def of_facts(lots: Iterable[Granted | Issued]) -> list[UUID]:
    """Return what stands for those of a fact's lots that a person gets once."""
    return [lot.once for lot in lots if lot.once is not None]


def granted(grant: OnceGrant, person: str) -> Granted:
    """Return what a person gets once as a fact states it."""
    return Granted(
        effect_no=0,
        lot=account_lot(grant.lot, grant.account),
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
