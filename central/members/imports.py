"""Points from a file: opening balances and gifts, to members found by card or phone."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from central.centre import Centre
from central.feed import service as feed
from central.leases import service as leases
from central.ledger import service as ledger
from central.members import service as members
from central.members.phones import found_phone
from central.members.roll import Roll
from central.members.store import Identifier
from central.packs import service as packs
from shared.crypto.blind import IdentifierKind, blind_index
from shared.ids import derived, is_card_number, is_legacy_card
from shared.ledger.books import Account, Books, Lot
from shared.ledger.entries import Document, lot_id
from shared.ledger.postings import grant
from shared.phone import BadPhoneError
from shared.points import POINT
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction

COLUMNS = ("identifier", "points", "wallet", "expires_on")
KIND = "import"
TEXT_MAX = 64
CARD_SIGN = "card:"
_POINTS = re.compile(r"(\d{1,9})(?:[.,](\d{2}))?")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file by its number; cells by column, `expires_on` empty for never."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken: a code for programs."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, in rows and hundredths of a point; with faults it did nothing."""

    granted: int = 0
    repeated: int = 0
    points: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Gift:
    number: int
    index: bytes
    document: UUID
    amount: int
    wallet: str
    expires_on: date | None


class _BadRowError(Exception):
    """Why a row cannot be taken; never leaves this module."""


class BadIdentifierError(Exception):
    """A text that is neither a card of this chain nor a phone."""


@retried
def import_lots(centre: Centre, rows: Sequence[Row], at: datetime) -> Report:
    """Grant a lot for every row, or for none; a row that was imported before grants nothing again.

    A row is known by its content (the second of two equal rows is another one), so that a file
    may be sent again, also with rows added. Then leases are sized to the members' usual stores.
    """
    gifts, faults = _parsed(centre, rows)
    with transaction(centre.engine) as connection:
        wallets = packs.wallets(connection, at)
        nowhere = [one for one in gifts if wallets and one.wallet not in wallets]
        faults += [Fault(one.number, "unknown_wallet") for one in nowhere]
        leases.keep_roster(connection)
        roll, locked = members.load_locked(connection, (), {one.index for one in gifts}, set())
        books = ledger.read(connection, locked, ())
        members.extend(connection, roll, {one.owner for one in roll.identifiers.values()})
        takers, unfound = _takers(roll, books, gifts)
        faults = sorted([*faults, *unfound], key=lambda fault: fault.number)
        if faults:
            return Report(faults=tuple(faults))
        report = _grant_all(connection, centre, roll, gifts, takers, at)
    log.info("points.imported", granted=report.granted, points=report.points)
    return report


def _grant_all(
    connection: Connection,
    centre: Centre,
    roll: Roll,
    gifts: Sequence[_Gift],
    takers: Mapping[UUID, UUID],
    at: datetime,
) -> Report:
    lots = [lot_id(gift.document, 0, takers[gift.document]) for gift in gifts]
    books = ledger.load(connection, takers.values(), lots=lots)
    granted = [gift for gift in gifts if _grant(books, gift, takers[gift.document], at)]
    visits = leases.load_visits(connection, centre, books.accounts)
    to_size = {books.accounts[takers[gift.document]].member for gift in granted}
    leases.size(connection, books, visits, to_size, at)
    changes = ledger.save(connection, books)
    members.extend(connection, roll, {account.member for account in books.accounts.values()})
    changes += members.save(connection, roll, books)
    feed.append(connection, changes)
    points = sum(gift.amount for gift in granted)
    return Report(len(granted), len(gifts) - len(granted), points)


def _grant(books: Books, gift: _Gift, account: UUID, at: datetime) -> bool:
    lot = Lot(
        id=lot_id(gift.document, 0, account),
        account=account,
        wallet=gift.wallet,
        kind=KIND,
        rule="",
        document=gift.document,
        granted=gift.amount,
        balance=0,
        free=0,
        held=0,
        activates_at=at,
        expires_on=gift.expires_on,
    )
    return grant(books, lot, Document(gift.document, at), holder=None, kept=0)


