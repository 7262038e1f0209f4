"""Members merged, parted and verified by hand: accounts and identifiers follow, no point moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.ledger import service as ledger
from central.members import deed_store, service, store
from central.members.deed_store import Deed, Done
from central.members.editing import known_longer
from central.members.profile import Edit, in_force
from central.members.roll import Roll
from central.members.store import Identifier, MemberState
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.books import Books
from shared.member import ProfileField


class UnknownMemberError(LoyaltyError):
    """Nobody has this id, card or phone."""

    kind = Kind.NOT_FOUND
    code = "no_such_member"
    ru = "Участник {member} не найден."
    en = "There is no member {member}."


class ErasedMemberError(LoyaltyError):
    """A member whose personal data were erased: nobody knows who he was."""

    kind = Kind.CONFLICT
    code = "member_erased"
    ru = "Данные участника {member} стёрты: с ним больше ничего не сделать."
    en = "The data of member {member} were erased: nothing can be done with him any more."


class SameMemberError(LoyaltyError):
    """Both are one member already."""

    kind = Kind.CONFLICT
    code = "same_member"
    ru = "Это уже один участник: {survivor}."
    en = "These are one member already: {survivor}."


class NotMergedError(LoyaltyError):
    """A member who lives on his own."""

    kind = Kind.CONFLICT
    code = "not_merged"
    ru = "Участник {member} ни с кем не соединён."
    en = "Member {member} is merged into nobody."


class BothInFamilyError(LoyaltyError):
    """Two members of whom each has to do with a family: one of them has to leave it first."""

    kind = Kind.CONFLICT
    code = "both_in_family"
    ru = "И {left}, и {right} состоят в семье: сначала один из них должен из неё выйти."
    en = "Both {left} and {right} are in a family: one of them has to leave it first."


class NoPhoneError(LoyaltyError):
    """A member who has not claimed a phone himself."""

    kind = Kind.CONFLICT
    code = "no_phone"
    ru = "У участника {member} нет своего телефона."
    en = "Member {member} has no phone of his own."


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does something to a member by hand, when, and why."""

    actor: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge: who lives on, and who joined him."""

    survivor: UUID
    member: UUID


def merge(connection: Connection, centre: Centre, left: UUID, right: UUID, hand: Hand) -> Joined:
    """Merge two members, or those in whom they live on; the one known longer survives.

    A person survives a member of whom only a card is known, and who is in a family one who is in
    none. Cards redeem all that is his then, but for those that a former merge by phone has limited.
    Raises UnknownMemberError, SameMemberError, BothInFamilyError.
    """
    roll, books = load_whole(connection, (left, right))
    ends = [roll.survivor(one) for one in (left, right)]
    if ends[0].id == ends[1].id:
        raise SameMemberError(left=left, right=right, survivor=ends[0].id)
    if all(one.is_in_family for one in ends):
        raise BothInFamilyError(left=left, right=right)
    survivor, joining = sorted(ends, key=known_longer)
    roll.join(books, joining.id, survivor.id)
    done = deed_of(centre, hand, Deed.MERGED, joining.id, survivor.id)
    save_deed(connection, roll, books, done)
    return Joined(survivor.id, joining.id)


def unmerge(connection: Connection, centre: Centre, member: UUID, hand: Hand) -> Joined:
    """Part a member from whom he was merged into: each has again what is his own.

    So have those who had joined him, with him. Facts that came meanwhile name their accounts, and
    come along. Raises UnknownMemberError, NotMergedError.
    """
    roll, books = load_whole(connection, (member,))
    into = roll.members[member].merged_into
    if into is None:
        raise NotMergedError(member=member)
    survivor = roll.survivor(member).id
    roll.part(books, member)
    save_deed(connection, roll, books, deed_of(centre, hand, Deed.UNMERGED, member, into))
    return Joined(survivor, member)


def verify(connection: Connection, centre: Centre, member: UUID, hand: Hand) -> None:
    """Note that a member has shown that the phone he claimed is his: his cards are limited no more
    if by that phone he has joined others.

    It is his own claim that is verified, not that of others who have the same phone. Repeating is
    safe. Raises UnknownMemberError, NoPhoneError.
    """
    roll, books = load_whole(connection, (member,))
    phones = roll.phones_of(member)
    if not phones:
        raise NoPhoneError(member=member)
    roll.verify(member)
    roll.note_limits(books, roll.joined(member))
    done = deed_of(centre, hand, Deed.VERIFIED, member)
    _note_verified(roll, phones[0], done)
    save_deed(connection, roll, books, done)


def _note_verified(roll: Roll, phone: Identifier, done: Done) -> None:
    """Keep that the phone which counts is verified, unless that was noted before: what is said of
    it at tills does not replace it."""
    member = done.member
    counts = in_force(roll.edits_of([member], ProfileField.PHONE))
    person = roll.persons.get(member)
    value = counts.value if counts else person.phone if person else None
    if value and not (counts and counts.verified):
        replaced = counts.version if counts else None
        roll.add_edit(
            Edit(
                member=member,
                field=ProfileField.PHONE,
                version=done.id,
                replaces=replaced,
                value=value,
                phone_index=phone.index,
                at=done.at,
                verified=True,
                store="",
                actor=done.actor,
            )
        )


def load_whole(connection: Connection, wanted: Iterable[UUID]) -> tuple[Roll, Books]:
    """Read members with all who joined them, and all that is theirs, locked.

    Raises UnknownMemberError, ErasedMemberError.
    """
    wanted = tuple(wanted)
    known = {one.id for one in store.members(connection, wanted)}
    for member in wanted:
        if member not in known:
            raise UnknownMemberError(member=member)
    roll, locked = service.load_locked(connection, wanted, (), set())
    for member in wanted:
        if roll.survivor(member).state is MemberState.ERASED:
            raise ErasedMemberError(member=member)
    living = roll.survivors
    books = ledger.read(connection, locked, ())
    identifiers = store.identifiers_of(connection, living)
    owners = {account.owner for account in books.accounts.values()}
    service.extend(connection, roll, owners | {one.owner for one in identifiers})
    roll.enter((), identifiers, store.persons(connection, {*wanted, *living}))
    return roll, books


def save_deed(connection: Connection, roll: Roll, books: Books, done: Done) -> None:
    """Write what a person did by hand, and what became of members by it."""
    deed_store.insert_deed(connection, done)
    save(connection, roll, books)


def save(connection: Connection, roll: Roll, books: Books) -> None:
    """Write what became of members and of their accounts, and tell stores."""
    changes = ledger.save(connection, books)
    feed.append(connection, [*changes, *service.save(connection, roll, books)])


def deed_of(
    centre: Centre, hand: Hand, deed: Deed, member: UUID, other: UUID | None = None
) -> Done:
    """Return what a person does to a member now."""
    done_id = uuid7(hand.at, centre.chance)
    return Done(done_id, member, other, deed, hand.at, hand.actor, hand.note)
