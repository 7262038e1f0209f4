"""Find members, and register new ones with the cable out."""

import itertools
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from agent.journal import answers, changes, newcomers, once
from agent.journal import service as journal
from agent.journal.newcomers import Newcomer
from agent.journal.service import NewFact
from agent.leases.passes import signed
from agent.leases.standing import Standing, identified, standing
from agent.members.slip import registration_slip
from agent.members.welcome import welcome
from agent.printing import store as spool
from agent.quote.paper import present_paper
from agent.quote.service import store_settings
from agent.replica import store as rows
from agent.scan import card_index, is_card, looks_like_payment_card
from agent.station import Station
from shared.crypto.blind import IdentifierKind, blind_index
from shared.errors import Kind, LoyaltyError
from shared.ids import card_number, derived, uuid7
from shared.member import PhoneRole, display_name, person_key
from shared.names import compatible
from shared.phone import BadPhoneError, normalise_phone
from shared.profile import checked_birthday, normal_name
from shared.rules.moment import Moment
from shared.runtime.sqlite import reading, transaction
from shared.wire import passes
from shared.wire.codec import decoder, encode
from shared.wire.facts import Birth, FactKind, MemberRegistered, RegisteredPerson
from shared.wire.rows import AccountRow

REGISTER = "register"
SALT_BYTES = 16
TAIL_DIGITS = 4
FOUND_MAX = 20

log = structlog.get_logger()


class BadReferrerError(LoyaltyError):
    """Who brought a new member is nobody, several members, or the new member himself."""

    kind = Kind.INVALID
    code = "bad_referrer"
    ru = "По этому номеру нельзя определить пригласившего участника."
    en = "This number does not tell which member brought the person."


@dataclass(frozen=True, slots=True)
class Found:
    """A member that an identifier may mean; `account` limits what the identifier may redeem.

    `tail` is what may be shown of a card, empty when he was found by phone.
    """

    standing: Standing
    tail: str
    account: UUID | None


@dataclass(frozen=True, slots=True)
class Registration:
    """What the cashier typed in: name, phone and the version of the consent's text."""

    uid: UUID
    content: bytes
    name: str
    phone: str
    consent: str
    till: str = ""
    cashier: str = ""
    birthday: date | None = None
    referrer: str = ""
    """Card or phone of who brought the person."""
    phone_role: PhoneRole = PhoneRole.OWN
    """A phone that is not, or not only, the person's own finds him, and no more."""


class Registered(Struct, frozen=True):
    """A member as registered, or the one that the phone had already found."""

    member: UUID
    account: UUID | None
    card: str
    display_name: str
    state: str


_decode_registered = decoder(Registered)


def find(station: Station, identifier: str) -> list[Found]:
    """Return the members that a card number, a phone or a signed pass may mean; most often one.

    Raises PassUnreadableError, PassForeignError.
    """
    if identifier.strip().upper().startswith(passes.PREFIX):
        return _by_pass(station, identifier)
    index = index_of(station, identifier)
    if index is None:
        return []
    by_card = is_card(station, identifier.strip())
    with reading(station.journal) as connection:
        hits = identified(station, connection, index)[:FOUND_MAX]
    with reading(station.journal) as connection:
        return [
            Found(standing(station, connection, member), row.tail if by_card else "", row.account)
            for member, row in hits
        ]


def _by_pass(station: Station, code: str) -> list[Found]:
    """Return whose account a pass names: by it he redeems from that account only."""
    account = signed(station, code).account
    with reading(station.replica) as replica:
        row = rows.find(replica, AccountRow, account.bytes)
    if row is None:
        return []
    with reading(station.journal) as connection:
        return [Found(standing(station, connection, row.member), "", account)]


def index_of(station: Station, identifier: str) -> bytes | None:
    """Return the blind index of what a cashier typed or scanned; None when it is no identifier."""
    text = identifier.strip()
    if is_card(station, text):
        return card_index(station, text)
    if looks_like_payment_card(text):
        return None
    try:
        phone = normalise_phone(text)
    except BadPhoneError:
        return None
    return blind_index(station.identity.index_key, IdentifierKind.PHONE, phone)


def register(station: Station, order: Registration, at: datetime) -> Registered:
    """Register a member, with a card of the store's own block; repeating a uid is safe.

    An own phone that is known under a compatible name gives the member who has it. Raises
    BadNameError, BadPhoneError, BadBirthdayError, BadReferrerError, NoSettingsError,
    UidReusedError.
    """
    normal_name(order.name)
    phone = normalise_phone(order.phone)
    index = blind_index(station.identity.index_key, IdentifierKind.PHONE, phone)
    with transaction(station.journal) as connection:
        done = answers.recall(connection, order.uid, REGISTER, order.content)
        if done is not None:
            return _decode_registered(done)
        is_own = order.phone_role is PhoneRole.OWN
        known = _known(station, connection, index, order.name) if is_own else None
        registered = known or _write(connection, station, order, phone, at)
        answers.remember(connection, order.uid, REGISTER, order.content, encode(registered), at)
    station.wakes.push.set()
    station.wakes.print.set()
    log.info("member.registered", member=str(registered.member), state=registered.state)
    return registered


