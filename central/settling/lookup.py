"""Members found and shown to a person who settles what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.ledger import service as ledger
from central.members import editing, store
from central.members import service as members
from central.members.deed_store import Done, deeds
from central.members.imports import identifier_indexes
from central.members.merging import UnknownMemberError
from central.members.profile import Edit
from central.members.store import Identifier, IdentifierState, Member, Person
from shared.errors import Kind, LoyaltyError
from shared.ledger.books import Account
from shared.member import FamilyRole, ProfileField
from shared.runtime.sqlite import reading

DEEDS_SHOWN_MAX = 50


class SeveralMembersError(LoyaltyError):
    """A phone or card that several members have."""

    kind = Kind.CONFLICT
    code = "several_members"
    ru = "«{who}» — это несколько участников: {members}. Укажите одного."
    en = "'{who}' is several members: {members}. Name one of them."


@dataclass(frozen=True, slots=True)
class Shown:
    """A member with what is his: accounts with points (hundredths) in them, ways to find him.

    `person` is the personal part of his registration, `edits` what was said later, `counted` which
    of that counts; as far as it is not erased. `joined` are those merged into him, `relatives`
    those who buy on his accounts. In another's family, `accounts` are the head's, his own among
    them.
    """

    member: Member
    person: Person | None
    joined: tuple[Member, ...]
    accounts: tuple[tuple[Account, int], ...]
    identifiers: tuple[Identifier, ...]
    deeds: tuple[Done, ...]
    edits: tuple[Edit, ...]
    counted: Mapping[ProfileField, Edit]
    relatives: tuple[Member, ...] = ()

    @property
    def redeems_from(self) -> list[UUID]:
        """The accounts whose points he may spend: who only earns for his family, his own."""
        if self.member.family_role == FamilyRole.EARNS:
            return self.own_accounts
        return [account.id for account, _ in self.accounts]

    @property
    def own_accounts(self) -> list[UUID]:
        """The accounts that he and those who joined him have brought."""
        people = {self.member.id, *(one.id for one in self.joined)}
        return [account.id for account, _ in self.accounts if account.owner in people]


def living(centre: Centre, who: str) -> UUID:
    """Return the member who lives on under an id, a card or a phone.

    Raises UnknownMemberError, SeveralMembersError.
    """
    with reading(centre.engine) as connection:
        if (named := _id(who)) is not None:
            roll = members.load(connection, [named], ())
            found = {roll.survivor(named).id} if named in roll.members else set()
        else:
            claims = _claims(connection, centre, who)
            roll = members.load(connection, {one.owner for one in claims}, ())
            found = {roll.survivor(one.owner).id for one in claims}
    return _only(who, found)


def pays_with(centre: Centre, who: str) -> list[UUID]:
    """Return the accounts that an id, a card or a phone lets redeem, as stores know it: who has
    joined another by a phone that is only claimed pays with his own.

    Raises UnknownMemberError, SeveralMembersError.
    """
    shown = show(centre, living(centre, who))
    if (named := _id(who)) is not None:
        claims = [one for one in shown.identifiers if one.owner == named]
    else:
        with reading(centre.engine) as connection:
            claims = _claims(connection, centre, who)
    limits = {one.account for one in claims}
    if not limits or None in limits:
        return shown.redeems_from
    return [one for one in shown.redeems_from if one in limits]


def claimant(centre: Centre, who: str) -> UUID:
    """Return who has claimed a card or phone himself, merged or not; or who has an id.

    Raises UnknownMemberError, SeveralMembersError.
    """
    if (named := _id(who)) is not None:
        return named
    with reading(centre.engine) as connection:
        return _only(who, {one.owner for one in _claims(connection, centre, who)})


def show(centre: Centre, member: UUID) -> Shown:
    """Return what is known of a member; raises UnknownMemberError."""
    with reading(centre.engine) as connection:
        roll = members.load(connection, [member], ())
        if member not in roll.members:
            raise UnknownMemberError(member=member)
        books = ledger.load(connection, (), members=[roll.payer(member)])
        accounts = members.accounts_of(roll, books, member)
        relatives = store.relatives_of(connection, [member])
        members.extend(connection, roll, relatives)
        identifiers = store.identifiers_of(connection, [roll.survivor(member).id])
        members.extend(connection, roll, {account.owner for account in accounts})
        members.load_ways(connection, roll, books, [member])
        persons = store.persons(connection, [member])
        done = deeds(connection, [member], DEEDS_SHOWN_MAX)
    balances = {one.id: sum(lot.balance for lot in books.lots_of(one.id)) for one in accounts}
    owners = {one.owner for one in accounts} - {member}
    joined = {one for one in owners if roll.survivor(one).id == member}
    edits = [edit for one in (member, *sorted(joined)) for edit in roll.edits.get(one, ())]
    own = [one for one in identifiers if member in (one.member, one.owner)]
    return Shown(
        member=roll.members[member],
        person=persons[0] if persons else None,
        joined=tuple(roll.members[one] for one in sorted(joined)),
        accounts=tuple((account, balances[account.id]) for account in accounts),
        identifiers=tuple(one for one in own if one.state is not IdentifierState.REVOKED),
        deeds=tuple(done),
        edits=tuple(sorted(edits, key=lambda edit: (edit.field, edit.at, edit.version))),
        counted=editing.counted(roll, member, joined),
        relatives=tuple(roll.members[one] for one in relatives),
    )


def _id(who: str) -> UUID | None:
    try:
        return UUID(who)
    except ValueError:
        return None


def _claims(connection: Connection, centre: Centre, who: str) -> list[Identifier]:
    found = store.identifiers(connection, identifier_indexes(centre, who))
    return [one for one in found if one.state is not IdentifierState.REVOKED]


def _only(who: str, found: Iterable[UUID]) -> UUID:
    named = sorted(found)
    if not named:
        raise UnknownMemberError(member=who)
    if len(named) > 1:
        raise SeveralMembersError(who=who, members=", ".join(map(str, named)))
    return named[0]
