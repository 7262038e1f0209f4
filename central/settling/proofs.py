"""A member shows that a phone or an e-mail address is his: a code goes there, and comes back."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from central.centre import Centre
from central.conflicts.service import Word
from central.leases import service as leases
from central.members import proving
from central.members.proving import (
    FAILURES_MAX,
    LIFE,
    Letter,
    NoCodeError,
    Verdict,
    WrongCodeError,
)
from central.settling.couriers import Courier, NotSentError, courier_of, text_of
from central.settling.people import hand_of
from shared.member import ProfileField
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

BY_CODE = {ProfileField.PHONE: "sms code", ProfileField.EMAIL: "e-mail code"}
"""How it was shown, beside who has typed the code: an edit tells it as its source."""

log = structlog.get_logger()


def send_code(
    centre: Centre, member: UUID, field: ProfileField, word: Word, courier: Courier | None = None
) -> datetime:
    """Send a member a code to the phone or address that counts for him; return until when it is
    good.

    A code before it is over. Raises NoCourierError, NoNoteError, UnknownMemberError,
    ErasedMemberError, NotProvableError, NoPhoneError, NoAddressError, TooManyCodesError,
    NotSentError.
    """
    by = courier or courier_of(centre.settings)
    letter, at = _issue(centre, member, field, word)
    try:
        by.bring(letter, text_of(letter, centre.settings.locale))
    except OSError as error:
        log.warning("proof.not_sent", proof=str(letter.id), reason=type(error).__name__)
        raise NotSentError from error
    log.info("proof.sent", proof=str(letter.id), member=str(member), field=field.value)
    return at + LIFE


@retried
def confirm_code(centre: Centre, member: UUID, field: ProfileField, typed: str, word: Word) -> None:
    """Take a code that a member has told: his phone or address is verified from now on.

    Raises NoNoteError, UnknownMemberError, ErasedMemberError, NoCodeError, WrongCodeError,
    NoPhoneError, NoAddressError, OtherContactError.
    """
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        verdict, proof = proving.check(connection, centre, member, field, typed, hand.at)
        if verdict is Verdict.RIGHT and proof is not None:
            shown = replace(hand, actor=f"{BY_CODE[field]}, {hand.actor}")
            proving.prove(connection, centre, proof, shown)
    if proof is None:
        raise NoCodeError
    if verdict is Verdict.WRONG:
        log.info("proof.wrong", proof=str(proof.id), failures=proof.failures)
        raise WrongCodeError(left=FAILURES_MAX - proof.failures)
    log.info("proof.confirmed", proof=str(proof.id), member=str(member), field=field.value)


@retried
def _issue(
    centre: Centre, member: UUID, field: ProfileField, word: Word
) -> tuple[Letter, datetime]:
    hand = hand_of(centre, word)
    with transaction(centre.engine) as connection:
        return proving.issue(connection, centre, member, field, hand), hand.at