def _known(station: Station, connection: Connection, index: bytes, name: str) -> Registered | None:
    for member, row in identified(station, connection, index):
        who = standing(station, connection, member)
        if row.role == PhoneRole.OWN and compatible(who.display_name, name):
            return Registered(member, row.account, "", who.display_name, "existing")
    return None


def _write(
    connection: Connection, station: Station, order: Registration, phone: str, at: datetime
) -> Registered:
    settings = store_settings(station)
    moment = station.time.moment(at, settings.zone)
    card = _next_card(station, connection)
    newcomer = _newcomer(connection, station, order, (card, phone), moment)
    salt = station.chance.randbytes(SALT_BYTES)
    own, other = (phone, "") if newcomer.phone_index else ("", phone)
    person = RegisteredPerson(salt, order.name, own, card, newcomer.birthday, other)
    found = welcome(station, newcomer, moment, order.till)
    granted = tuple(
        once.granted(grant, person_key(newcomer.phone_index, newcomer.member)) for grant in found
    )
    body = MemberRegistered(
        member=newcomer.member,
        account=newcomer.account,
        card_index=newcomer.card_index,
        card_tail=newcomer.card_tail,
        phone_index=newcomer.phone_index,
        consent=order.consent,
        cashier=order.cashier,
        at=at,
        day=moment.day,
        granted=granted,
        referrer=newcomer.referrer,
        other_phone_index=newcomer.other_phone_index,
        phone_role=order.phone_role.value,
        trusted=moment.trusted,
        till=order.till,
    )
    new = NewFact(
        FactKind.MEMBER_REGISTERED,
        body,
        births=[Birth(lot.lot, lot.account, lot.amount, kept=0) for lot in granted],
        changes=changes.of_grants(granted),
        personal=encode(person),
    )
    fact = journal.append(connection, station, new, at)
    newcomers.add(connection, newcomer)
    once.add(connection, newcomer.account, once.of_facts(granted))
    paper, slip_id = present_paper(station, settings, at), derived("slip", fact.id)
    spool.enqueue(connection, registration_slip(paper, newcomer, card, found, moment, slip_id), at)
    return Registered(newcomer.member, newcomer.account, card, newcomer.display_name, "provisional")


def _newcomer(
    connection: Connection,
    station: Station,
    order: Registration,
    found_by: tuple[str, str],
    moment: Moment,
) -> Newcomer:
    """Return a member with new ids, found by his card and phone; raises what `register` does."""
    card, phone = found_by
    index = blind_index(station.identity.index_key, IdentifierKind.PHONE, phone)
    is_own = order.phone_role is PhoneRole.OWN
    return Newcomer(
        member=uuid7(moment.instant, station.chance),
        account=uuid7(moment.instant, station.chance),
        card_index=card_index(station, card),
        phone_index=index if is_own else b"",
        card_tail=card[-TAIL_DIGITS:],
        display_name=display_name(order.name),
        registered_on=moment.day,
        birthday=order.birthday and checked_birthday(order.birthday, moment.day),
        referrer=_referrer(station, connection, order, phone),
        other_phone_index=b"" if is_own else index,
        role=order.phone_role,
    )


def _next_card(station: Station, connection: Connection) -> str:
    """Return the next card of the store's block that nobody registered here has.

    Erasures of an earlier version took rows away by which cards are counted.
    """
    identity = station.identity
    numbers = itertools.count(newcomers.count(connection) + 1)
    cards = (card_number(identity.card_prefix, identity.card_block, no) for no in numbers)
    return next(
        one for one in cards if not newcomers.by_index(connection, card_index(station, one))
    )


def _referrer(
    station: Station, connection: Connection, order: Registration, phone: str
) -> UUID | None:
    """Return the member who brought the person; raises BadReferrerError."""
    if not order.referrer:
        return None
    own = blind_index(station.identity.index_key, IdentifierKind.PHONE, phone)
    index = index_of(station, order.referrer)
    found = [] if index is None else identified(station, connection, index)
    is_himself = index == own and order.phone_role is PhoneRole.OWN
    if is_himself or len(found) != 1:
        raise BadReferrerError
    return found[0][0]
