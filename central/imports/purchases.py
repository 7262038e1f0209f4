"""Receipts of the past: kept line by line, counted as turnover and visits, earning nothing.

Rows of one receipt stand together. A receipt that is known is not counted again, whichever file
brings it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.imports import store, values
from central.imports.reasons import Note, Reason, RefusedError
from central.imports.store import PastLine, PastReceipt
from central.imports.verdicts import Outcome, Verdict
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from central.members.imports import account_of, identifier_indexes
from central.members.roll import Roll
from central.members.store import Identifier, IdentifierState
from shared.ids import derived
from shared.ledger.books import Books
from shared.ledger.entries import Document
from shared.ledger.postings import count_turnover
from shared.member import DayCount

FIRST_DAY = date(1990, 1, 1)
NO_IMPORT = UUID(int=0)
ID_CHARS = 36


@dataclass(frozen=True, slots=True)
class Bought:
    """A row: a receipt, or a line of one; money in kopecks, negative for what came back."""

    number: int
    notes: tuple[Note, ...]
    key: tuple[str, str, str]
    """Store, number and day: what a receipt is known by."""
    indexes: tuple[bytes, ...]
    at: datetime
    day: date
    total_minor: int
    sku: str
    quantity: int
    """In thousandths."""
    points: int

    @property
    def receipt(self) -> UUID:
        """Return the id that this receipt always gets."""
        return derived("imported", "receipt", *self.key)

    @property
    def document(self) -> UUID | None:
        """Return the document that its number names, if that is the id of one."""
        if len(self.key[1]) != ID_CHARS:
            return None
        with suppress(ValueError):
            return UUID(self.key[1])
        return None


@dataclass(slots=True)
class Receipts:
    """Rows of receipts: read, and counted a batch at a time."""

    centre: Centre
    zones: Mapping[str, str]
    """Of the stores, by code."""
    dates: Sequence[str]
    run: UUID
    at: datetime

    def read(self, number: int, record: Mapping[str, str]) -> Bought:
        """Read a row; raises RefusedError."""
        notes: list[Note] = []
        cells = {name: values.clean(text, notes, name) for name, text in record.items()}
        for needed in ("number", "member", "at", "total"):
            if not cells.get(needed):
                raise RefusedError(Reason.MISSING, needed)
        indexes = identifier_indexes(self.centre, cells["member"])
        if not indexes:
            raise RefusedError(Reason.UNKNOWN_MEMBER, "member")
        code = cells.get("store", "")
        if code not in self.zones:
            notes.append(Note(Reason.UNKNOWN_STORE, "store"))
        zone = ZoneInfo(self.zones.get(code, "UTC"))
        local = values.moment(cells["at"], self.dates, "at")
        if local.tzinfo is not None:
            local = local.astimezone(zone).replace(tzinfo=None)
        if not FIRST_DAY <= local.date() <= self.at.date():
            raise RefusedError(Reason.BAD_DAY, "at")
        return Bought(
            number=number,
            notes=tuple(notes),
            key=(code, cells["number"], local.date().isoformat()),
            indexes=tuple(indexes),
            at=local.replace(tzinfo=zone).astimezone(UTC),
            day=local.date(),
            total_minor=values.number(cells["total"], "total"),
            sku=cells.get("sku", ""),
            quantity=values.thousandths(cells.get("quantity", ""), "quantity"),
            points=values.amount(cells.get("points", ""), "points"),
        )

    def stated(self, record: Mapping[str, str]) -> int:  # noqa: ARG002
        """Return 0: what a receipt of the past has earned is no lot, and in the balance already."""
        return 0

    def together(self, record: Mapping[str, str]) -> object:
        """Return what rows have in common that may not be parted: one receipt's."""
        return tuple(record.get(name, "") for name in ("store", "number", "at"))

    def write(self, connection: Connection, rows: Sequence[Bought]) -> list[Verdict]:
        """Count a batch of receipts; return what became of each row."""
        leases.keep_roster(connection)
        indexes = {index for row in rows for index in row.indexes}
        roll, locked = members.load_locked(connection, (), indexes, set())
        books = ledger.read(connection, locked, ())
        members.extend(connection, roll, {one.owner for one in roll.identifiers.values()})
        visits = leases.load_visits(connection, self.centre, books.accounts)
        past = store.past(connection, {row.receipt for row in rows})
        desk = _Desk(self, roll, books, visits, past | _posted(connection, books, rows))
        verdicts: list[Verdict] = []
        for _, lines in groupby(rows, key=lambda row: row.key):
            verdicts += desk.count([*lines])
        leases.save_visits(connection, visits)
        changes = ledger.save(connection, books)
        members.extend(connection, roll, {account.member for account in books.accounts.values()})
        changes += members.save(connection, roll, books)
        store.keep_past(connection, desk.receipts, desk.lines)
        feed.append(connection, changes)
        return verdicts

    def learn(self, connection: Connection) -> None:
        """Let the database look how much there is by now."""
        ledger.learn(connection)
        store.learn(connection)


