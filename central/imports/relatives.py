"""Families of a file: who buys on whose accounts, once the members of both are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.imports import values
from central.imports.reasons import Note, Reason, RefusedError
from central.imports.verdicts import Outcome, Verdict
from central.leases import service as leases
from central.members import family
from central.members import service as members
from central.members.family import Joining
from central.members.imports import identifier_indexes
from central.members.merging import Hand
from central.members.roll import Roll
from central.members.store import Member
from shared.errors import LoyaltyError
from shared.member import FamilyRole

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Relative:
    """A row: who he and the head may be, by blind indexes, and his role."""

    number: int
    notes: tuple[Note, ...]
    member: tuple[bytes, ...]
    head: tuple[bytes, ...]
    role: FamilyRole


@dataclass(slots=True)
class Families:
    """Rows of families: read, and joined a batch at a time."""

    centre: Centre
    hand: Hand

    def read(self, number: int, record: Mapping[str, str]) -> Relative:
        """Read a row; raises RefusedError."""
        notes: list[Note] = []
        cells = {name: values.clean(text, notes, name) for name, text in record.items()}
        member, head = (self._indexes(cells, name) for name in ("member", "head"))
        try:
            role = FamilyRole(cells.get("role") or FamilyRole.REDEEMS)
        except ValueError as error:
            raise RefusedError(Reason.BAD_FAMILY_ROLE, "role") from error
        return Relative(number, tuple(notes), member, head, role)

    def stated(self, record: Mapping[str, str]) -> int:  # noqa: ARG002
        """Return 0: such rows state no points."""
        return 0

    def write(self, connection: Connection, rows: Sequence[Relative]) -> list[Verdict]:
        """Let a batch of members join; return what became of each row."""
        leases.keep_roster(connection)
        indexes = {index for row in rows for index in (*row.member, *row.head)}
        roll = members.load(connection, (), indexes)
        verdicts: dict[int, Verdict] = {}
        wanted: dict[int, Joining] = {}
        for place, row in enumerate(rows):
            try:
                wanted[place] = _joining(roll, row)
            except RefusedError as error:
                verdicts[place] = Verdict(row.number, Outcome.REFUSED, (error.note,))
        joined = {(one.id, one.head) for one in roll.members.values()}
        became = family.join_each(connection, self.centre, [*wanted.values()], self.hand)
        for (place, one), done in zip(wanted.items(), became, strict=True):
            is_known = (one.relative, one.head) in joined
            verdicts[place] = _verdict(rows[place], done, Outcome.DUPLICATE if is_known else None)
            if isinstance(done, Member):
                joined.add((one.relative, one.head))
        return [verdicts[place] for place in range(len(rows))]

    def together(self, record: Mapping[str, str]) -> object:  # noqa: ARG002
        """Return None: every row stands alone."""
        return None

    def learn(self, connection: Connection) -> None:
        """Let the database look how much there is by now."""
        members.learn(connection)

    def _indexes(self, cells: Mapping[str, str], name: str) -> tuple[bytes, ...]:
        if not cells.get(name):
            raise RefusedError(Reason.MISSING, name)
        found = identifier_indexes(self.centre, cells[name])
        if not found:
            raise RefusedError(Reason.UNKNOWN_MEMBER, name)
        return tuple(found)


def _joining(roll: Roll, row: Relative) -> Joining:
    return Joining(_one(roll, row.member, "member"), _one(roll, row.head, "head"), row.role)


def _one(roll: Roll, indexes: Sequence[bytes], field: str) -> UUID:
    """Return who lives on under a card or a phone of his own."""
    living = {one.id for index in indexes for one in roll.owners(index, NOBODY)}
    if len(living) != 1:
        reason = Reason.SEVERAL_MEMBERS if living else Reason.UNKNOWN_MEMBER
        raise RefusedError(reason, field)
    return living.pop()


def _verdict(row: Relative, done: Member | LoyaltyError, known: Outcome | None) -> Verdict:
    if isinstance(done, Member):
        outcome = Outcome.REPAIRED if row.notes else Outcome.ACCEPTED
        return Verdict(row.number, outcome, row.notes)
    if known is not None:
        return Verdict(row.number, known)
    return Verdict(row.number, Outcome.REFUSED, (Note(Reason(done.code), "member"),))
