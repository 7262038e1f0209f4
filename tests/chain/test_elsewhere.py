"""Receipts with certificates, coupons and gifts come back in a store that has not sold them."""

from collections.abc import Callable

import pytest

from agent.quote.lines import Item
from agent.returns.by_slip import SlipUsedError
from agent.returns.endings import CertificateUsedError
from agent.returns.shares import NotReturnableError
from agent.returns.sources import SlipNeededError
from shared.receipt import Redeem
from shared.runtime.sqlite import reading
from tests.central.chain_kit import balance, books, conflicts
from tests.chain.kit import NOMINAL, Chain, with_coupons, with_slips
from tests.chain.test_goals import CERTIFICATE, with_goal
from tests.simulation.wire import LineMode

CHEESE_MINOR = 1_000_00
Pack = Callable[[str], str]


def couponed(text: str) -> str:
    return with_slips(with_coupons(text).replace("version: 2\n", "version: 1\n"))


def goaled(text: str) -> str:
    return with_slips(with_goal(CERTIFICATE)(text).replace("version: 2\n", "version: 1\n"))


@pytest.mark.edge("E53")
def test_what_a_certificate_paid_goes_back_on_it_in_another_store(chain: Chain) -> None:
    (code,) = chain.active()
    here, there = chain.stores
    claim = here.buy_with(code, wanted=400_00)
    chain.sync()

    back = there.take_back(claim)

    assert (back.money_minor, back.certificates) == (600_00, ((code[-4:], 400_00),))
    assert there.balance(code)[0] == NOMINAL
    chain.sync()
    assert chain.state(code) == ("active", NOMINAL)
    there.buy_with(code)
    chain.sync()
    assert (chain.state(code), chain.conflicts()) == (("used", 0), [])


@pytest.mark.edge("E53")
def test_by_its_slip_alone_a_receipt_gives_back_the_money_and_the_centre_the_rest(
    chain: Chain,
) -> None:
    chain.publish(with_slips)
    (code,) = chain.active()
    here, there = chain.stores
    claim = here.buy_with(code, wanted=400_00)
    slip = here.code_of_slip(claim)
    there.cut()
    with pytest.raises(SlipNeededError):
        there.take_back(claim)

    back = there.take_back(claim, slip=slip)

    assert (back.money_minor, back.is_provisional) == (600_00, True)
    with pytest.raises(SlipUsedError):
        there.take_back(claim, slip=slip)
    chain.heal()
    assert chain.state(code) == ("active", NOMINAL)
    assert chain.conflicts() == []


def test_a_receipt_back_in_two_stores_refills_its_certificate_once(chain: Chain) -> None:
    chain.publish(with_slips)
    (code,) = chain.active()
    here, there = chain.stores
    claim = here.buy_with(code)
    slip = here.code_of_slip(claim)
    for store in chain.stores:
        store.cut()

    assert there.take_back(claim, slip=slip).money_minor == 0
    assert here.take_back(claim).certificates == ((code[-4:], NOMINAL),)

    chain.heal()
    assert chain.state(code) == ("active", NOMINAL)
    assert chain.conflicts() == ["returned_twice"]


@pytest.mark.edge("E49")
@pytest.mark.parametrize("is_sold_here_first", [False, True])
def test_one_line_of_two_back_in_two_stores_moves_its_points_once(
    chain: Chain, *, is_sold_here_first: bool
) -> None:
    """Of 1000.00 points 400.00 pay half of a cheese of 800.00; a wine of 2000.00 costs 1940.00.

    Paid in money are 2340.00, which earn 70.00: of the wine 58.03, of the cheese 11.97. The cheese
    comes back twice: 670.00 + 400.00 - 11.97 = 1058.03. With the wine all is as it was before.
    """
    chain.publish(with_slips)
    anna, (here, there) = chain.member(1_000_00), chain.stores
    assert anna.account is not None
    goods = (Item(1, 1000, "WINE"), Item(2, 1000, "CHEESE", price_minor=800_00))
    claim = here.sell(*goods, member=anna.member, redeem=Redeem.MAXIMUM)
    slip = here.code_of_slip(claim)
    chain.sync()
    for store in chain.stores:
        store.cut()
    assert there.take_back(claim, no=2, slip=slip).money_minor == 400_00
    assert here.take_back(claim, no=2).money_minor == 400_00
    for store in (here, there) if is_sold_here_first else (there, here):
        store.machine.line.mode = LineMode.UP
        chain.sync(store)
    chain.sync()

    account = books(chain.centre, anna.account).accounts[anna.account]
    assert balance(chain.centre, anna.account) - account.debt == 1_058_03
    assert account.turnover_minor == 1_940_00
    (record,) = (one for one in conflicts(chain.centre) if one.kind == "returned_twice")
    assert record.amount_minor == 400_00
    assert "400,00" in record.sentence.ru

    here.take_back(claim, no=1)
    chain.sync()

    account = books(chain.centre, anna.account).accounts[anna.account]
    assert balance(chain.centre, anna.account) - account.debt == 1_000_00
    assert account.turnover_minor == 0


