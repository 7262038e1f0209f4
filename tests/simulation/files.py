"""How the judge reads the files of stores and of the centre: by SQL, and by nothing else."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulation.told import Store
from tests.vaults import let_open

Key = tuple[int, str]
"""Epoch and lot."""

_LEASE = "SELECT abs(epoch), lot, granted, account FROM lease WHERE agent = ?"
_CLOSED = "SELECT abs(epoch), lot FROM lease WHERE agent = ? AND closed"
_FENCED = "SELECT 1 FROM bar WHERE reason = 'agent_fenced'"
_TOLD = """
SELECT epoch, lot, kept, account FROM lease_use UNION ALL
SELECT epoch, lot, granted, account FROM lease_answer"""


class ChangeLog:
    """The changes of all streams, remembered when the centre lets old ones go."""

    def __init__(self, central: Path) -> None:
        self.central = central
        self._kept: dict[tuple[str, int], tuple[str, bytes, bytes]] = {}

    def watch(self) -> None:
        """Remember what stands in the log now."""
        query = "SELECT stream, number, kind, key, row FROM change"
        self._kept.update({row[:2]: row[2:] for row in rows_of(self.central, query)})

    def rewind(self) -> None:
        """Forget what a centre that goes on from a backup has forgotten."""
        heads = dict(rows_of(self.central, "SELECT name, number FROM stream"))
        for stream, number in list(self._kept):
            if number > heads.get(stream, 0):
                del self._kept[stream, number]

    def rows(self, streams: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
        """Return what the changes of some streams have come to."""
        self.watch()
        wanted = set(streams)
        found: dict[tuple[str, bytes], bytes] = {}
        for (stream, _), (kind, key, row) in sorted(self._kept.items()):
            if stream in wanted:
                found[kind, key] = row
        return {key: row for key, row in found.items() if row}


def granted_to(
    central: sqlite3.Connection,
    store: Store,
    account: str | None = None,
    *,
    even_closed: bool = False,
    even_fenced: bool = False,
) -> Counter[Key]:
    """Return by epoch and lot what a store was granted at most, wherever that stands.

    What was written off is left out, unless the store may not have heard of it; so is what a fenced
    store, which spends nothing any more, had heard and the centre does not have.
    """
    granted: Counter[Key] = Counter()
    with reading(store.journal) as journal:
        is_fenced = journal.execute(_FENCED).fetchone() is not None
        heard = () if is_fenced and not (even_fenced or even_closed) else journal.execute(_TOLD)
        told = [(row[0], row[1].hex(), row[2], row[3].hex()) for row in heard]
    told += central.execute(_LEASE, (store.agent,)).fetchall()
    closed = set() if even_closed else set(central.execute(_CLOSED, (store.agent,)))
    for epoch, lot, amount, owner in told:
        if account in (None, owner) and (epoch, lot) not in closed:
            granted[epoch, lot] = max(granted[epoch, lot], amount)
    return granted


def gone_of(store: Store, account: str | None = None) -> Counter[Key]:
    """Return by epoch and lot what a store's journal has let go."""
    rows = rows_of(store.journal, "SELECT epoch, lot, drawn + given_back, account FROM lease_use")
    return Counter(
        {(row[0], row[1].hex()): row[2] for row in rows if account in (None, row[3].hex())}
    )


def twice_of(central: sqlite3.Connection, store: Store, account: str | None = None) -> Counter[str]:
    """Return by lot what a disk that was copied may spend beside the one that it is a copy of, also
    if it did so before it was fenced."""
    twice: Counter[str] = Counter()
    if (gone := store.image_gone) is not None:
        for key, granted in granted_to(central, store, account, even_fenced=True).items():
            twice[key[1]] += max(0, granted - gone.get(key, 0))
    return twice


def kept_of(twins: Iterable[Store], epoch: int, lot: str) -> int:
    """Return what an agent's journals kept of a lot when it was born."""
    query = "SELECT kept FROM lease_use WHERE epoch = ? AND lot = ?"
    rows = [row for one in twins for row in rows_of(one.journal, query, epoch, bytes.fromhex(lot))]
    return max((kept for (kept,) in rows), default=0)


def fact_ids(store: Store) -> set[str]:
    """Return the ids of the facts in a store's journal."""
    return {fact.hex() for (fact,) in rows_of(store.journal, "SELECT id FROM fact")}


def replica_of(store: Store) -> Path:
    """Return the file of rows that the journal says is current."""
    lives = rows_of(store.journal, "SELECT file FROM life ORDER BY no DESC LIMIT 1")
    return store.folder / (lives[0][0] if lives else "replica-1.db")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading only."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    let_open(connection, path.parent)
    try:
        yield connection
    finally:
        connection.close()


def rows_of(path: Path, query: str, *values: object) -> list[Any]:
    """Return what a query finds in a file."""
    with reading(path) as connection:
        return connection.execute(query, values).fetchall()


def is_barred(store: Store) -> bool:
    """Tell whether a store's journal says that its present epoch may spend no leases."""
    epoch = json.loads((store.folder / "identity.json").read_bytes())["epoch"]
    return bool(rows_of(store.journal, "SELECT 1 FROM bar WHERE epoch = ?", epoch))
