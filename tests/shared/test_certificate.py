"""The life of a gift certificate."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.certificate import (
    Certificate,
    CertificateError,
    CertificateState,
    block,
    expire,
    pay,
    refund,
    release,
    restore,
    sell,
    unblock,
)

TODAY, LAST, LATER = date(2026, 4, 10), date(2026, 12, 31), date(2027, 1, 1)
CREATED = Certificate("C-1", nominal_minor=3000_00)
FOR_SALE = release(CREATED)
ACTIVE = sell(FOR_SALE, 3000_00, expires_on=LAST)
PARTLY = pay(ACTIVE, 1000_00, day=TODAY)
USED = pay(PARTLY, 2000_00, day=TODAY)
STATES = {
    state: certificate
    for certificate in (CREATED, FOR_SALE, ACTIVE, PARTLY, USED)
    for state in [certificate.state]
} | {
    CertificateState.BLOCKED: block(PARTLY),
    CertificateState.EXPIRED: expire(PARTLY, LATER),
    CertificateState.REFUNDED: refund(PARTLY),
}
STEPS: dict[str, tuple[Callable[[Certificate], Certificate], set[str]]] = {
    "release": (release, {"created"}),
    "sell": (lambda c: sell(c, 3000_00, expires_on=LAST), {"for_sale"}),
    "pay": (lambda c: pay(c, 5_00, day=TODAY), {"active", "partly_used"}),
    "restore": (lambda c: restore(c, 5_00), {"partly_used", "used", "expired"}),
    "block": (block, {"for_sale", "active", "partly_used"}),
    "unblock": (unblock, {"blocked"}),
    "expire": (lambda c: expire(c, LATER), {"active", "partly_used"}),
    "refund": (refund, {"active", "partly_used", "expired"}),
}


def test_a_life_from_the_safe_to_the_last_kopeck() -> None:
    states = [c.state.value for c in (CREATED, FOR_SALE, ACTIVE, PARTLY, USED)]

    assert states == ["created", "for_sale", "active", "partly_used", "used"]
    assert (PARTLY.balance_minor, USED.balance_minor) == (2000_00, 0)


@pytest.mark.parametrize("state", list(CertificateState))
@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_for_its_states_alone(step: str, state: CertificateState) -> None:
    take, allowed = STEPS[step]

    if state.value in allowed:
        assert take(STATES[state]) != STATES[state]
    else:
        with pytest.raises(CertificateError):
            take(STATES[state])


def test_a_free_nominal_is_what_the_buyer_paid_and_a_fixed_one_is_not() -> None:
    free = sell(release(Certificate("C-2")), 777_00, expires_on=None)

    assert (free.nominal_minor, free.balance_minor) == (777_00, 777_00)
    with pytest.raises(CertificateError):
        sell(FOR_SALE, 777_00, expires_on=None)


def test_it_pays_up_to_and_including_its_last_day() -> None:
    assert pay(ACTIVE, 5_00, day=LAST).balance_minor == 2995_00
    with pytest.raises(CertificateError):
        pay(ACTIVE, 5_00, day=LATER)
    with pytest.raises(CertificateError):
        expire(ACTIVE, LAST)


@pytest.mark.parametrize("amount", [0, -1, 2000_01])
def test_it_pays_no_more_than_its_balance(amount: int) -> None:
    with pytest.raises(CertificateError):
        pay(PARTLY, amount, day=TODAY)


def test_what_comes_back_never_makes_more_than_the_nominal() -> None:
    assert restore(USED, 3000_00).state is CertificateState.ACTIVE
    assert restore(USED, 1_00).state is CertificateState.PARTLY_USED
    with pytest.raises(CertificateError):
        restore(PARTLY, 1000_01)


def test_a_blocked_one_lives_on_where_it_was() -> None:
    for certificate in (FOR_SALE, ACTIVE, PARTLY):
        assert unblock(block(certificate)) == certificate


@given(st.lists(st.integers(1, 3000_00), max_size=8))
def test_payments_and_the_balance_are_the_nominal(amounts: list[int]) -> None:
    certificate, paid = ACTIVE, 0
    for amount in amounts:
        if certificate.is_payable(TODAY) and amount <= certificate.balance_minor:
            certificate, paid = pay(certificate, amount, day=TODAY), paid + amount

    assert certificate.balance_minor + paid == certificate.nominal_minor
    assert paid == 0 or restore(certificate, paid) == ACTIVE
