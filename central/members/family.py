"""Families: members who buy on the accounts of one of them, its head, and stay who they are.

As by a merge, accounts are given to another member and no point moves: each keeps his own account,
and has it again, with what is left on it, when he leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.leases import service as leases
from central.members import deed_store, merging, service, store
from central.members.deed_store import Deed, Done
from central.members.merging import Hand
from central.members.roll import Roll
from central.members.store import Member, MemberState
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.books import Books
from shared.member import FamilyRole

RELATIVES_MAX = 8
"""Of one head: a change of his accounts is told to stores once for each."""


class InFamilyError(LoyaltyError):
    """A member who has to do with a family already."""

    kind = Kind.CONFLICT
    code = "in_family"
    ru = "Участник {member} уже состоит в семье."
    en = "Member {member} is in a family already."


class NotInFamilyError(LoyaltyError):
    """A member who buys on his own accounts."""

    kind = Kind.CONFLICT
    code = "not_in_family"
    ru = "Участник {member} не пользуется счётом семьи."
    en = "Member {member} does not use the account of a family."


class FamilyFullError(LoyaltyError):
    """A family with as many relatives as there may be."""

    kind = Kind.CONFLICT
    code = "family_full"
    ru = "В семье уже {most} родственников, больше нельзя."
    en = "The family has {most} relatives already, and may not have more."


class NobodyYetError(LoyaltyError):
    """A member whose registration has not arrived."""

    kind = Kind.CONFLICT
    code = "nobody_yet"
    ru = "Регистрация участника {member} ещё не пришла: повторите, когда придёт."
    en = "The registration of member {member} has not arrived: repeat when it has."


@dataclass(frozen=True, slots=True)
class Joining:
    """Who is to buy on whose accounts, and what he may do there."""

    relative: UUID
    head: UUID
    role: FamilyRole


def join(connection: Connection, centre: Centre, wanted: Joining, hand: Hand) -> Member:
    """Let a member buy on the accounts of another one, the head of his family; return the former.

    What is on his own account is the family's to spend while he is in it. Raises
    UnknownMemberError, SameMemberError, InFamilyError, FamilyFullError, NobodyYetError.
    """
    (done,) = join_each(connection, centre, [wanted], hand)
    if isinstance(done, LoyaltyError):
        raise done
    return done


def join_each(
    connection: Connection, centre: Centre, wanted: Sequence[Joining], hand: Hand
) -> list[Member | LoyaltyError]:
    """Let members join families; return each as he is then, or why he may not.

    Raises UnknownMemberError, ErasedMemberError for ids that are nobody's.
    """
    if not wanted:
        return []
    ids = dict.fromkeys(who for one in wanted for who in (one.relative, one.head))
    roll, books = merging.load_whole(connection, ids)
    done: list[Member | LoyaltyError] = []
    heads: set[UUID] = set()
    for one in wanted:
        try:
            joined = _joined(roll, books, one, hand)
        except LoyaltyError as error:
            done.append(error)
            continue
        told = replace(hand, note=f"{one.role.value}: {hand.note}")
        for deed in _deeds(centre, (joined.id, joined.head or one.head, Deed.FAMILY_JOINED), told):
            deed_store.insert_deed(connection, deed)
        done.append(joined)
        heads.add(joined.head or one.head)
    if heads:
        visits = leases.load_visits(connection, centre, books.accounts)
        leases.size(connection, books, visits, heads, hand.at)
        merging.save(connection, roll, books)
    return done


def _joined(roll: Roll, books: Books, one: Joining, hand: Hand) -> Member:
    joining, to = roll.survivor(one.relative), roll.survivor(one.head)
    if joining.id == to.id:
        raise merging.SameMemberError(left=one.relative, right=one.head, survivor=to.id)
    _check_free(joining, to)
    changed = replace(joining, head=to.id, family_role=one.role.value, family_since=hand.at)
    roll.share(books, changed, replace(to, relatives=to.relatives + 1))
    return changed


def leave(connection: Connection, centre: Centre, relative: UUID, hand: Hand) -> UUID:
    """Let a member buy on his own accounts again, with what is left there; return the head.

    What he has earned in the family stays with it. Raises UnknownMemberError, NotInFamilyError.
    """
    roll, books = merging.load_whole(connection, (relative,))
    leaving = roll.survivor(relative)
    if leaving.head is None:
        raise NotInFamilyError(member=relative)
    head = part(roll, books, leaving)
    _save(connection, roll, books, _deeds(centre, (leaving.id, head, Deed.FAMILY_LEFT), hand))
    return head


def give_role(
    connection: Connection, centre: Centre, relative: UUID, role: FamilyRole, hand: Hand
) -> None:
    """Let a relative redeem from now on, or only earn; repeating is safe.

    Raises UnknownMemberError, NotInFamilyError.
    """
    roll, books = merging.load_whole(connection, (relative,))
    one = roll.survivor(relative)
    if one.head is None:
        raise NotInFamilyError(member=relative)
    changed = replace(one, family_role=role.value)
    roll.share(books, changed, roll.survivor(one.head))
    told = replace(hand, note=f"{role.value}: {hand.note}")
    _save(connection, roll, books, _deeds(centre, (one.id, one.head, Deed.FAMILY_ROLE), told))


def dissolve(
    connection: Connection, centre: Centre, member: UUID, roll: Roll, books: Books, hand: Hand
) -> None:
    """Let whoever is in a family with a member, and he himself, buy on their own accounts again.

    The caller has loaded all accounts and identifiers of the member, and saves the roll.
    """
    one = roll.survivor(member)
    relatives = store.relatives_of(connection, [one.id]) if one.relatives else []
    service.extend(connection, roll, relatives)
    roll.enter(
        (), store.identifiers_of(connection, relatives), store.persons(connection, relatives)
    )
    for who in relatives if one.head is None else [one.id]:
        head = part(roll, books, roll.members[who])
        for done in _deeds(centre, (who, head, Deed.FAMILY_LEFT), hand):
            deed_store.insert_deed(connection, done)


def part(roll: Roll, books: Books, leaving: Member) -> UUID:
    """Give a relative his own accounts again; return the head, who has one relative less."""
    assert leaving.head is not None, f"member {leaving.id} is in no family"
    head = roll.survivor(leaving.head)
    changed = replace(leaving, head=None, family_role="", family_since=None)
    roll.share(books, changed, replace(head, relatives=head.relatives - 1))
    return head.id


def _check_free(joining: Member, to: Member) -> None:
    for one in (joining, to):
        if one.state is not MemberState.ACTIVE:
            raise NobodyYetError(member=one.id)
    if joining.is_in_family:
        raise InFamilyError(member=joining.id)
    if to.head is not None:
        raise InFamilyError(member=to.id)
    if to.relatives >= RELATIVES_MAX:
        raise FamilyFullError(most=RELATIVES_MAX)


_OTHER_SIDE = {
    Deed.FAMILY_JOINED: Deed.RELATIVE_JOINED,
    Deed.FAMILY_LEFT: Deed.RELATIVE_LEFT,
    Deed.FAMILY_ROLE: Deed.RELATIVE_ROLE,
}


def _save(connection: Connection, roll: Roll, books: Books, deeds: tuple[Done, Done]) -> None:
    own, heads = deeds
    deed_store.insert_deed(connection, heads)
    merging.save_deed(connection, roll, books, own)


def _deeds(centre: Centre, move: tuple[UUID, UUID, Deed], hand: Hand) -> tuple[Done, Done]:
    """Return a deed as the relative's time line tells it, and as that of the head does."""
    relative, head, deed = move
    own = merging.deed_of(centre, hand, deed, relative, head)
    return own, replace(
        own,
        id=uuid7(hand.at, centre.chance),
        member=head,
        other=relative,
        deed=_OTHER_SIDE[deed],
    )
