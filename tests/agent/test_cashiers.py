"""Cashiers sign in with a PIN: few tries, then a pause, and a session that runs out."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.cashiers import (
    NOBODYS_HASH,
    NoCashierSessionError,
    PinLockedError,
    SignedIn,
    WrongPinError,
    cashier_of,
    sign_in,
)
from agent.journal.answers import UidReusedError
from shared.runtime.sqlite import reading
from tests.builders import PIN, Shop, cashier_row


@pytest.fixture
def staffed(shop: Shop) -> Shop:
    shop.feed("store:101", cashier_row("7", "Мария"), cashier_row("8", "Олег"))
    return shop


def sign(shop: Shop, pin: str = PIN, cashier: str = "7") -> SignedIn:
    return sign_in(shop.station, shop.uid(), cashier, pin, shop.clock.now())


def fail(shop: Shop, times: int, cashier: str = "7") -> None:
    for _ in range(times):
        with pytest.raises(WrongPinError):
            sign(shop, "000000", cashier)


def test_the_right_pin_opens_a_session_for_the_cashier(staffed: Shop) -> None:
    done = sign(staffed)

    assert (done.cashier, done.name, done.role) == ("7", "Мария", "cashier")
    assert cashier_of(staffed.station, done.token, staffed.clock.now()) == "7"


def test_a_session_runs_out(staffed: Shop) -> None:
    done = sign(staffed)
    staffed.clock.at = done.ends_at

    with pytest.raises(NoCashierSessionError):
        cashier_of(staffed.station, done.token, staffed.clock.now())


def test_a_made_up_token_is_nobodys(staffed: Shop) -> None:
    sign(staffed)

    with pytest.raises(NoCashierSessionError):
        cashier_of(staffed.station, "0" * 48, staffed.clock.now())


def test_neither_the_pin_nor_the_token_is_kept(staffed: Shop) -> None:
    done = sign(staffed)

    with reading(staffed.station.journal) as connection:
        kept = connection.exec_driver_sql("SELECT * FROM cashier_session").all()
    assert done.token not in repr(kept)
    assert bytes.fromhex(done.token) not in [column for row in kept for column in row]
    assert PIN not in repr(kept)


def test_an_unknown_cashier_cannot_be_told_from_a_wrong_pin(staffed: Shop) -> None:
    told = []

    for cashier in ("7", "nobody"):
        for _ in range(staffed.station.settings.pin_failures_max + 1):
            with pytest.raises((WrongPinError, PinLockedError)) as refused:
                sign(staffed, "000000", cashier)
            told.append((type(refused.value), str(refused.value)))

    half = len(told) // 2
    assert told[:half] == told[half:]


def test_checking_an_unknown_cashier_costs_as_much_as_checking_a_known_one() -> None:
    known = cashier_row("7", "Мария").pin_hash

    assert NOBODYS_HASH.split("$")[:4] == known.split("$")[:4]


def test_too_many_wrong_pins_lock_the_cashier_out_for_a_while(staffed: Shop) -> None:
    settings = staffed.station.settings
    fail(staffed, settings.pin_failures_max)

    with pytest.raises(PinLockedError) as refused:
        sign(staffed)

    assert "через 5 мин." in refused.value.sentence("ru")
    assert sign(staffed, cashier="8").cashier == "8"
    staffed.clock.move(seconds=settings.pin_lock_s)
    assert sign(staffed).cashier == "7"


def test_the_right_pin_forgets_the_wrong_ones(staffed: Shop) -> None:
    most = staffed.station.settings.pin_failures_max
    fail(staffed, most - 1)
    sign(staffed)

    fail(staffed, most - 1)

    assert sign(staffed).cashier == "7"


def test_many_guesses_at_once_are_no_more_than_the_settings_allow(staffed: Shop) -> None:
    def guess(number: int) -> type[Exception] | None:
        try:
            uid = staffed.uid()
            sign_in(staffed.station, uid, "7", f"{number:06d}", staffed.clock.now())
        except (WrongPinError, PinLockedError) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(guess, range(16)))

    assert told.count(WrongPinError) == staffed.station.settings.pin_failures_max
    assert told.count(PinLockedError) == 16 - staffed.station.settings.pin_failures_max


def test_the_uid_of_a_sign_in_is_not_taken_by_another_cashier(staffed: Shop) -> None:
    uid = staffed.uid()
    sign_in(staffed.station, uid, "7", PIN, staffed.clock.now())

    with pytest.raises(UidReusedError):
        sign_in(staffed.station, uid, "8", PIN, staffed.clock.now())


def test_repeating_a_sign_in_opens_a_further_session_of_the_same_cashier(staffed: Shop) -> None:
    uid = staffed.uid()

    first = sign_in(staffed.station, uid, "7", PIN, staffed.clock.now())
    second = sign_in(staffed.station, uid, "7", PIN, staffed.clock.now())

    assert first.token != second.token
    for done in (first, second):
        assert cashier_of(staffed.station, done.token, staffed.clock.now()) == "7"


def test_a_cashier_who_is_no_longer_in_the_rows_cannot_sign_in(staffed: Shop) -> None:
    staffed.remove("store:101", cashier_row("7", "Мария"))

    with pytest.raises(WrongPinError):
        sign(staffed)