def _takers(
    roll: Roll, books: Books, gifts: Iterable[_Gift]
) -> tuple[dict[UUID, UUID], list[Fault]]:
    """Return the account of each gift's document, and the rows that nobody or two people own."""
    found, faults = dict[UUID, UUID](), list[Fault]()
    by_index: dict[bytes, list[Identifier]] = {}
    for one in roll.identifiers.values():
        by_index.setdefault(one.index, []).append(one)
    for gift in gifts:
        ways = by_index.get(gift.index, [])
        living = {roll.survivor(one.member).id for one in ways}
        if len(living) != 1:
            faults.append(Fault(gift.number, "ambiguous" if living else "unknown_member"))
            continue
        found[gift.document] = account_of(roll, books, ways, living.pop()).id
    return found, faults


def account_of(roll: Roll, books: Books, ways: Sequence[Identifier], member: UUID) -> Account:
    """Return the own account of who has claimed an identifier, the one known longest.

    Merged or not, so that the same row names the same account whenever it comes.
    """
    claimants = [roll.members[one.owner] for one in ways]
    first = min(claimants, key=lambda one: (one.known_at, one.id)).id
    accounts = members.accounts_of(roll, books, member)
    return next((one for one in accounts if one.owner == first), accounts[0])


def _parsed(centre: Centre, rows: Sequence[Row]) -> tuple[list[_Gift], list[Fault]]:
    gifts, faults = list[_Gift](), list[Fault]()
    times: dict[tuple[str, ...], int] = {}
    for row in rows:
        content = tuple(row.cells.get(column, "").strip() for column in COLUMNS)
        times[content] = times.get(content, 0) + 1
        try:
            gifts.append(_gift(centre, row.number, content, times[content]))
        except _BadRowError as error:
            faults.append(Fault(row.number, str(error)))
    return gifts, faults


def _gift(centre: Centre, number: int, content: tuple[str, ...], time: int) -> _Gift:
    identifier, points, wallet, expires_on = content
    amount = _POINTS.fullmatch(points)
    if amount is None or not points.isascii():
        raise _BadRowError("bad_points")
    if not 0 < len(wallet) <= TEXT_MAX or not wallet.isprintable():
        raise _BadRowError("bad_wallet")
    return _Gift(
        number=number,
        index=_index(centre, identifier),
        document=derived(KIND, *content, time),
        amount=int(amount[1]) * POINT + int(amount[2] or 0),
        wallet=wallet,
        expires_on=_day(expires_on),
    )


def identifier_of(centre: Centre, text: str) -> tuple[IdentifierKind, str]:
    """Return what an identifier is, normalised; raises BadIdentifierError.

    What is neither a card of this chain's own numbers nor a phone may be an older card's number;
    one that also reads as a phone is a phone, unless `card:` stands before it.
    """
    if text.startswith(CARD_SIGN) and is_legacy_card(text.removeprefix(CARD_SIGN)):
        return IdentifierKind.CARD, text.removeprefix(CARD_SIGN)
    if is_card_number(text, centre.settings.card_prefix):
        return IdentifierKind.CARD, text
    try:
        return IdentifierKind.PHONE, found_phone(text)
    except BadPhoneError as error:
        if is_legacy_card(text):
            return IdentifierKind.CARD, text
        raise BadIdentifierError from error


def identifier_indexes(centre: Centre, text: str) -> list[bytes]:
    """Return the blind indexes of all that a text may be: a phone, a card; with `card:` before it a
    card alone."""
    key = centre.keys.index
    if text.startswith(CARD_SIGN):
        number = text.removeprefix(CARD_SIGN)
        return [blind_index(key, IdentifierKind.CARD, number)] if is_legacy_card(number) else []
    found = [blind_index(key, IdentifierKind.CARD, text)] if is_legacy_card(text) else []
    with suppress(BadPhoneError):
        found.append(blind_index(key, IdentifierKind.PHONE, found_phone(text)))
    return found


def identifier_index(centre: Centre, identifier: str) -> bytes | None:
    """Return the blind index of a card's or phone's number; None if it is neither."""
    try:
        return blind_index(centre.keys.index, *identifier_of(centre, identifier))
    except BadIdentifierError:
        return None


def _index(centre: Centre, identifier: str) -> bytes:
    index = identifier_index(centre, identifier)
    if index is None:
        raise _BadRowError("bad_identifier")
    return index


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise _BadRowError("bad_day") from error
