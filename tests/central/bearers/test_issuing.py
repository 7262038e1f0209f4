"""Batches of certificates: made whole or gone on with, listed again, never told otherwise."""

from dataclasses import replace
from datetime import date

import pytest

from central.bearers import batches, issuing, store
from central.bearers.batches import BadBatchError, UnfinishedBatchError, UnknownBatchError
from central.bearers.certificates import UnknownCertificateError, release, show, summaries
from central.bearers.issuing import (
    Order,
    batch_of,
    make,
    nominal_of,
    order,
    sheets,
)
from central.centre import Centre
from central.estate.service import UnknownStoreError
from shared.certificate import CertificateState
from shared.crypto.pins import verify_pin
from shared.runtime.sqlite import transaction
from shared.tokens import is_token, plain_token
from shared.wire.feed import GLOBAL
from shared.wire.rows import CertificateRow
from tests.central.bearers.kit import NOMINAL, made, on_sale
from tests.central.chain_kit import dump, rows


class StoppedError(Exception):
    """The command was killed."""


def stop_at(done: int) -> batches.Progress:
    def heard(made_so_far: int) -> None:
        if made_so_far >= done:
            raise StoppedError

    return heard


def told(centre: Centre) -> list[CertificateRow]:
    return [row for row in rows(centre, GLOBAL).values() if isinstance(row, CertificateRow)]


def test_a_batch_has_as_many_different_codes_as_were_ordered(centre: Centre) -> None:
    codes = made(centre, Order(300, NOMINAL))

    assert len(set(codes)) == 300
    assert all(is_token(plain_token(code)) for code in codes)


def test_the_list_is_the_same_whenever_it_is_written(centre: Centre) -> None:
    batch = make(centre, order(centre, Order(20, NOMINAL, pins=True)).no)

    assert list(sheets(centre, batch.no)) == list(sheets(centre, batch.no))


def test_neither_codes_nor_pins_are_in_the_database_or_the_rows(centre: Centre) -> None:
    batch = make(centre, order(centre, Order(5, NOMINAL, pins=True)).no)
    release(centre, batch.no)

    kept = repr(dump(centre)).lower()

    for sheet in sheets(centre, batch.no):
        plain = plain_token(sheet.code)
        assert plain.lower() not in kept
        assert plain.encode().hex() not in kept
        assert f"'{sheet.pin}'" not in kept


def test_a_pin_is_the_one_of_the_list(centre: Centre) -> None:
    batch = make(centre, order(centre, Order(3, NOMINAL, pins=True)).no)
    release(centre, batch.no)
    pepper = centre.keys.pin_pepper

    by_tail = {row.tail: row.pin_hash for row in told(centre)}
    for sheet in sheets(centre, batch.no):
        wrong = f"{(int(sheet.pin) + 1) % 10**6:06d}"
        assert verify_pin(pepper, sheet.pin, by_tail[sheet.tail])
        assert not verify_pin(pepper, wrong, by_tail[sheet.tail])


def test_an_interrupted_batch_is_gone_on_with(centre: Centre) -> None:
    count = batches.PER_TRANSACTION + 500
    batch = order(centre, Order(count, NOMINAL))
    with pytest.raises(StoppedError):
        make(centre, batch.no, stop_at(1))

    with pytest.raises(UnfinishedBatchError):
        list(sheets(centre, batch.no))
    with pytest.raises(UnfinishedBatchError):
        release(centre, batch.no)
    assert told(centre) == []

    make(centre, batch.no)

    assert len({sheet.code for sheet in sheets(centre, batch.no)}) == count


def test_a_code_that_is_taken_is_passed_over(centre: Centre) -> None:
    (first,) = made(centre, Order(1, NOMINAL))
    twin = order(centre, Order(3, NOMINAL))
    with transaction(centre.engine) as connection:
        store.move_batch(connection, replace(twin, seed=batch_of(centre, 1).seed))

    make(centre, twin.no)

    codes = [sheet.code for sheet in sheets(centre, twin.no)]
    assert len(codes) == 3
    assert first not in codes


def test_stores_hear_of_what_was_released_alone(centre: Centre) -> None:
    made(centre, Order(2, NOMINAL))
    on_sale(centre, 3)

    assert [row.state for row in told(centre)] == ["for_sale"] * 3


def test_a_release_that_is_repeated_tells_nothing_twice(centre: Centre) -> None:
    batch = make(centre, order(centre, Order(3, NOMINAL)).no)

    assert [release(centre, batch.no) for _ in range(2)] == [3, 0]
    assert [one.states for one in summaries(centre)] == [{"for_sale": 3}]


@pytest.mark.parametrize(
    "wanted",
    [
        Order(0),
        Order(batches.COUNT_MAX + 1),
        Order(1, -1),
        Order(1, issuing.NOMINAL_MAX_MINOR + 1),
        Order(1, valid_days=issuing.DAYS_MAX + 1),
        Order(1, valid_days=10, expires_on=date(2027, 1, 1)),
        Order(1, expires_on=date(2020, 1, 1)),
        Order(1, title="x" * (batches.TITLE_CHARS_MAX + 1)),
        Order(1, title="a\nb"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_whole(centre: Centre, wanted: Order) -> None:
    with pytest.raises(BadBatchError):
        order(centre, wanted)

    assert summaries(centre) == []


def test_a_batch_for_an_unknown_store_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownStoreError):
        order(centre, Order(1, NOMINAL, store="999"))


def test_a_batch_that_is_not_there_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownBatchError):
        make(centre, 7)


@pytest.mark.parametrize(
    ("text", "minor"), [("", 0), ("1000", 100_000), ("1000.50", 100_050), ("7,05", 705)]
)
def test_a_nominal_is_read_in_kopecks(text: str, minor: int) -> None:
    assert nominal_of(text) == minor


@pytest.mark.parametrize("text", ["-1", "1.5", "1e3", "١", "1 000", "1.000", "NaN"])
def test_what_is_no_nominal_is_refused(text: str) -> None:
    with pytest.raises(BadBatchError):
        nominal_of(text)


def test_a_code_of_another_chain_is_unknown(centre: Centre) -> None:
    (code,) = made(centre, Order(1, NOMINAL))
    other = replace(centre, keys=replace(centre.keys, index=b"o" * 32))

    assert show(centre, code).standing.state is CertificateState.CREATED
    with pytest.raises(UnknownCertificateError):
        show(other, code)