@pytest.mark.parametrize("is_by_slip", [False, True])
def test_a_code_that_was_used_stays_used_wherever_its_goods_come_back(
    chain: Chain, *, is_by_slip: bool
) -> None:
    chain.publish(with_slips)
    (code,) = chain.codes()
    here, there = chain.stores
    claim = here.sell(Item(1, 1000, "WINE"), promo_codes=(code,))
    chain.sync()
    slip = here.code_of_slip(claim)
    if is_by_slip:
        there.cut()

    there.take_back(claim, slip=slip)

    chain.heal()
    assert (chain.code_state(code), chain.conflicts()) == ("used", [])
    with reading(chain.centre.engine) as connection:
        query = "SELECT balance FROM lot WHERE wallet = '@code'"
        assert list(connection.exec_driver_sql(query).scalars()) == [0]


def test_a_certificate_is_taken_back_whole_in_another_store(chain: Chain) -> None:
    (code,) = chain.gifts()
    here, there = chain.stores
    claim = here.sell_gift(code)
    chain.sync()

    back = there.take_back(claim)

    assert back.money_minor == NOMINAL
    assert there.balance(code) == (0, 0)
    chain.sync()
    assert (chain.state(code), chain.conflicts()) == (("refunded", 0), [])


def test_a_certificate_that_was_used_is_returned_in_no_store(chain: Chain) -> None:
    (code,) = chain.gifts()
    here, there = chain.stores
    claim = here.sell_gift(code)
    chain.sync()
    there.buy_with(code, wanted=100)
    chain.sync()

    with pytest.raises(CertificateUsedError):
        there.take_back(claim)


def test_no_certificate_is_taken_back_by_a_slip_alone(chain: Chain) -> None:
    """Somebody may be paying with it; the goods beside it do come back."""
    chain.publish(with_slips)
    (code,) = chain.gifts()
    here, there = chain.stores
    claim = here.sell(
        Item(1, 1000, "GIFT", price_minor=NOMINAL, certificate=code),
        Item(2, 1000, "CHEESE", price_minor=CHEESE_MINOR),
    )
    slip = here.code_of_slip(claim)
    there.cut()

    with pytest.raises(NotReturnableError):
        there.take_back(claim, slip=slip)
    back = there.take_back(claim, no=2, slip=slip)

    assert back.money_minor == CHEESE_MINOR
    chain.heal()
    assert (chain.state(code), chain.conflicts()) == (("active", NOMINAL), [])


@pytest.mark.edge("E54")
@pytest.mark.parametrize("is_by_slip", [False, True])
def test_a_coupon_is_revoked_when_its_purchase_comes_back_in_another_store(
    chain: Chain, *, is_by_slip: bool
) -> None:
    chain.publish(couponed)
    here, there = chain.stores
    claim = here.reserve(here.basket(Item(1, 1000, "WINE")))
    (code,) = here.pay(claim).coupons
    chain.sync()
    slip = here.code_of_slip(claim)
    if is_by_slip:
        there.cut()

    there.take_back(claim, slip=slip)

    chain.heal()
    assert (chain.code_state(code), chain.conflicts()) == ("revoked", [])


@pytest.mark.edge("E54")
@pytest.mark.parametrize("is_by_slip", [False, True])
def test_a_used_coupon_is_a_debt_when_its_purchase_comes_back_in_another_store(
    chain: Chain, *, is_by_slip: bool
) -> None:
    chain.publish(couponed)
    here, there = chain.stores
    claim = here.reserve(here.basket(Item(1, 1000, "WINE")))
    (code,) = here.pay(claim).coupons
    chain.sync()
    there.sell(Item(1, 1000, "WINE"), promo_codes=(code,))
    chain.sync()
    slip = here.code_of_slip(claim)
    if is_by_slip:
        there.cut()

    there.take_back(claim, slip=slip)

    chain.heal()
    assert (chain.code_state(code), chain.debts()) == ("used", [1])
    assert chain.conflicts() == ["coupon_used"]


@pytest.mark.edge("E54")
@pytest.mark.parametrize("is_by_slip", [False, True])
def test_a_goals_certificate_goes_with_its_purchase_in_another_store(
    chain: Chain, *, is_by_slip: bool
) -> None:
    chain.publish(goaled)
    anna, (here, there) = chain.member(100_00), chain.stores
    claim = here.reserve(here.basket(Item(1, 2000, "WINE"), member=anna.member))
    (given,) = here.pay(claim).gifts
    chain.sync()
    slip = here.code_of_slip(claim)
    if is_by_slip:
        there.cut()

    there.take_back(claim, quantity=2000, slip=slip)

    chain.heal()
    assert chain.state(given.code) == ("refunded", 0)
    assert chain.conflicts() == ["debt"]  # the points earned were leased to the store that sold
