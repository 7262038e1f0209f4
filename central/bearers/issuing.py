"""Batches of certificates at the centre: ordered, made in pieces, and listed once they are whole.

A list is the only place where a code is told: the centre keeps its blind index and its end.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import structlog
from sqlalchemy import Connection

from central.bearers import store
from central.bearers.minting import SEED_BYTES, Minted, mint_from, minted, pin_of, salt_of
from central.bearers.records import record
from central.bearers.store import Batch, BatchState, StoredCertificate
from central.centre import Centre
from central.estate.service import UnknownStoreError
from central.estate.store import stores
from shared.bearer import Bearer, bearer_account
from shared.certificate import CertificateState
from shared.crypto.pins import SALT_BYTES, hash_pin
from shared.errors import Kind, LoyaltyError
from shared.money import format_money
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction
from shared.tokens import grouped, tail_of

CARDS_PER_TRANSACTION = 2_000
CARDS_WITH_PINS = 50
"""Of one piece: a PIN is hashed slowly on purpose."""
COUNT_MAX = 1_000_000
NOMINAL_MAX_MINOR = 10**9
DAYS_MAX = 3_660
TITLE_CHARS_MAX = 100
_NOMINAL = re.compile(r"(\d{1,9})(?:[.,](\d{2}))?")

log = structlog.get_logger()

Progress = Callable[[int], object]
"""Hears how many are done."""


class BadBatchError(LoyaltyError):
    """A batch that cannot be made: its numbers do not fit."""

    kind = Kind.INVALID
    code = "bad_batch"
    ru = "Партия не выпущена: {reason_ru}."
    en = "The batch is not made: {reason_en}."


class UnknownBatchError(LoyaltyError):
    """A number that no batch of this kind has."""

    kind = Kind.NOT_FOUND
    code = "unknown_batch"
    ru = "Партии {no} нет."
    en = "There is no batch {no}."


class UnfinishedBatchError(LoyaltyError):
    """A batch whose making was interrupted: no store knows of it."""

    kind = Kind.CONFLICT
    code = "unfinished_batch"
    ru = "Партия {no} выпущена не до конца: {made} из {count}. Продолжите: issue --resume {no}."
    en = "Batch {no} is not complete: {made} of {count}. Go on with issue --resume {no}."


@dataclass(frozen=True, slots=True)
class Order:
    """What a batch of certificates is to be; a nominal of 0 kopecks is any amount.

    They pay to `expires_on`, or `valid_days` days after the sale, or for ever. With a `store` they
    are leased to it once they are sold: it takes them offline, the others when they reach the
    centre and it gives them back.
    """

    count: int
    nominal_minor: int = 0
    expires_on: date | None = None
    valid_days: int = 0
    pins: bool = False
    store: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A certificate's line on the list of its batch."""

    code: str
    pin: str
    tail: str


def nominal_of(text: str) -> int:
    """Read a nominal such as 1000.00 in kopecks; empty is any amount. Raises BadBatchError."""
    if not text:
        return 0
    found = _NOMINAL.fullmatch(text)
    if found is None or not text.isascii():
        raise BadBatchError(
            reason_ru="нужен номинал вида 1000.00", reason_en="a nominal as 1000.00"
        )
    return int(found[1]) * 100 + int(found[2] or 0)


@retried
def order(centre: Centre, wanted: Order) -> Batch:
    """Write down a new batch, of which nothing is made yet; `make` fills it.

    Raises BadBatchError, UnknownStoreError.
    """
    _check(wanted)
    at = centre.clock.now()
    with transaction(centre.engine) as connection:
        _check_store(connection, wanted.store)
        batch = Batch(
            no=store.new_batch_no(connection),
            bearer=Bearer.CERTIFICATE,
            title=wanted.title,
            count=wanted.count,
            made=0,
            serial=0,
            seed=centre.chance.randbytes(SEED_BYTES),
            nominal_minor=wanted.nominal_minor,
            expires_on=wanted.expires_on,
            valid_days=wanted.valid_days,
            pins=wanted.pins,
            store=wanted.store,
            state=BatchState.MAKING,
            created_at=at,
        )
        store.insert_batch(connection, batch)
        nominal = format_money(batch.nominal_minor) if batch.nominal_minor else "any amount"
        what = f"{batch.count} certificates of {nominal}"
        record(connection, centre, str(batch.no), "ordered", what)
    return batch


def make(centre: Centre, no: int, progress: Progress = lambda _done: None) -> Batch:
    """Make what is missing of a batch; interrupted, it is called again and goes on.

    No store hears of it before it is released. Raises UnknownBatchError.
    """
    batch = batch_of(centre, no)
    progress(batch.made)
    while batch.state is BatchState.MAKING:
        batch = _make_some(centre, batch)
        progress(batch.made)
    log.info("certificates.made", batch=no, cards=batch.made)
    return batch


