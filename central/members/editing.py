"""Profiles edited: the value that counts is shown, and the phones that find a member follow it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from central.members.newcomer import Place, Placed
from central.members.profile import Contest, Edit, contested, in_force, profile
from central.members.roll import PHONE_TAIL_DIGITS, Roll
from central.members.store import Identifier, IdentifierState, Member, MemberState
from shared.crypto.blind import IdentifierKind
from shared.ledger.books import Books
from shared.member import ProfileField
from shared.names import compatible

_REVOKED = IdentifierState.REVOKED


def enter(roll: Roll, edit: Edit) -> Contest | None:
    """Keep an edit; return who lost to whom by it, if somebody did.

    The caller has loaded everybody who is one person with the member, with their edits.
    """
    scope = scope_of(roll, edit.member, edit.field)
    contest = contested(roll.edits_of(scope, edit.field), edit)
    roll.add_edit(edit)
    return contest


def scope_of(roll: Roll, member: UUID, field: ProfileField) -> list[UUID]:
    """Return whose edits of a field stand against each other; a phone is each one's own."""
    return [member] if field is ProfileField.PHONE else roll.group(member)


def counted(roll: Roll, member: UUID, joined: Iterable[UUID]) -> dict[ProfileField, Edit]:
    """Return by field which edits count for a member and those who joined him.

    A phone is each one's own: it finds all of them, whoever of them has it. Who is limited to his
    own account does not say what the others are called.
    """
    people = [one for one in (member, *joined) if one in roll.edits]
    people = [one for one in people if one == member or not roll.is_limited(one)]
    found = profile(edit for one in people for edit in roll.edits[one])
    found.pop(ProfileField.PHONE, None)
    own = in_force(roll.edits_of([member], ProfileField.PHONE))
    if own is not None:
        found[ProfileField.PHONE] = own
    return found


def follow_phone(roll: Roll, member: UUID) -> Edit | None:
    """Let the phone that counts find a member, and his former ones no more; return its edit.

    One of others stood in the place of his own until he has one; later they find him beside it.

    The caller has loaded all identifiers of the member and of whoever has that phone.
    """
    phone = in_force(roll.edits_of([member], ProfileField.PHONE))
    if phone is None:
        return None
    claims = roll.identifiers.values()
    own = [one for one in claims if one.owner == member and one.state is not _REVOKED]
    limit = next((one.account for one in own if one.account is not None), None)
    had_his_own = any(one.is_own_phone for one in own)
    for one in own:
        is_former = one.is_own_phone or not had_his_own
        if one.kind is IdentifierKind.PHONE and one.index != phone.phone_index and is_former:
            _claim(roll, replace(one, state=_REVOKED))
    living = roll.survivor(member).id
    state = IdentifierState.VERIFIED if phone.verified else IdentifierState.CLAIMED
    if limit is not None and _is_found_by(roll, phone.phone_index, living, but=member):
        state = IdentifierState.JOINED
    tail = (phone.value or "")[-PHONE_TAIL_DIGITS:]
    kind = IdentifierKind.PHONE
    _claim(roll, Identifier(phone.phone_index, member, living, kind, tail, limit, state))
    return phone


def place(roll: Roll, books: Books, member: UUID, phone: Edit) -> Placed:
    """Say what becomes of a member whose new phone somebody else has, as at a registration.

    One person under compatible names becomes one member: the one known longer survives, and the
    cards of him who claims the phone redeem nothing but his own account until it is verified. Other
    names, and whoever is more than one already, are a case for people. The caller has loaded all
    accounts and identifiers of both.
    """
    living = roll.survivor(member)
    others = roll.owners(phone.phone_index, living.id)
    name = roll.name_of(living.id)
    same = [one for one in others if compatible(roll.name_of(one.id), name)]
    if len(same) == 1 and living.id == member and _is_alone(roll, books, member):
        survivor, joining = sorted((living, same[0]), key=known_longer)
        _limit(roll, books, member, phone.phone_index)
        roll.join(books, joining.id, survivor.id)
        return Placed(Place.MERGED, (same[0],))
    return Placed(Place.SHARED_PHONE if others else Place.NEW, tuple(others))


def known_longer(member: Member) -> tuple[bool, bool, datetime, UUID]:
    """Order members so that who survives a merge comes first: a person, who is in a family, then
    the longest known."""
    is_alone = not member.is_in_family
    return (member.state is not MemberState.ACTIVE, is_alone, member.known_at, member.id)


def _is_alone(roll: Roll, books: Books, member: UUID) -> bool:
    accounts = books.accounts_of(member)
    ways = [one.owner for one in roll.identifiers.values() if one.member == member]
    return bool(accounts) and {*ways, *(one.owner for one in accounts)} == {member}


def _limit(roll: Roll, books: Books, member: UUID, phone_index: bytes) -> None:
    account = books.accounts_of(member)[0].id
    for one in [*roll.identifiers.values()]:
        if one.owner == member and one.state is not _REVOKED:
            joins = one.index == phone_index
            state = IdentifierState.JOINED if joins else one.state
            _claim(roll, replace(one, account=account, state=state))


def _is_found_by(roll: Roll, index: bytes, living: UUID, but: UUID) -> bool:
    claims: Iterable[Identifier] = roll.identifiers.values()
    return any(
        one.index == index and one.member == living and one.owner != but and one.is_shown
        for one in claims
    )


def _claim(roll: Roll, one: Identifier) -> None:
    roll.identifiers[(one.index, one.owner)] = one
    roll.changed_identifiers.add((one.index, one.owner))
