"""Rows of members that change: what a sale changes of an account and of a member."""

import random
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from central.feed import service as feed
from central.feed.service import NewChange, changed
from shared.clock import milliseconds
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, IdentifierRow, MemberRow, Row, RowKind, read_row
from tests.figures.estate import Estate
from tests.figures.mass import FIRST, SPAN

KEY_BYTES = 16
ID_CHANCE_BITS = 80
"""Of an id, below the milliseconds in which it was minted."""
_SPAN = "SELECT min(key), max(key) FROM row WHERE stream = ? AND kind = ?"
_NEXT = "SELECT row FROM row WHERE stream = ? AND kind = ? AND key >= ? ORDER BY key LIMIT 1"


def changes_of(estate: Estate, chance: random.Random) -> Iterator[NewChange]:
    """Yield changed rows of members anywhere, without an end."""
    accounts = random_rows(estate, RowKind.ACCOUNT, chance)
    members = random_rows(estate, RowKind.MEMBER, chance)
    while True:
        for row in (next(accounts), next(members)):
            if isinstance(row, AccountRow):
                lots = tuple(replace(lot, amount=lot.amount + 1_00) for lot in row.lots)
                yield changed(GLOBAL, replace(row, lots=lots))
            elif isinstance(row, MemberRow):
                turnover = row.turnover_minor + 500_00
                more = replace(row, receipts=row.receipts + 1, turnover_minor=turnover)
                yield changed(GLOBAL, more)


def random_rows(estate: Estate, kind: RowKind, chance: random.Random) -> Iterator[Row]:
    """Yield rows of a kind as the centre has counted them, drawn by their keys, without an end."""
    of = (GLOBAL, kind.value)
    with reading(estate.operator.engine) as connection:
        span = connection.exec_driver_sql(_SPAN, of).one()
    low, high = (int.from_bytes(key[:KEY_BYTES], "big") for key in span)
    while True:
        key = chance.randint(low, high).to_bytes(KEY_BYTES, "big")
        with reading(estate.operator.engine) as connection:
            found = connection.exec_driver_sql(_NEXT, (*of, key)).scalar_one()
        row = read_row(kind.value, found)
        if _is_of_the_mass(row):
            yield row


def _is_of_the_mass(row: Row) -> bool:
    """Tell whether a row is of a member who is no more than rows: of others the ledger tells."""
    assert isinstance(row, AccountRow | MemberRow | IdentifierRow)
    whose = row.id if isinstance(row, MemberRow) else row.member
    return whose.int >> ID_CHANCE_BITS < milliseconds(FIRST + SPAN)


def append(estate: Estate, changes: Sequence[NewChange]) -> None:
    """Tell the feed of changes as a transaction of the centre's does."""
    with transaction(estate.operator.engine) as connection:
        feed.append(connection, changes)
