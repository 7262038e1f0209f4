"""The judge when all is healed: what each store has beside what the centre has."""

from pathlib import Path

import msgspec

from tests.simulation import laws
from tests.simulation.files import ChangeLog, fact_ids, gone_of, replica_of, rows_of
from tests.simulation.told import Store, ViolationError

SHOWN_MAX = 5


def check_replica(central: Path, log: ChangeLog, store: Store) -> None:
    """Check that the rows of a store are the centre's."""
    streams = rows_of(central, "SELECT stream FROM reader WHERE store = ?", store.code[:3])
    names = ["global", *(name for (name,) in streams)]
    there = log.rows(names)
    if rows_of(store.journal, laws.FENCED):
        return
    rows = rows_of(replica_of(store), laws.ROWS)
    here = {row[:2]: row[2] for row in rows}
    keys = [key for key in there.keys() | here.keys() if there.get(key) != here.get(key)]
    if keys:
        shown = [(kind, key.hex()) for kind, key in sorted(keys)[:SHOWN_MAX]]
        raise ViolationError("replica", f"store {store.code} differs in {len(keys)}: {shown}")


def check_members(central: Path, store: Store) -> None:
    """Check that each member is to a store what his accounts add up to, whoever joined him."""
    if rows_of(store.journal, laws.FENCED):
        return
    should = {member: tuple(sums) for member, *sums in rows_of(central, laws.FIGURES)}
    for (row,) in rows_of(replica_of(store), laws.MEMBERS):
        member, _, _, accounts, turnover, receipts, *_ = msgspec.msgpack.decode(row)
        told = (len(accounts), turnover, receipts)
        if told != should.get(member.hex()):
            what = f"store {store.code} sees {told} of member {member.hex()}"
            raise ViolationError("figures", what)


def check_history(central: Path, store: Store, held: set[str]) -> None:
    """Check that a store has again what its disk had lost of ended epochs, if it is not fenced, but
    for what a backup has held."""
    if rows_of(store.journal, laws.FENCED):
        return
    pushed = {fact for (fact,) in rows_of(central, laws.PUSHED, store.agent)}
    if missing := pushed - fact_ids(store) - held:
        raise ViolationError("history", f"store {store.code} lacks {sorted(missing)[:SHOWN_MAX]}")


def check_leases(central: Path, store: Store, *, is_copied: bool) -> None:
    """Check that the centre has counted what the journal has, and that no ask is stranded."""
    if stranded := rows_of(store.journal, "SELECT hex(ask) FROM ask WHERE NOT ended"):
        raise ViolationError("asks", f"store {store.code}: {stranded[:SHOWN_MAX]} never ended")
    if is_copied:
        return
    query = "SELECT epoch, lot, gone FROM lease WHERE agent = ?"
    counted = {row[:2]: row[2] for row in rows_of(central, query, store.agent)}
    for key, gone in gone_of(store).items():
        if counted.get(key, gone) != gone:
            what = f"{store.code}, lot {key}: {gone} gone, counted {counted[key]}"
            raise ViolationError("counts", what)
