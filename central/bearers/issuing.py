"""Batches of certificates: what one may be, how it is made, and the list of its codes and PINs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from central.bearers import batches, store
from central.bearers.batches import PER_TRANSACTION, BadBatchError, Progress, Sort
from central.bearers.minting import SEED_BYTES, Minted, minted, pin_of, salt_of
from central.bearers.store import Batch, BatchState, StoredCertificate
from central.centre import Centre
from central.estate.service import UnknownStoreError
from central.estate.store import stores
from shared.bearer import Bearer, bearer_account
from shared.certificate import CertificateState
from shared.crypto.pins import SALT_BYTES, hash_pin
from shared.money import format_money
from shared.runtime.retries import retried
from shared.runtime.sqlite import transaction
from shared.tokens import grouped, tail_of

WITH_PINS = 50
"""Of one piece: a PIN is hashed slowly on purpose."""
NOMINAL_MAX_MINOR = 10**9
DAYS_MAX = 3_660
_NOMINAL = re.compile(r"(\d{1,9})(?:[.,](\d{2}))?")


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
    at = centre.clock.now()
    _check(wanted, at.date())
    with transaction(centre.engine) as connection:
        if wanted.store and wanted.store not in {one.code for one in stores(connection)}:
            raise UnknownStoreError(store=wanted.store)
        batch = Batch(
            no=store.new_batch_no(connection),
            bearer=Bearer.CERTIFICATE,
            title=wanted.title,
            count=wanted.count,
            made=0,
            serial=0,
            seed=centre.chance.randbytes(SEED_BYTES),
            state=BatchState.MAKING,
            created_at=at,
            nominal_minor=wanted.nominal_minor,
            expires_on=wanted.expires_on,
            valid_days=wanted.valid_days,
            pins=wanted.pins,
            store=wanted.store,
        )
        nominal = format_money(batch.nominal_minor) if batch.nominal_minor else "any amount"
        batches.order(connection, centre, batch, f"{batch.count} certificates of {nominal}")
    return batch


def make(centre: Centre, no: int, progress: Progress = lambda _done: None) -> Batch:
    """Make what is missing of a batch; no store hears of it before it is released.

    Interrupted, it is called again and goes on. Raises UnknownBatchError.
    """
    return batches.make(centre, no, SORT, progress)


def sheets(centre: Centre, no: int) -> Iterator[Sheet]:
    """Yield the list of a whole batch, by number; raises as `complete` does."""
    batch = complete(centre, no)
    for cards in batches.each(centre, no, SORT):
        for card in cards:
            one = minted(centre, batch, card.serial)
            yield Sheet(grouped(one.code), pin_of(centre, batch, card.serial), card.tail)


def batch_of(centre: Centre, no: int) -> Batch:
    """Return a batch of certificates; raises UnknownBatchError."""
    return batches.batch_of(centre, no, Bearer.CERTIFICATE)


def complete(centre: Centre, no: int) -> Batch:
    """Return a batch that is whole; raises UnknownBatchError, UnfinishedBatchError."""
    return batches.complete(centre, no, Bearer.CERTIFICATE)


def _check(wanted: Order, today: date) -> None:
    batches.check_count(wanted.count, wanted.title)
    most = format_money(NOMINAL_MAX_MINOR)
    batches.check(
        (
            0 <= wanted.nominal_minor <= NOMINAL_MAX_MINOR,
            f"номинал не больше {most}",
            f"a nominal of at most {most}",
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
            wanted.expires_on is None or wanted.expires_on >= today,
            "последний день уже прошёл",
            "a last day that is not over",
        ),
    )


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


def _insert(
    connection: Connection, _centre: Centre, _batch: Batch, new: Sequence[StoredCertificate]
) -> None:
    store.insert_certificates(connection, new)


SORT: Sort[StoredCertificate] = Sort(
    bearer=Bearer.CERTIFICATE,
    piece=lambda batch: WITH_PINS if batch.pins else PER_TRANSACTION,
    card=_card,
    taken=store.taken,
    insert=_insert,
    complete=lambda _connection, _centre, _batch: None,
    of_batch=store.of_batch,
)
