"""A shop whose replica has a crowd of members already."""

from pathlib import Path
from typing import Any

from shared.runtime.sqlite import run_many, transaction
from shared.wire.codec import encode
from shared.wire.rows import Row, RowKind, key_of
from tests.builders import Person, Shop, identifier_rows, member_row

ADD = """
INSERT INTO row (kind, key, row)
VALUES (?1, ?2, iif(?1 = 'member', closed(?2, ?3), ?3))"""


def crowded_shop(folder: Path, members: int, **settings: Any) -> Shop:
    """Open a shop and write members with their cards into its replica, by hand."""
    made = Shop(folder, **settings).open()
    rows = [
        (kind.value, key_of(row), encode(row))
        for number in range(1, members + 1)
        for kind, row in _rows(number)
    ]
    with transaction(made.station.replica) as connection:
        run_many(connection, ADD, sorted(rows))
    return made


def _rows(number: int) -> list[tuple[RowKind, Row]]:
    person = Person(number=number)
    identifiers = [(RowKind.IDENTIFIER, row) for row in identifier_rows(person)]
    return [*identifiers, (RowKind.MEMBER, member_row(person))]