def sheets(centre: Centre, no: int) -> Iterator[Sheet]:
    """Yield the list of a whole batch, by number; raises as `complete` does."""
    batch = complete(centre, no)
    after = 0
    while True:
        with reading(centre.engine) as connection:
            cards = store.of_batch(connection, no, after, CARDS_PER_TRANSACTION)
        for card in cards:
            one = minted(centre, batch, card.serial)
            yield Sheet(grouped(one.code), pin_of(centre, batch, card.serial), card.tail)
        if len(cards) < CARDS_PER_TRANSACTION:
            return
        after = cards[-1].serial


def batch_of(centre: Centre, no: int) -> Batch:
    """Return a batch of certificates; raises UnknownBatchError."""
    with reading(centre.engine) as connection:
        found = store.batch(connection, no)
    if found is None or found.bearer != Bearer.CERTIFICATE:
        raise UnknownBatchError(no=no)
    return found


def complete(centre: Centre, no: int) -> Batch:
    """Return a batch that is whole; raises UnknownBatchError, UnfinishedBatchError."""
    batch = batch_of(centre, no)
    if batch.state is not BatchState.READY:
        raise UnfinishedBatchError(no=no, made=batch.made, count=batch.count)
    return batch


def _check(wanted: Order) -> None:
    for holds, reason_ru, reason_en in (
        (
            0 < wanted.count <= COUNT_MAX,
            f"нужно от 1 до {COUNT_MAX} сертификатов",
            f"from 1 to {COUNT_MAX} certificates",
        ),
        (
            0 <= wanted.nominal_minor <= NOMINAL_MAX_MINOR,
            f"номинал не больше {format_money(NOMINAL_MAX_MINOR)}",
            f"a nominal of at most {format_money(NOMINAL_MAX_MINOR)}",
        ),
        (
            0 <= wanted.valid_days <= DAYS_MAX,
            f"срок не больше {DAYS_MAX} дней",
            f"a life of at most {DAYS_MAX} days",
        ),
        (
            not (wanted.valid_days and wanted.expires_on),
            "нужен последний день или число дней, не оба",
            "a last day or a number of days, not both",
        ),
        (
            len(wanted.title) <= TITLE_CHARS_MAX and wanted.title.isprintable(),
            f"название не длиннее {TITLE_CHARS_MAX} знаков",
            f"a title of at most {TITLE_CHARS_MAX} characters",
        ),
    ):
        if not holds:
            raise BadBatchError(reason_ru=reason_ru, reason_en=reason_en)


def _check_store(connection: Connection, code: str) -> None:
    if code and code not in {one.code for one in stores(connection)}:
        raise UnknownStoreError(store=code)


@retried
def _make_some(centre: Centre, batch: Batch) -> Batch:
    """Make some certificates of a batch; one whose index is taken is passed over.

    PINs are hashed before the transaction; if somebody else has gone on with the batch meanwhile,
    nothing of this is written.
    """
    piece = CARDS_WITH_PINS if batch.pins else CARDS_PER_TRANSACTION
    wanted = min(piece, batch.count - batch.made)
    cards = [_card(centre, batch, one) for one in islice(mint_from(centre, batch), wanted)]
    with transaction(centre.engine) as connection:
        now = store.batch(connection, batch.no)
        assert now is not None, "a batch is never deleted"
        if now.serial != batch.serial or now.state is BatchState.READY:
            return now
        taken = store.taken(connection, [card.index for card in cards])
        new = [card for card in cards if card.index not in taken]
        made = batch.made + len(new)
        state = BatchState.READY if made == batch.count else BatchState.MAKING
        serial = batch.serial + len(cards)
        store.insert_certificates(connection, new)
        store.move_batch(connection, batch.no, made=made, serial=serial, state=state)
        if state is BatchState.READY:
            record(connection, centre, str(batch.no), "made", f"{made} certificates are made")
    return replace(batch, made=made, serial=serial, state=state)


def _card(centre: Centre, batch: Batch, one: Minted) -> StoredCertificate:
    pin = pin_of(centre, batch, one.serial)
    salt = salt_of(centre, batch, one.serial, SALT_BYTES)
    return StoredCertificate(
        index=one.index,
        account=bearer_account(Bearer.CERTIFICATE, one.index),
        batch=batch.no,
        serial=one.serial,
        tail=tail_of(one.code),
        state=CertificateState.CREATED,
        nominal_minor=batch.nominal_minor,
        expires_on=batch.expires_on,
        valid_days=batch.valid_days,
        pin_hash=hash_pin(centre.keys.pin_pepper, pin, salt) if pin else "",
        store=batch.store,
    )
