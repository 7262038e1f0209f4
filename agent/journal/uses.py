"""Sums of the journal's envelopes by lot: what this store has used of its leases."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import Field

from agent.schema import JournalTable, id_field, table_of
from shared.ledger.leases import LeaseUse


class LeaseUseRecord(JournalTable, table=True):
    """Sums of the journal's envelopes by lot, in one epoch."""

    __tablename__ = "lease_use"

    epoch: int = Field(primary_key=True)
    lot: UUID = id_field(primary_key=True)
    account: UUID = id_field(index=True)
    kept: int
    drawn: int
    given_back: int


_USES = table_of(LeaseUseRecord)

_ALL_USES = select(
    _USES.c.lot, _USES.c.account, _USES.c.kept, _USES.c.drawn, _USES.c.given_back
).where(_USES.c.epoch == bindparam("epoch"))
_USES_OF = _ALL_USES.where(_USES.c.account.in_(bindparam("accounts", expanding=True)))
_PUT_USE = upsert(_USES)
_PUT_USE = _PUT_USE.on_conflict_do_update(
    index_elements=[_USES.c.epoch, _USES.c.lot],
    set_={
        "kept": _PUT_USE.excluded.kept,
        "drawn": _PUT_USE.excluded.drawn,
        "given_back": _PUT_USE.excluded.given_back,
    },
)


def of(connection: Connection, epoch: int, accounts: Iterable[UUID]) -> dict[UUID, LeaseUse]:
    """Return by lot what this epoch's journal has used of the leases of some accounts."""
    rows = connection.execute(_USES_OF, {"epoch": epoch, "accounts": list(accounts)})
    return {row[0]: LeaseUse(*row) for row in rows}


def every(connection: Connection, epoch: int) -> dict[UUID, LeaseUse]:
    """Return by lot what this epoch's journal has used of all its leases."""
    rows = connection.execute(_ALL_USES, {"epoch": epoch})
    return {row[0]: LeaseUse(*row) for row in rows}


def put(connection: Connection, epoch: int, use: LeaseUse) -> None:
    """Write the sums of one lot's envelopes."""
    connection.execute(
        _PUT_USE,
        {
            "epoch": epoch,
            "lot": use.lot,
            "account": use.account,
            "kept": use.kept,
            "drawn": use.drawn,
            "given_back": use.given_back,
        },
    )
