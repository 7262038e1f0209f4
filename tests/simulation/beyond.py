"""What stores have spent beyond all that anybody has leased them, as the files tell."""

import sqlite3
from collections import Counter
from dataclasses import dataclass

from tests.simulation.files import gone_of, granted_to, rows_of
from tests.simulation.told import Store, ViolationError

_ACCOUNTS = "SELECT lot, account FROM lease_use"


@dataclass(frozen=True, slots=True)
class Caps:
    """What a programme lets a store spend beyond its leases, in hundredths of a point."""

    receipt: int = 0
    member: int = 0
    store: int = 0


NO_CAPS = Caps()
"""Of a programme that keeps to leases."""


def check_store(central: sqlite3.Connection, store: Store, caps: Caps) -> None:
    """Check what a store has spent beyond its leases and not told: within both caps.

    What the centre has posted is not seen: its `granted` rises to what has gone.
    """
    granted = granted_to(central, store, even_closed=True)
    accounts = {lot.hex(): account.hex() for lot, account in rows_of(store.journal, _ACCOUNTS)}
    over = Counter[str]()
    for key, gone in gone_of(store).items():
        over[accounts[key[1]]] += max(0, gone - granted[key])
    for account, points in over.items():
        if points > caps.member:
            raise ViolationError("limit", f"store {store.code}, {account}: {points} beyond leases")
    if over.total() > caps.store:
        raise ViolationError("limit", f"store {store.code}: {over.total()} beyond leases")
