"""Phones that find a member and are not, or not only, his own: added and dropped by hand."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.members import merging, service, store
from central.members.deed_store import Deed
from central.members.merging import Hand
from central.members.roll import PHONE_TAIL_DIGITS
from central.members.store import Identifier, IdentifierState
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.member import PhoneRole

PHONES_MAX = 8
"""Of one member that are others'."""


class OwnPhoneError(LoyaltyError):
    """A phone that is a member's own: that is a matter of his profile."""

    kind = Kind.CONFLICT
    code = "own_phone"
    ru = "Это собственный телефон участника: он меняется в анкете."
    en = "This is the member's own phone: it is changed in his profile."


class TooManyPhonesError(LoyaltyError):
    """A member whom as many phones of others find as may."""

    kind = Kind.CONFLICT
    code = "too_many_phones"
    ru = "У участника уже {most} чужих телефонов, больше нельзя."
    en = "The member has {most} phones of others already, and may not have more."


class NotHisPhoneError(LoyaltyError):
    """A phone that does not find the member."""

    kind = Kind.NOT_FOUND
    code = "not_his_phone"
    ru = "Этот телефон не находит участника."
    en = "This phone does not find the member."


def add_phone(
    connection: Connection, centre: Centre, member: UUID, phone: str, role: PhoneRole, hand: Hand
) -> None:
    """Let a relative's or a shared phone find a member; whoever else has it keeps it.

    Repeating is safe. Raises UnknownMemberError, ErasedMemberError, OwnPhoneError,
    TooManyPhonesError.
    """
    index = blind_index(centre.keys.index, IdentifierKind.PHONE, phone)
    service.lock(connection, [index])
    roll, books = merging.load_whole(connection, (member,))
    living = roll.survivor(member).id
    claims = [one for one in roll.claims_of(living) if one.kind is IdentifierKind.PHONE]
    known = [one for one in claims if one.state is not IdentifierState.REVOKED]
    if role is PhoneRole.OWN or any(
        one.index == index and one.role is PhoneRole.OWN for one in known
    ):
        raise OwnPhoneError
    others = [one for one in known if one.role is not PhoneRole.OWN and one.index != index]
    if len(others) >= PHONES_MAX:
        raise TooManyPhonesError(most=PHONES_MAX)
    kind, tail, state = IdentifierKind.PHONE, phone[-PHONE_TAIL_DIGITS:], IdentifierState.CLAIMED
    roll.claim(Identifier(index, living, living, kind, tail, None, state, role))
    told = replace(hand, note=f"{role.value}: {hand.note}")
    merging.save_deed(
        connection, roll, books, merging.deed_of(centre, told, Deed.PHONE_ADDED, living)
    )


def drop_phone(
    connection: Connection, centre: Centre, member: UUID, phone: str, hand: Hand
) -> None:
    """Let a phone of others find a member no more.

    Raises UnknownMemberError, ErasedMemberError, OwnPhoneError, NotHisPhoneError.
    """
    index = blind_index(centre.keys.index, IdentifierKind.PHONE, phone)
    service.lock(connection, [index])
    roll, books = merging.load_whole(connection, (member,))
    living = roll.survivor(member).id
    found = [
        one
        for one in store.identifiers(connection, [index])
        if one.member == living and one.state is not IdentifierState.REVOKED
    ]
    if not found:
        raise NotHisPhoneError
    if any(one.role is PhoneRole.OWN for one in found):
        raise OwnPhoneError
    for one in found:
        roll.claim(replace(one, state=IdentifierState.REVOKED))
    merging.save_deed(
        connection, roll, books, merging.deed_of(centre, hand, Deed.PHONE_DROPPED, living)
    )
