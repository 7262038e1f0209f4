"""A phone or an e-mail address shown to be a member's by a one-time code that was sent there."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from central.centre import Centre
from central.members import editing, merging, profiles, proof_store
from central.members.merging import Hand, NoPhoneError
from central.members.profile import in_force
from central.members.profiles import Proposal
from central.members.proof_store import Proof
from central.members.roll import Roll
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.member import ProfileField

DIGITS: Final = 6
LIFE: Final = timedelta(minutes=10)
FAILURES_MAX: Final = 5
"""Of one code; so somebody who guesses has 5 of a million chances, 25 a day."""
PAUSE: Final = timedelta(minutes=1)
A_DAY_MAX: Final = 5
DAY: Final = timedelta(days=1)
PROVABLE: Final = (ProfileField.PHONE, ProfileField.EMAIL)


class NotProvableError(LoyaltyError):
    """A field to which nothing can be sent."""

    kind = Kind.INVALID
    code = "not_provable"
    ru = "Кодом подтверждают телефон или почту."
    en = "A code proves a phone or an e-mail address."


class NoAddressError(LoyaltyError):
    """A member of whom no e-mail address is known."""

    kind = Kind.CONFLICT
    code = "no_address"
    ru = "У участника {member} не указана почта."
    en = "Member {member} has no e-mail address."


class TooManyCodesError(LoyaltyError):
    """Codes that were asked for too often."""

    kind = Kind.CONFLICT
    code = "too_many_proofs"
    ru = "Код уже отправлен. Следующий можно запросить после {after} UTC."
    en = "A code was sent already. The next one can be asked for after {after} UTC."


class NoCodeError(LoyaltyError):
    """No code is waited for: none was sent, or it is too old, or served, or was wrong too often."""

    kind = Kind.CONFLICT
    code = "no_proof"
    ru = "Действующего кода нет: запросите новый."
    en = "There is no code that is good now: ask for another one."


class WrongCodeError(LoyaltyError):
    """Another code than the one that was sent."""

    kind = Kind.FORBIDDEN
    code = "wrong_proof"
    ru = "Код неверен. Осталось попыток: {left}."
    en = "The code is wrong. Tries left: {left}."


class OtherContactError(LoyaltyError):
    """A phone or address that was edited after the code was sent."""

    kind = Kind.CONFLICT
    code = "other_contact"
    ru = "Контакт изменён после отправки кода: запросите новый."
    en = "The contact was changed after the code was sent: ask for another one."


@dataclass(frozen=True, slots=True)
class Letter:
    """A code on its way: to whom, by which field; `id` is the same however often it is sent."""

    id: UUID
    field: ProfileField
    to: str
    code: str


class Verdict(Enum):
    """What a typed code was."""

    RIGHT = auto()
    WRONG = auto()
    NONE = auto()


def issue(
    connection: Connection, centre: Centre, member: UUID, field: ProfileField, hand: Hand
) -> Letter:
    """Make a code for a member's phone or address, in the place of an earlier one.

    The caller sends it when it is kept. Raises UnknownMemberError, ErasedMemberError,
    NotProvableError, NoPhoneError, NoAddressError, TooManyCodesError.
    """
    roll, _ = merging.load_whole(connection, (member,))
    to = _contact(roll, member, field)
    target = _target(centre, field, to)
    sent, last = proof_store.sent_since(connection, member, target, hand.at - DAY)
    if last is not None and hand.at < last + PAUSE:
        raise TooManyCodesError(after=f"{last + PAUSE:%H:%M:%S}")
    if last is not None and sent >= A_DAY_MAX:
        raise TooManyCodesError(after=f"{last + DAY:%Y-%m-%d %H:%M}")
    letter = Letter(uuid7(hand.at, centre.chance), field, to, _code(centre))
    proof = Proof(
        id=letter.id,
        member=member,
        field=field.value,
        target=target,
        code=_hash(centre, letter.id, letter.code),
        sent_at=hand.at,
        ends_at=hand.at + LIFE,
        failures=0,
        is_over=False,
        actor=hand.actor,
    )
    proof_store.insert(connection, proof)
    return letter


def check(
    connection: Connection,
    centre: Centre,
    member: UUID,
    field: ProfileField,
    typed: str,
    at: datetime,
) -> tuple[Verdict, Proof | None]:
    """Say what a typed code is, and count it: the caller commits that before he refuses it.

    Raises UnknownMemberError, ErasedMemberError.
    """
    merging.load_whole(connection, (member,))  # locked as for a new code, and in the same order
    proof = proof_store.open_one(connection, member, field.value)
    if proof is None or at >= proof.ends_at:
        return Verdict.NONE, None
    told = _hash(centre, proof.id, typed.strip())
    is_right = hmac.compare_digest(told, proof.code)
    failures = proof.failures + (0 if is_right else 1)
    now = replace(proof, failures=failures, is_over=is_right or failures >= FAILURES_MAX)
    proof_store.move(connection, now)
    return Verdict.RIGHT if is_right else Verdict.WRONG, now


def prove(connection: Connection, centre: Centre, proof: Proof, hand: Hand) -> None:
    """Note that a phone or address is verified: it beats what is said of it at tills.

    Raises UnknownMemberError, ErasedMemberError, NoPhoneError, NoAddressError, OtherContactError.
    """
    roll, _ = merging.load_whole(connection, (proof.member,))
    field = ProfileField(proof.field)
    value = _contact(roll, proof.member, field)
    if _target(centre, field, value) != proof.target:
        raise OtherContactError
    if field is ProfileField.PHONE:
        merging.verify(connection, centre, proof.member, hand)
    else:
        profiles.edit(
            connection, centre, proof.member, Proposal({field: value}, verified=True), hand
        )


def _contact(roll: Roll, member: UUID, field: ProfileField) -> str:
    """Return the phone or address of a member that counts, as his own."""
    counts = in_force(roll.edits_of(editing.scope_of(roll, member, field), field))
    if field is ProfileField.EMAIL:
        if counts is None or not counts.value:
            raise NoAddressError(member=member)
        return counts.value
    if field is not ProfileField.PHONE:
        raise NotProvableError
    person = roll.persons.get(member)
    phone = (counts.value if counts else person.phone if person else "") or ""
    if not phone or not roll.phones_of(member):
        raise NoPhoneError(member=member)
    return phone


def _code(centre: Centre) -> str:
    return f"{centre.chance.randrange(10**DIGITS):0{DIGITS}}"


def _hash(centre: Centre, proof: UUID, code: str) -> bytes:
    """Return the hash of a code, under a key that no store has: there are few codes to guess."""
    key = hmac.digest(centre.keys.streams, b"proof", hashlib.sha256)
    return hmac.digest(key, f"{proof}:{code}".encode(), hashlib.sha256)


def _target(centre: Centre, field: ProfileField, value: str) -> bytes:
    if field is ProfileField.PHONE:
        return blind_index(centre.keys.index, IdentifierKind.PHONE, value)
    told = f"{field.value}:{value.casefold()}".encode()
    return hmac.digest(centre.keys.index, told, hashlib.sha256)
