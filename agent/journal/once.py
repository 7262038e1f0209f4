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
_BIRTHS = """
SELECT change.lot, fact.kind, fact.body FROM change JOIN fact ON fact.id = change.fact
WHERE change.account IN (?*) AND change.lot IS NOT NULL AND change.amount > 0"""


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


def others(connection: Connection, accounts: Collection[UUID]) -> frozenset[UUID]:
    """Return the lots of some accounts that facts of this journal brought otherwise."""
    found = run(connection, listed(_BIRTHS, len(accounts)), [one.bytes for one in accounts])
    return frozenset(
        [UUID(bytes=lot) for lot, kind, body in found if UUID(bytes=lot) not in _gifts(kind, body)]
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
