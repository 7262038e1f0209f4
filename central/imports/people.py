"""Members of a file take their places, with their cards, points and turnover: a batch at a time.

Who is one person is decided as at a registration. A row of somebody whom the centre knows changes
nothing, unless that is asked for: what it states may be older than what is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.values import Conflict, ConflictKind, Finding, Role, parties
from central.feed import service as feed
from central.imports import updates
from central.imports.candidates import Candidate, Known, read_candidate
from central.imports.reasons import Note, Reason, RefusedError
from central.imports.store import Run
from central.imports.updates import Update
from central.imports.values import amount, clean
from central.imports.verdicts import Outcome, Verdict
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from central.members.deed_store import Done, insert_deed
from central.members.imports import KIND
from central.members.newcomer import Newcomer, Place, Placed
from central.members.profile import Edit
from central.members.roll import PHONE_TAIL_DIGITS, Roll
from central.members.store import Member, MemberState, Person
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ids import derived
from shared.ledger.books import Books, Lot
from shared.ledger.entries import Document, lot_id
from shared.ledger.postings import count_turnover, grant
from shared.member import DayCount, PhoneRole, ProfileField
from shared.names import compatible

NOBODY = UUID(int=0)
LONG_AGO = date(2000, 1, 1)
"""When turnover was made of which a file does not say when: in no period that still runs."""
_CONFLICTS = {Place.MERGED: ConflictKind.MERGED, Place.SHARED_PHONE: ConflictKind.SHARED_PHONE}
_NOTES = {Place.MERGED: Reason.MERGED, Place.SHARED_PHONE: Reason.SHARED_PHONE}


@dataclass(frozen=True, slots=True)
class _Indexed:
    """A candidate with the ids that he always gets, and the blind indexes by which he is found."""

    who: Candidate
    member: UUID
    account: UUID
    cards: tuple[bytes, ...]
    phone: bytes

    @property
    def all(self) -> tuple[bytes, ...]:
        """Every index."""
        return (*self.cards, self.phone) if self.phone else self.cards


@dataclass(slots=True)
class Members:
    """Rows of members: read, and written a batch at a time.

    `seen` is for a dry run, which writes nothing: names of who was taken before, by index. `run` is
    the import that brings them, if one does.
    """

    centre: Centre
    known: Known
    at: datetime
    seen: dict[bytes, str] | None = None
    run: Run | None = None

    def read(self, number: int, record: Mapping[str, str]) -> Candidate:
        """Read a row; raises RefusedError."""
        return read_candidate(number, record, self.known)

    def stated(self, record: Mapping[str, str]) -> int:
        """Return the points (hundredths) that a row states, as far as that can be read."""
        try:
            return amount(clean(record.get("points", ""), [], "points"), "points")
        except RefusedError:
            return 0

    def write(self, connection: Connection, rows: Sequence[Candidate]) -> list[Verdict]:
        """Enter a batch of members and all that is theirs; return what became of each."""
        batch = [self._indexed(row) for row in rows]
        indexes = {index for one in batch for index in one.all}
        leases.keep_roster(connection)
        members.lock(connection, indexes)
        ids = [one.member for one in batch]
        roll, locked = members.load_locked(connection, ids, indexes, set())
        books = ledger.read(connection, locked, ())
        members.extend(connection, roll, {account.member for account in books.accounts.values()})
        if self.run is not None and self.run.updates:
            owners = {one.member for one in roll.identifiers.values()}
            members.load_ways(connection, roll, books, {*owners, *ids} & roll.members.keys())
        visits = leases.load_visits(connection, self.centre, books.accounts)
        desk = _Desk(self, roll, books, visits)
        verdicts = [desk.enter(one) for one in batch]
        leases.size(connection, books, visits, desk.to_size, self.at)
        leases.save_visits(connection, visits)
        changes = ledger.save(connection, books)
        members.extend(connection, roll, {account.member for account in books.accounts.values()})
        changes += members.save(connection, roll, books)
        for deed in desk.deeds:
            insert_deed(connection, deed)
        conflicts.record(connection, desk.found)
        feed.append(connection, changes)
        if self.seen is not None:
            self.seen.update(desk.seen)
        return verdicts

    def together(self, record: Mapping[str, str]) -> object:  # noqa: ARG002
        """Return None: every row stands alone."""
        return None

    def learn(self, connection: Connection) -> None:
        """Let the database look how much there is by now."""
        members.learn(connection)
        ledger.learn(connection)

    def _indexed(self, row: Candidate) -> _Indexed:
        key = self.centre.keys.index
        cards = tuple(blind_index(key, IdentifierKind.CARD, card) for card in row.cards)
        phone = blind_index(key, IdentifierKind.PHONE, row.phone) if row.phone else b""
        member = _member_id(row, cards, phone)
        return _Indexed(row, member, account_id(member), cards, phone)


class _Desk:
    """What a batch has read, and the members who are entered one by one."""

    def __init__(self, of: Members, roll: Roll, books: Books, visits: leases.Visits) -> None:
        self.to_size: set[UUID] = set()
        self.found: list[Conflict] = []
        self.deeds: list[Done] = []
        self.seen: dict[bytes, str] = {}
        self._of, self._roll, self._books, self._visits = of, roll, books, visits
        merged = (one.id for one in roll.members.values() if one.merged_into is not None)
        self._joined_by_others = {roll.survivor(one).id for one in merged}

    def enter(self, one: _Indexed) -> Verdict:
        """Enter a member, unless somebody has his card, or he is known."""
        who = one.who
        known = self._known(one)
        if known is not None:
            return self._update(one) or known if known.outcome is Outcome.DUPLICATE else known
        placed = self._roll.register(self._books, self._newcomer(one))
        self._follow(one)
        granted = self._grant(one)
        notes = who.notes
        if placed.place is Place.MERGED:
            self._joined_by_others |= {other.id for other in placed.others}
        if placed.place in _NOTES:
            notes = (*notes, Note(_NOTES[placed.place]))
            self._report(one.member, placed)
        self.seen.update((index, who.name) for index in one.all)
        outcome = Outcome.REPAIRED if who.notes else Outcome.ACCEPTED
        return Verdict(who.number, outcome, notes, who.points, granted, who.turnover_minor)

    def _known(self, one: _Indexed) -> Verdict | None:
        """Return the verdict on a row of somebody who has its card or phone already."""
        who, roll = one.who, self._roll
        owners = {owner.id for card in one.cards for owner in roll.owners(card, NOBODY)}
        names = [*(roll.name_of(owner) for owner in owners), *self._seen(one.cards)]
        if any(not _may_be_one(name, who.name) for name in names):
            note = Note(Reason.CARD_OF_ANOTHER, "card")
            return Verdict(who.number, Outcome.REFUSED, (note,), who.points)
        before = roll.members.get(one.member)
        if before is not None and roll.survivor(before.id).state is MemberState.ERASED:
            return Verdict(who.number, Outcome.DUPLICATE, (Note(Reason.ERASED),), who.points)
        is_known = bool(names) or (before is not None and before.registered_on is not None)
        if not one.cards and not is_known:
            on_phone = [roll.name_of(owner.id) for owner in roll.owners(one.phone, NOBODY)]
            same = [*on_phone, *self._seen((one.phone,))]
            is_known = any(compatible(name, who.name) for name in same)
        return Verdict(who.number, Outcome.DUPLICATE, (), who.points) if is_known else None

    def _update(self, one: _Indexed) -> Verdict | None:
        """Bring what has changed of somebody who is known, where that is asked for and it is clear
        who he is."""
        run, who = self._of.run, one.who
        living = self._whom(one) if run is not None and run.updates else []
        if run is None or len(living) != 1 or living[0].state is not MemberState.ACTIVE:
            return None
        member = living[0].id
        scope = self._roll.group(member) if member in self._joined_by_others else [member]
        terms = (one.cards, one.phone, member, run.id, self._of.at, run.actor, scope)
        done = updates.apply(self._roll, self._books, Update(who, *terms))
        if done.deed is None:
            return Verdict(who.number, Outcome.DUPLICATE, done.notes, who.points)
        self.deeds.append(done.deed)
        notes = (*who.notes, *done.notes)
        if done.others:
            notes = (*notes, Note(Reason.SHARED_PHONE))
            self._report(living[0].id, Placed(Place.SHARED_PHONE, done.others), key=done.deed.id)
        return Verdict(who.number, Outcome.UPDATED, notes, who.points)

    def _whom(self, one: _Indexed) -> list[Member]:
        """Return who a row of somebody who is known may be: by card, else by phone and name."""
        roll = self._roll
        found = {owner.id for card in one.cards for owner in roll.owners(card, NOBODY)}
        if not found and one.member in roll.members:
            found = {roll.survivor(one.member).id}
        if not found:
            on_phone = roll.owners(one.phone, NOBODY)
            found = {who.id for who in on_phone if compatible(roll.name_of(who.id), one.who.name)}
        return [roll.members[member] for member in sorted(found)]

    def _seen(self, indexes: Sequence[bytes]) -> list[str]:
        seen = self._of.seen or {}
        return [seen[index] for index in indexes if index in seen]

    def _newcomer(self, one: _Indexed) -> Newcomer:
        who, at = one.who, self._of.at
        known_at = at
        if who.registered_on is not None:
            known_at = min(at, datetime.combine(who.registered_on, time(), UTC))
        is_own = who.role is PhoneRole.OWN
        return Newcomer(
            member=one.member,
            account=one.account,
            card_index=one.cards[0] if one.cards else b"",
            card_tail=_tail(who.cards[0]) if who.cards else "",
            phone_index=one.phone if is_own else b"",
            person=Person(one.member, who.name, who.phone, ",".join(who.cards), who.consent),
            store=who.store,
            day=who.registered_on or at.date(),
            known_at=known_at,
            birthday=who.birthday,
            other_phone_index=b"" if is_own else one.phone,
            role=who.role,
            segments=who.segments,
            tier_floor=who.tier,
            tier_until=who.tier_until,
            dates=who.dates,
        )

    def _follow(self, one: _Indexed) -> None:
        """Note what a registration has no words for: more cards, what is verified, e-mail."""
        who, roll = one.who, self._roll
        for card, index in zip(who.cards[1:], one.cards[1:], strict=True):
            roll.add_card(one.member, index, _tail(card))
        if who.is_verified and who.role is PhoneRole.OWN:
            roll.verify(one.member)
            roll.note_limits(self._books, [one.member])
            self._edit(one, ProfileField.PHONE, who.phone)
        if who.email:
            self._edit(one, ProfileField.EMAIL, who.email)
        if who.store:
            self._visits.note(one.account, who.store, self._of.at)
        self.to_size.add(self._books.accounts[one.account].member)

    def _edit(self, one: _Indexed, field: ProfileField, value: str) -> None:
        is_phone = field is ProfileField.PHONE
        self._roll.add_edit(
            Edit(
                member=one.member,
                field=field,
                version=derived("imported", "edit", one.member),
                replaces=None,
                value=value,
                phone_index=one.phone if is_phone else b"",
                at=self._of.at,
                verified=is_phone,
                store="",
                actor=KIND,
            )
        )

    def _grant(self, one: _Indexed) -> int:
        """Open the account with the points and the turnover that the file states."""
        who, books, account, at = one.who, self._books, one.account, self._of.at
        if who.turnover_minor or who.receipts:
            day = who.turnover_on or who.registered_on or LONG_AGO
            counted = DayCount(day, who.turnover_minor, 0, max(1, who.receipts))
            document = Document(turnover_document(one.member), at, day)
            count_turnover(books, account, counted, document)
        if not who.points:
            return 0
        document = Document(derived("imported", "points", one.member), at)
        lot = Lot(
            id=lot_id(document.uid, 0, account),
            account=account,
            wallet=who.wallet,
            kind=KIND,
            rule="",
            document=document.uid,
            granted=who.points,
            balance=0,
            free=0,
            held=0,
            activates_at=at,
            expires_on=who.points_until,
        )
        granted = grant(books, lot, document, holder=None, kept=0)
        assert granted, f"lot {lot.id} of a new account was there"
        return who.points

    def _report(self, member: UUID, placed: Placed, key: UUID | None = None) -> None:
        others = [other.id for other in placed.others]
        details = {"new": member, "others": ", ".join(map(str, others))}
        about = parties(Role.MEMBER, (member, *others))
        finding = Finding(_CONFLICTS[placed.place], details, about, subject=member)
        self.found.append(conflicts.conflict_of(finding, key or member, (), self._of.at))


def account_id(member: UUID) -> UUID:
    """Return the id that the account of an imported member always gets."""
    return derived("imported", "account", member)


def turnover_document(member: UUID) -> UUID:
    """Return the id under which what an imported member had bought before always counts."""
    return derived("imported", "turnover", member)


def _member_id(row: Candidate, cards: Sequence[bytes], phone: bytes) -> UUID:
    """Return the id that a member always gets: by his card, else by his phone and name."""
    if cards:
        return derived("imported", cards[0].hex())
    return derived("imported", phone.hex(), *sorted(row.name.casefold().split()))


def _may_be_one(known: str, name: str) -> bool:
    """Tell whether who has a card may be the one of a row; without a name he may be anybody."""
    return not known or not name or compatible(known, name)


def _tail(card: str) -> str:
    return card[-PHONE_TAIL_DIGITS:]
