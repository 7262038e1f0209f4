"""Certificates at the centre: released to the stores, blocked, refunded and looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog
from sqlalchemy import Connection

from central.bearers import store
from central.bearers.batches import PER_TRANSACTION, Progress
from central.bearers.issuing import complete
from central.bearers.minting import index_of
from central.bearers.records import record
from central.bearers.store import Batch, Record, StoredCertificate
from central.centre import Centre
from central.feed import service as feed
from central.feed.service import NewChange, changed
from central.ledger import service as ledger
from shared import certificate as life
from shared.bearer import Bearer
from shared.certificate import Certificate, CertificateState
from shared.errors import Kind, LoyaltyError
from shared.ids import uuid7
from shared.ledger.books import Books
from shared.ledger.entries import Document, Entry, EntryKind
from shared.ledger.postings import take, want_back
from shared.money import format_money
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.tokens import is_token, plain_token
from shared.wire.feed import GLOBAL
from shared.wire.rows import CertificateRow

FOUND_MAX = 20
ENTRIES_MAX = 100

log = structlog.get_logger()

Move = Callable[[Certificate], Certificate]


class UnknownCertificateError(LoyaltyError):
    """A code that no certificate has."""

    kind = Kind.NOT_FOUND
    code = "unknown_certificate"
    ru = "Сертификата {code} нет."
    en = "There is no certificate {code}."


class LeasedCertificateError(LoyaltyError):
    """A certificate of which a store holds a part: it is asked back, and only then refunded."""

    kind = Kind.CONFLICT
    code = "certificate_leased"
    ru = "{held} сертификата закреплено: магазин {stores}. Запрошено назад, повторите позже."
    en = "{held} of the certificate is held by store {stores}. It is asked back, try again later."


class SetAsideCertificateError(LoyaltyError):
    """A certificate with which a receipt may have been paid that could not be posted yet."""

    kind = Kind.CONFLICT
    code = "certificate_set_aside"
    ru = "{held} сертификата отложено для чека, который не проведён: сначала закройте его конфликт."
    en = "{held} of it is set aside for a receipt that is not posted: settle its conflict first."


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate as a person sees it: what stores hold of it, and what was done to it.

    Of the entries the latest are there, oldest first.
    """

    card: StoredCertificate
    standing: Certificate
    holdings: tuple[tuple[str, int], ...]
    records: tuple[Record, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A batch and its certificates by state."""

    batch: Batch
    states: dict[str, int]


def release(centre: Centre, no: int, progress: Progress = lambda _done: None) -> int:
    """Let the stores sell a batch; return how many certificates that were not released before.

    Raises UnknownBatchError, UnfinishedBatchError. Interrupted, it goes on when it is repeated.
    """
    complete(centre, no)
    after, released = 0, 0
    while True:
        cards, new = _release_some(centre, no, after)
        released += new
        progress(released)
        if len(cards) < PER_TRANSACTION:
            log.info("certificates.released", batch=no, cards=released)
            return released
        after = cards[-1].serial


@retried
def _release_some(centre: Centre, no: int, after: int) -> tuple[list[StoredCertificate], int]:
    with transaction(centre.engine) as connection:
        cards = store.of_batch(connection, no, after, PER_TRANSACTION)
        new = [_released(card) for card in cards if card.state is CertificateState.CREATED]
        store.put_certificates(connection, new)
        if new:
            what = f"{len(new)} certificates are for sale"
            record(connection, centre, str(no), "released", what)
        feed.append(connection, [row_change(card) for card in new])
    return cards, len(new)


@retried
def block(centre: Centre, code: str, reason: str) -> Shown:
    """Stop a certificate, as when it was stolen; what stores hold of it is asked back.

    Raises UnknownCertificateError, CertificateError in a state for which this is not possible.
    """
    with transaction(centre.engine) as connection:
        found = _open(connection, centre, code)
        moved = _move(connection, centre, found, "blocked", reason, life.block)
        for lot in found.books.lots_of(moved.account):
            lot.frozen = True
        _ask_back(found.books, moved)
        return _close(connection, found, moved)


@retried
def unblock(centre: Centre, code: str, reason: str) -> Shown:
    """Let a blocked certificate live on; raises as `block` does."""
    with transaction(centre.engine) as connection:
        found = _open(connection, centre, code)
        step = life.unblock_sold if found.entries else life.unblock
        moved = _move(connection, centre, found, "unblocked", reason, step)
        for lot in found.books.lots_of(moved.account):
            lot.frozen = False
        return _close(connection, found, moved)


@retried
def refund(centre: Centre, code: str, reason: str) -> Shown:
    """Take what is left of a certificate off it: the money goes back to who holds it.

    Goods that it had paid for may come back after that; then it is refunded once more.
    Raises as `block` does, LeasedCertificateError while a store holds a part of it, and
    SetAsideCertificateError while a receipt does that is set aside.
    """
    with transaction(centre.engine) as connection:
        found = _open(connection, centre, code)
        life.refund(found.before)
        if aside := sum(lot.held for lot in found.books.lots_of(found.card.account)):
            raise SetAsideCertificateError(held=format_money(aside))
        held = _ask_back(found.books, found.card)
        if not held:
            moved = _move(connection, centre, found, "refunded", reason, life.refund)
            document = Document(uuid7(found.at, centre.chance), found.at)
            for lot in found.books.lots_of(moved.account):
                take(found.books, lot, lot.balance, document)
            return _close(connection, found, moved)
        feed.append(connection, ledger.save(connection, found.books))
        holders = ledger.holdings(connection, found.books, found.card.account)
    where = ", ".join(code for code, _ in holders)
    raise LeasedCertificateError(stores=where, held=format_money(held))


def show(centre: Centre, code: str) -> Shown:
    """Return a certificate by its code; raises UnknownCertificateError."""
    with reading(centre.engine) as connection:
        found = _open(connection, centre, code)
        return _shown(connection, found, found.card)


def ending_with(centre: Centre, tail: str) -> list[StoredCertificate]:
    """Return some certificates whose codes end so."""
    with reading(centre.engine) as connection:
        return store.by_tail(connection, plain_token(tail), FOUND_MAX)


def summaries(centre: Centre) -> list[Summary]:
    """Return all batches of certificates."""
    with reading(centre.engine) as connection:
        found = store.batches(connection, Bearer.CERTIFICATE)
        return [Summary(batch, store.states(connection, batch.no)) for batch in found]


def row_change(card: StoredCertificate) -> NewChange:
    """Return the row that tells the stores of a certificate."""
    return changed(
        GLOBAL,
        CertificateRow(
            index=card.index,
            tail=card.tail,
            state=card.state.value,
            nominal_minor=card.nominal_minor,
            expires_on=card.expires_on,
            valid_days=card.valid_days,
            pin_hash=card.pin_hash,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A certificate with its books and entries, and how it stood before."""

    at: datetime
    card: StoredCertificate
    books: Books
    entries: tuple[Entry, ...]
    before: Certificate


def _open(connection: Connection, centre: Centre, code: str) -> _Found:
    plain, at = plain_token(code), centre.clock.now()
    index = index_of(centre, Bearer.CERTIFICATE, plain)
    card = store.certificates(connection, [index]).get(index)
    if card is None or not is_token(plain):
        raise UnknownCertificateError(code=code)
    books = ledger.load(connection, [card.account])
    entries = tuple(ledger.entries_of(connection, card.account, ENTRIES_MAX))
    return _Found(at, card, books, entries, _standing(card, books, entries, at.date()))


def _standing(
    card: StoredCertificate, books: Books, entries: Sequence[Entry], day: date
) -> Certificate:
    """Return a certificate as it stands on a day, with what is left of it in its account."""
    lots = books.lots_of(card.account)
    ends = [lot.expires_on for lot in lots if lot.expires_on is not None]
    last_day = max(ends, default=card.expires_on)
    balance_minor = sum(lot.balance for lot in lots)
    state = card.state
    if state is CertificateState.ACTIVE:
        state = _state(balance_minor, card.nominal_minor)
        over = balance_minor and last_day is not None and last_day < day
        burnt = not balance_minor and any(one.kind is EntryKind.EXPIRE for one in entries)
        if over or burnt:
            state = CertificateState.EXPIRED
    return Certificate(card.tail, state, card.nominal_minor, balance_minor, last_day)


def _state(balance_minor: int, nominal_minor: int) -> CertificateState:
    if not balance_minor:
        return CertificateState.USED
    whole = balance_minor >= nominal_minor
    return CertificateState.ACTIVE if whole else CertificateState.PARTLY_USED


def _move(
    connection: Connection, centre: Centre, found: _Found, step: str, reason: str, move: Move
) -> StoredCertificate:
    """Take a certificate a step on in its life, with a record of why."""
    before, after = found.before, move(found.before)
    what = f"{before.state} -> {after.state}, {format_money(before.balance_minor)}: {reason}"
    record(connection, centre, found.card.index.hex(), step, what)
    log.warning("certificate.moved", step=step, tail=found.card.tail, batch=found.card.batch)
    moved = replace(found.card, state=_kept(after.state))
    store.put_certificates(connection, [moved])
    return moved


def _close(connection: Connection, found: _Found, moved: StoredCertificate) -> Shown:
    for lot in found.books.lots_of(moved.account):
        found.books.touched.add(lot.account)
    changes = ledger.save(connection, found.books)
    feed.append(connection, [*changes, row_change(moved)])
    return _shown(connection, found, moved)


def _kept(state: CertificateState) -> CertificateState:
    """Return the state that is stored: what is left follows from the account."""
    lives = (*life.PAYABLE, CertificateState.USED)
    return CertificateState.ACTIVE if state in lives else state


def _ask_back(books: Books, card: StoredCertificate) -> int:
    """Ask stores for what they hold of a certificate; return how much that is."""
    held = 0
    for lot in books.lots_of(card.account):
        left = sum(lease.left for lease in books.leases_of(lot.id))
        want_back(books, lot, left)
        held += left
    return held


def _released(card: StoredCertificate) -> StoredCertificate:
    at_first = Certificate(card.tail, card.state, card.nominal_minor)
    return replace(card, state=life.release(at_first).state)


def _shown(connection: Connection, found: _Found, card: StoredCertificate) -> Shown:
    held = ledger.holdings(connection, found.books, card.account)
    records = store.records(connection, card.index.hex())
    entries = tuple(ledger.entries_of(connection, card.account, ENTRIES_MAX))
    standing = _standing(card, found.books, entries, found.at.date())
    return Shown(card, standing, tuple(held), tuple(records), entries)
