"""Members merged, parted and verified by hand: accounts and identifiers follow, no point moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.ledger import service as ledger
from central.members import service, store
from central.members.roll import Roll
from central.members.store import Deed, Done, Member, MemberState
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.books import Books


class UnknownMemberError(LoyaltyError):
    """Nobody has this id, card or phone."""

    kind = Kind.NOT_FOUND
    code = "no_such_member"
    ru = "Участник {member} не найден."
    en = "There is no member {member}."


class SameMemberError(LoyaltyError):
    """Both are one member already."""

    kind = Kind.CONFLICT
    code = "same_member"
    ru = "{left} и {right} уже один участник: {survivor}."
    en = "{left} and {right} are one member already: {survivor}."


class NotMergedError(LoyaltyError):
    """A member who lives on his own."""

    kind = Kind.CONFLICT
    code = "not_merged"
    ru = "Участник {member} ни с кем не соединён."
    en = "Member {member} is merged into nobody."


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

    A person survives a member of whom only a card is known. Cards redeem all that is his then,
    but for those that a former merge by phone has limited. Raises UnknownMemberError,
    SameMemberError.
    """
    roll, books = _load(connection, (left, right))
    ends = [roll.survivor(one) for one in (left, right)]
    if ends[0].id == ends[1].id:
        raise SameMemberError(left=left, right=right, survivor=ends[0].id)
    survivor, joining = sorted(ends, key=_known_longer)
    roll.join(books, joining.id, survivor.id)
    _save(connection, centre, roll, books, (Deed.MERGED, joining.id, survivor.id), hand)
    return Joined(survivor.id, joining.id)


def unmerge(connection: Connection, centre: Centre, member: UUID, hand: Hand) -> Joined:
    """Part a member from whom he was merged into: each has again what is his own.

    So have those who had joined him, with him. Facts that came meanwhile name their accounts, and
    come along. Raises UnknownMemberError, NotMergedError.
    """
    roll, books = _load(connection, (member,))
    into = roll.members[member].merged_into
    if into is None:
        raise NotMergedError(member=member)
    survivor = roll.survivor(member).id
    roll.part(books, member)
    _save(connection, centre, roll, books, (Deed.UNMERGED, member, into), hand)
    return Joined(survivor, member)


def verify(connection: Connection, centre: Centre, member: UUID, hand: Hand) -> None:
    """Note that a member has shown that the phone he claimed is his: his cards are limited no more.

    It is his own claim that is verified, not that of others who have the same phone. Repeating is
    safe. Raises UnknownMemberError, NoPhoneError.
    """
    roll, books = _load(connection, (member,))
    if not roll.phones_of(member):
        raise NoPhoneError(member=member)
    roll.verify(member)
    _save(connection, centre, roll, books, (Deed.VERIFIED, member, None), hand)


def _load(connection: Connection, wanted: Iterable[UUID]) -> tuple[Roll, Books]:
    """Read members with all who joined them, and all that is theirs, locked."""
    wanted = tuple(wanted)
    known = {one.id for one in store.members(connection, wanted)}
    for member in wanted:
        if member not in known:
            raise UnknownMemberError(member=member)
    roll, locked = service.load_locked(connection, wanted, (), set())
    living = roll.survivors
    books = ledger.read(connection, locked, ())
    identifiers = store.identifiers_of(connection, living)
    owners = {account.owner for account in books.accounts.values()}
    service.extend(connection, roll, owners | {one.owner for one in identifiers})
    roll.enter((), identifiers, ())
    return roll, books


def _save(
    connection: Connection,
    centre: Centre,
    roll: Roll,
    books: Books,
    deed: tuple[Deed, UUID, UUID | None],
    hand: Hand,
) -> None:
    what, member, other = deed
    done_id = uuid7(hand.at, centre.chance)
    store.insert_deed(
        connection, Done(done_id, member, other, what, hand.at, hand.actor, hand.note)
    )
    changes = ledger.save(connection, books)
    feed.append(connection, [*changes, *service.save(connection, roll, books)])


def _known_longer(member: Member) -> tuple[bool, datetime, UUID]:
    return (member.state is not MemberState.ACTIVE, member.known_at, member.id)
