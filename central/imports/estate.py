"""Stores, goods and cashiers of a file: the last row of a key counts, what is known stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from central.estate.rows import BadCellError
from central.estate.service import How, Sort, take
from central.estate.store import CashierTable, GoodsTable, StoreTable
from central.imports import values
from central.imports.reasons import Note, Reason, RefusedError
from central.imports.verdicts import Outcome, Verdict
from central.sets import learn

_T = TypeVar("_T")
_MONEY = ("price", "floor")
_WANTED = {
    "code": Reason.BAD_CODE,
    "region": Reason.BAD_CODE,
    "sku": Reason.BAD_CODE,
    "no": Reason.BAD_CODE,
    "store": Reason.UNKNOWN_STORE,
    "pin": Reason.BAD_PIN,
    "role": Reason.BAD_ROLE,
    "zone": Reason.BAD_ZONE,
    "tax_number": Reason.BAD_TAX_NUMBER,
    "flags": Reason.BAD_FLAG,
    "tills": Reason.BAD_LIST,
    "barcodes": Reason.BAD_LIST,
}
"""Of a cell that cannot be taken: what its column wants."""


@dataclass(frozen=True, slots=True)
class Item(Generic[_T]):
    """A row's thing, and what was left out of its cells."""

    number: int
    thing: _T
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Estate(Generic[_T]):
    """Rows of one sort of things."""

    sort: Sort[_T]

    def read(self, number: int, record: Mapping[str, str]) -> Item[_T]:
        """Read a row; raises RefusedError."""
        notes: list[Note] = []
        cells = {
            name: values.clean(record.get(name, ""), notes, name) for name in self.sort.columns
        }
        for name in _MONEY:
            if name in cells:
                whole, part = divmod(values.amount(cells[name], name), 100)
                cells[name] = f"{whole}.{part:02}"
        try:
            return Item(number, self.sort.parse(cells), tuple(notes))
        except BadCellError as error:
            column = str(error.details["column"])
            raise RefusedError(_WANTED.get(column, Reason.BAD_VALUE), column) from error

    def stated(self, record: Mapping[str, str]) -> int:  # noqa: ARG002
        """Return 0: such rows state no points."""
        return 0

    def write(self, connection: Connection, rows: Sequence[Item[_T]]) -> list[Verdict]:
        """Take a batch, in pieces of different keys; return what became of each row."""
        verdicts: list[Verdict] = []
        piece: dict[object, Item[_T]] = {}
        for row in rows:
            key = self.sort.key(row.thing)
            if key in piece:
                verdicts += self._take(connection, piece)
                piece = {}
            piece[key] = row
        return verdicts + self._take(connection, piece)

    def together(self, record: Mapping[str, str]) -> object:  # noqa: ARG002
        """Return None: every row stands alone."""
        return None

    def learn(self, connection: Connection) -> None:
        """Let the database look how much there is by now."""
        learn(connection, (StoreTable, CashierTable, GoodsTable))

    def _take(self, connection: Connection, piece: Mapping[object, Item[_T]]) -> list[Verdict]:
        things = [row.thing for row in piece.values()]
        new, changed = take(connection, things, How.APPLY, self.sort) if things else (set(), set())
        verdicts: list[Verdict] = []
        for key, row in piece.items():
            if key in new:
                verdicts.append(_accepted(row))
            elif key in changed:
                verdicts.append(_accepted(row, Note(Reason.CHANGED)))
            else:
                verdicts.append(Verdict(row.number, Outcome.DUPLICATE))
        return verdicts


def _accepted(row: Item[_T], *more: Note) -> Verdict:
    outcome = Outcome.REPAIRED if row.notes else Outcome.ACCEPTED
    return Verdict(row.number, outcome, (*row.notes, *more))