class _Desk:
    """What a batch has read, and the receipts that are counted one by one."""

    def __init__(
        self, of: Receipts, roll: Roll, books: Books, visits: leases.Visits, past: dict[UUID, UUID]
    ) -> None:
        self.receipts: list[PastReceipt] = []
        self.lines: list[PastLine] = []
        self._of, self._roll, self._books, self._visits, self._past = of, roll, books, visits, past
        self._ways: dict[bytes, list[Identifier]] = {}
        for one in roll.identifiers.values():
            if one.state is not IdentifierState.REVOKED:
                self._ways.setdefault(one.index, []).append(one)

    def count(self, rows: Sequence[Bought]) -> list[Verdict]:
        """Count one receipt, unless it is known or nobody's."""
        first = rows[0]
        account = self._account(first)
        if isinstance(account, Reason):
            note = Note(account, "member")
            return [Verdict(row.number, Outcome.REFUSED, (note,)) for row in rows]
        by = self._past.get(first.receipt)
        if by is not None:
            if by == self._of.run and first.sku:
                note = Note(Reason.NOT_TOGETHER, "number")
                return [Verdict(row.number, Outcome.REFUSED, (note,)) for row in rows]
            return [Verdict(row.number, Outcome.DUPLICATE) for row in rows]
        self._past[first.receipt] = self._of.run
        kept = rows if first.sku else rows[:1]
        self._post(account, kept)
        again = [Verdict(row.number, Outcome.DUPLICATE) for row in rows[len(kept) :]]
        return [*(_taken(row) for row in kept), *again]

    def _account(self, row: Bought) -> UUID | Reason:
        ways = [one for index in row.indexes for one in self._ways.get(index, ())]
        living = {self._roll.survivor(one.member).id for one in ways}
        if len(living) != 1:
            return Reason.SEVERAL_MEMBERS if living else Reason.UNKNOWN_MEMBER
        return account_of(self._roll, self._books, ways, living.pop()).id

    def _post(self, account: UUID, rows: Sequence[Bought]) -> None:
        first, total = rows[0], sum(row.total_minor for row in rows)
        points = sum(row.points for row in rows)
        counted = DayCount(first.day, total, points, visits=1 if total >= 0 else 0)
        count_turnover(self._books, account, counted, Document(first.receipt, first.at, first.day))
        if total >= 0 and first.key[0] in self._of.zones:
            self._visits.note(account, first.key[0], first.at)
        self.receipts.append(
            PastReceipt(
                id=first.receipt,
                account=account,
                store=first.key[0],
                number=first.key[1],
                at=first.at,
                day=first.day,
                total_minor=total,
                points=points,
                run=self._of.run,
            )
        )
        self.lines += [
            PastLine(first.receipt, no, row.sku, row.quantity, row.total_minor)
            for no, row in enumerate(rows, 1)
            if row.sku
        ]


def _posted(connection: Connection, books: Books, rows: Sequence[Bought]) -> dict[UUID, UUID]:
    """Return the receipts that count already as documents of this centre, by which an export names
    them; no import has brought them."""
    named = {row.receipt: row.document for row in rows if row.document is not None}
    if not named:
        return {}
    known = {one.document for one in ledger.turnovers(connection, books.accounts)}
    return {receipt: NO_IMPORT for receipt, document in named.items() if document in known}


def _taken(row: Bought) -> Verdict:
    outcome = Outcome.REPAIRED if row.notes else Outcome.ACCEPTED
    return Verdict(row.number, outcome, row.notes, amount_minor=row.total_minor)
