"""What the centre's database says, read with plain SQL and without the centre's code."""

import sqlite3
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.crypto.vault import Vault

Row = tuple[Any, ...]
_CLOSED = ("member", "cashier")


@dataclass(frozen=True, slots=True)
class Letter:
    """What became of the fact at one place of a journal."""

    seq: int
    fact: str
    outcome: str
    is_branch: bool


@dataclass(frozen=True, slots=True)
class Lot:
    """Points granted at once: balance = free + held + what its open leases have left."""

    id: str
    account: str
    document: str
    granted: int
    balance: int
    free: int
    held: int
    leased: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account and the sums that should be one number."""

    id: str
    member: str
    debt: int
    lots: int
    entries: int


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger did for one document: sums by kind of entry, and how often it bought."""

    sums: dict[str, int]
    entries: int
    turnovers: int

    def of(self, *kinds: str) -> int:
        """Return the sum of entries of these kinds."""
        return sum(self.sums.get(kind, 0) for kind in kinds)


def letters(connection: sqlite3.Connection, agent: str) -> list[Letter]:
    """Return every place of an agent's journal that the centre knows, in order."""
    rows = connection.execute(
        "SELECT seq, id, outcome, branch FROM inbox WHERE agent = ? ORDER BY seq", (_key(agent),)
    )
    return [Letter(seq, _uuid(fact), outcome, bool(branch)) for seq, fact, outcome, branch in rows]


def kinds(connection: sqlite3.Connection, agent: str) -> dict[str, int]:
    """Count an agent's facts at the centre by kind."""
    rows = connection.execute(
        "SELECT kind, count(*) FROM fact WHERE agent = ? GROUP BY kind ORDER BY kind",
        (_key(agent),),
    )
    return dict(rows.fetchall())


def posted(connection: sqlite3.Connection, document: str) -> Posted:
    """Return what the ledger did for a document."""
    key = (_key(document),)
    entries = connection.execute(
        "SELECT kind, sum(amount), count(*) FROM entry WHERE document = ? GROUP BY kind", key
    ).fetchall()
    turnovers = connection.execute("SELECT count(*) FROM turnover WHERE document = ?", key)
    return Posted(
        sums={kind: amount for kind, amount, _ in entries},
        entries=sum(count for _, _, count in entries),
        turnovers=turnovers.fetchone()[0],
    )


def lots(connection: sqlite3.Connection) -> list[Lot]:
    """Return every lot, also spent ones."""
    rows = connection.execute(
        """
        SELECT lot.lot, lot.account, lot.document, lot.granted, lot.balance, lot.free, lot.held,
               (SELECT coalesce(sum(max(0, lease.granted - lease.gone)), 0) FROM lease
                WHERE lease.account = lot.account AND lease.lot = lot.lot AND NOT lease.closed)
        FROM lot ORDER BY lot.account, lot.lot
        """
    )
    return [Lot(_uuid(row[0]), _uuid(row[1]), _uuid(row[2]), *row[3:]) for row in rows]


def accounts(connection: sqlite3.Connection) -> list[Account]:
    """Return every account; the two kinds of debt do not count in its entries."""
    rows = connection.execute(
        """
        SELECT account.account, account.member, account.debt,
               (SELECT coalesce(sum(balance), 0) FROM lot WHERE lot.account = account.account),
               (SELECT coalesce(sum(amount), 0) FROM entry
                WHERE entry.account = account.account
                  AND entry.kind NOT IN ('DEBT', 'DEBT_SETTLE'))
        FROM account ORDER BY account.account
        """
    )
    return [Account(_uuid(row[0]), _uuid(row[1]), *row[2:]) for row in rows]


def rows_of(connection: sqlite3.Connection, streams: tuple[str, ...]) -> dict[Row, bytes]:
    """Return the present rows of streams by kind and key: the last change of each counts."""
    rows: dict[Row, bytes] = {}
    for stream in streams:
        found = connection.execute(
            "SELECT kind, key, row FROM change WHERE stream = ? ORDER BY number", (stream,)
        )
        rows.update({(kind, key): row for kind, key, row in found})
    return {key: row for key, row in rows.items() if row}


def replica_rows(connection: sqlite3.Connection, vault: Vault) -> dict[Row, bytes]:
    """Return the rows of an agent's replica by kind and key, those of people opened."""
    found = {}
    for kind, key, row in connection.execute("SELECT * FROM row"):
        content = vault.open(key, row) if kind in _CLOSED else row
        found[kind, key] = row if content is None else content
    return found


def journal(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the numbers of an agent's facts by id, from its journal."""
    found = connection.execute("SELECT id, seq FROM fact ORDER BY seq")
    return {str(UUID(bytes=fact)): seq for fact, seq in found}


def _key(text: str) -> str:
    return UUID(text).hex


def _uuid(stored: str) -> str:
    return str(UUID(stored))
