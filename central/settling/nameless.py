"""Cards without a name: made in advance, given out as they are, claimed by a person later."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.agents.enrolment import next_card_block
from central.centre import Centre
from central.conflicts.service import Word
from central.estate.service import UnknownStoreError, stores
from central.imports.candidates import Known, read_candidate
from central.imports.people import Members
from central.leases import service as leases
from central.members import merging, profiles, service
from central.members.deed_store import Deed
from central.members.merging import BothInFamilyError, UnknownMemberError
from central.members.phones import contact_phone
from central.members.profiles import Proposal
from central.members.roll import Roll
from central.settling.people import hand_of, tell_shared
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.ids import card_number
from shared.member import ProfileField
from shared.names import compatible
from shared.profile import normal_name
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

CARDS_MAX = 10_000
CARDS_PER_TRANSACTION = 1000

log = structlog.get_logger()


class TooManyCardsError(LoyaltyError):
    """None, or more cards than are made at once."""

    kind = Kind.INVALID
    code = "too_many_cards"
    ru = "За раз выпускается от 1 до {most} карт."
    en = "From 1 to {most} cards are made at once."


class NamedCardError(LoyaltyError):
    """A card whose member has a name or a phone: nobody can claim it."""

    kind = Kind.CONFLICT
    code = "named_card"
    ru = "Карта уже принадлежит участнику {member}: её нельзя присвоить."
    en = "The card is member {member}'s already: it cannot be claimed."


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who has a card now; `others` are people of other names with the same phone."""

    member: UUID
    others: tuple[UUID, ...] = ()


def make_cards(centre: Centre, count: int, store: str) -> list[str]:
    """Make members of whom only a card is known; return the numbers, of a block of their own.

    `store` is where they are given out, or empty. Raises TooManyCardsError, UnknownStoreError, and
    when the blocks of the prefix are used up.
    """
    if not 0 < count <= CARDS_MAX:
        raise TooManyCardsError(most=CARDS_MAX)
    if store and all(one.code != store for one in stores(centre)):
        raise UnknownStoreError(store=store)
    block = _block(centre)
    prefix = centre.settings.card_prefix
    numbers = [card_number(prefix, block, no) for no in range(1, count + 1)]
    for start in range(0, count, CARDS_PER_TRANSACTION):
        _enter(centre, numbers[start : start + CARDS_PER_TRANSACTION], store)
    log.info("cards.made", count=count, block=block)
    return numbers


@retried
def claim(centre: Centre, card: UUID, name: str, phone: str, word: Word) -> Claimed:
    """Give a card without a name to the person who has shown that this phone is his.

    What the card has earned stays with it: who is a member already takes it in, else its member
    gets the name. Raises NoNoteError, UnknownMemberError, NamedCardError, BadNameError,
    BadPhoneError, BothInFamilyError if somebody else's family uses the card that he is to take in.
    """
    hand = hand_of(centre, word)
    values = {ProfileField.NAME: normal_name(name), ProfileField.PHONE: contact_phone(phone)}
    index = blind_index(centre.keys.index, IdentifierKind.PHONE, values[ProfileField.PHONE])
    with transaction(centre.engine) as connection:
        leases.keep_roster(connection)
        service.lock(connection, [index])
        _check_nameless(connection, card)
        on_phone = service.load(connection, (), [index])
        same = [one for one in on_phone.owners(index, card) if _same(on_phone, one.id, name)]
        if len(same) == 1:
            roll, books = merging.load_whole(connection, (card, same[0].id))
            if roll.members[card].is_in_family:
                raise BothInFamilyError(left=card, right=same[0].id)
            roll.join(books, card, same[0].id)
            done = merging.deed_of(centre, hand, Deed.MERGED, card, same[0].id)
            merging.save_deed(connection, roll, books, done)
            return Claimed(same[0].id)
        deed, others = profiles.edit(
            connection, centre, card, Proposal(values, verified=True), hand
        )
        tell_shared(connection, card, deed, others, hand)
    return Claimed(card, tuple(other.id for other in others))


def _same(roll: Roll, member: UUID, name: str) -> bool:
    return compatible(roll.name_of(member), name)


def _check_nameless(connection: Connection, member: UUID) -> None:
    roll = service.load(connection, [member], ())
    if member not in roll.members:
        raise UnknownMemberError(member=member)
    service.join_whole(connection, roll, member)
    living = roll.survivor(member).id
    if living != member or roll.name_of(member) or roll.phones_of(member):
        raise NamedCardError(member=living)


@retried
def _block(centre: Centre) -> int:
    with transaction(centre.engine) as connection:
        return next_card_block(connection)


@retried
def _enter(centre: Centre, numbers: list[str], store: str) -> None:
    at = centre.clock.now()
    known = Known((store,), (), (), (), "", at.date())
    rows = [
        read_candidate(no, {"card": number, "store": store}, known)
        for no, number in enumerate(numbers)
    ]
    with transaction(centre.engine) as connection:
        Members(centre, known, at).write(connection, rows)
