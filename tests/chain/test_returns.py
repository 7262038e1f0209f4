"""Returns of what certificates paid, of certificates themselves, and of purchases with coupons."""

import pytest

from agent.leases import store as holds
from agent.quote.lines import Item
from agent.returns import exchange
from agent.returns.endings import CertificateAwayError, CertificateUsedError
from agent.returns.exchange import ReturnAloneError, Wish
from agent.returns.service import preview
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from tests.chain.kit import NOMINAL, Chain, Store, with_coupons, with_voids
from tests.simulation.wire import LineMode

WINE_MINOR = 2_000_00


@pytest.mark.edge("E53")
def test_the_part_that_a_certificate_paid_goes_back_on_it(chain: Chain) -> None:
    """Three pieces of 500.00; the certificate pays 1000.00 of 1500.00, so 333.33 of each piece.

    Of 1000.00 on 3 pieces come back: 333, 334, 333 rubles and 33, 34, 33 kopecks, half up.
    """
    (code,) = chain.active()
    here, there = chain.stores
    claim = here.sell(Item(1, 3000, "CHEESE", price_minor=500_00), certificates=(here.offer(code),))
    chain.sync()
    assert chain.state(code) == ("used", 0)

    first = here.take_back(claim, quantity=1000)
    assert (first.money_minor, first.certificates) == (166_67, ((code[-4:], 333_33),))
    assert here.balance(code)[0] == 333_33
    chain.sync()
    assert chain.state(code) == ("partly_used", 333_33)

    there.buy_with(code, price=333_33)
    rest = here.take_back(claim, quantity=2000)

    assert (rest.money_minor, rest.certificates) == (333_33, ((code[-4:], 666_67),))
    chain.sync()
    assert chain.state(code) == ("partly_used", 666_67)
    assert chain.conflicts() == []


@pytest.mark.edge("E53")
def test_a_return_with_the_cable_out_refills_the_certificate_once(chain: Chain) -> None:
    (code,) = chain.active(store="101")
    store = chain.stores[0]
    store.cut()
    claim = store.buy_with(code)
    assert store.balance(code) == (0, 0)

    store.take_back(claim)

    assert store.balance(code) == (NOMINAL, 0)
    chain.heal()
    assert chain.state(code) == ("active", NOMINAL)
    assert store.balance(code)[0] == NOMINAL


def test_a_used_code_does_not_come_back_with_the_certificate(chain: Chain) -> None:
    """1760.00 for a wine with the code's 12 %, of which the certificate pays 1000.00."""
    chain.publish(with_voids)
    (gift,), (code,) = chain.active(), chain.codes()
    store = chain.stores[0]
    claim = store.sell(
        Item(1, 1000, "WINE"), certificates=(store.offer(gift),), promo_codes=(code,)
    )

    done = store.take_back(claim)

    assert (done.money_minor, done.certificates) == (760_00, ((gift[-4:], NOMINAL),))
    chain.sync()
    assert chain.state(gift) == ("active", NOMINAL)
    assert chain.code_state(code) == "used"


def test_two_certificates_get_back_what_each_has_paid(chain: Chain) -> None:
    """1500.00 by the first (1000.00) and the second (500.00): all of it comes back."""
    codes = chain.active(2)
    store = chain.stores[0]
    claim = store.buy_with(*codes, price=1_500_00)
    chain.sync()
    assert [chain.state(code)[1] for code in codes] == [0, 500_00]

    done = store.take_back(claim)

    assert done.money_minor == 0
    chain.sync()
    assert [chain.state(code)[1] for code in codes] == [NOMINAL, NOMINAL]


def test_a_certificate_is_returned_whole_where_it_was_sold(chain: Chain) -> None:
    (code,) = chain.gifts()
    store = chain.stores[0]
    claim = store.sell_gift(code)
    chain.sync()

    done = store.take_back(claim)

    assert done.money_minor == NOMINAL
    assert store.balance(code)[0] == 0
    chain.sync()
    assert chain.state(code) == ("refunded", 0)
    for one in chain.stores:
        seen = one.quote(one.basket(certificates=(one.offer(code),)))
        assert seen.evaluation.totals.certificate_minor == 0


def test_a_certificate_that_was_used_is_not_returned(chain: Chain) -> None:
    (code,) = chain.gifts()
    here, there = chain.stores
    claim = here.sell_gift(code)
    chain.sync()
    there.buy_with(code, price=10_00)
    chain.sync()

    for _ in range(2):
        with pytest.raises(CertificateUsedError):
            preview(here.station, claim.receipt.uid, [Part(1, 1000)], here.machine.clock.now())
        with pytest.raises(CertificateUsedError):
            here.take_back(claim)
    chain.sync()
    assert chain.state(code) == ("partly_used", 990_00)
    assert there.buy_with(code).evaluation.totals.certificate_minor == 990_00


def test_a_certificate_that_somebody_may_be_paying_with_is_not_returned(chain: Chain) -> None:
    """The store that holds it is silent; the ask is ended, so that nothing stays behind."""
    (code,) = chain.gifts(store="102")
    here, there = chain.stores
    claim = here.sell_gift(code)
    chain.sync()
    there.cut()

    with pytest.raises(CertificateAwayError):
        here.take_back(claim)
    with reading(here.station.journal) as connection:
        assert holds.receipts_with_open_asks(connection) == []
    there.buy_with(code)

    chain.heal()
    assert chain.state(code) == ("used", 0)
    assert chain.conflicts() == []
    with pytest.raises(CertificateUsedError):
        here.take_back(claim)


def test_a_certificate_that_another_store_holds_is_no_part_of_an_exchange(chain: Chain) -> None:
    """An exchange does not ask for it, so that it says what to do instead; a return does."""
    (code,) = chain.gifts(store="102")
    here = chain.stores[0]
    claim = here.sell_gift(code)
    chain.sync()
    wish = Wish(claim.receipt.uid, (Part(1, 1000),), here.basket())

    with pytest.raises(ReturnAloneError):
        exchange.preview(here.station, wish, here.machine.clock.now())


@pytest.mark.parametrize("accepted", [False, True])
def test_a_certificate_is_not_returned_offline(chain: Chain, *, accepted: bool) -> None:
    (code,) = chain.gifts()
    store = chain.stores[0]
    claim = store.sell_gift(code)
    if accepted:
        chain.sync()
    store.cut()

    with pytest.raises(CertificateAwayError):
        store.take_back(claim)

    chain.heal()
    store.take_back(claim)
    chain.sync()
    assert chain.state(code) == ("refunded", 0)


def test_one_number_sold_twice_and_returned_once_stays_the_first_buyers(chain: Chain) -> None:
    (code,) = chain.gifts()
    here, there = chain.stores
    claims = []
    for store in chain.stores:
        store.cut()
        claims.append(store.sell_gift(code))
    here.machine.line.mode = LineMode.UP
    chain.sync(here)
    chain.heal()
    assert chain.conflicts() == ["sold_before"]

    there.take_back(claims[1])
    chain.sync()

    assert chain.state(code) == ("active", NOMINAL)
    assert here.buy_with(code).evaluation.totals.certificate_minor == NOMINAL


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_void_undoes_what_a_certificate_and_a_code_have_paid(
    chain: Chain, *, is_cut: bool
) -> None:
    chain.publish(with_voids)
    (gift,), (code,) = chain.active(), chain.codes()
    store = chain.stores[0]
    claim = store.sell(
        Item(1, 1000, "WINE"), certificates=(store.offer(gift),), promo_codes=(code,)
    )
    chain.sync()
    assert (chain.state(gift), chain.code_state(code)) == (("used", 0), "used")
    if is_cut:
        store.cut()

    done = store.void(claim)

    assert (done.money_minor, done.certificates) == (760_00, ((gift[-4:], NOMINAL),))
    assert store.balance(gift)[0] == NOMINAL
    chain.heal()
    assert (chain.state(gift), chain.code_state(code)) == (("active", NOMINAL), "active")
    assert told(chain.stores[1], code) == ["applied"]
    assert chain.conflicts() == []


def test_a_void_ends_a_certificate_only_while_it_is_whole(chain: Chain) -> None:
    chain.publish(with_voids)
    first, second = chain.gifts(2)
    here, there = chain.stores
    one, other = here.sell_gift(first), here.sell_gift(second)
    chain.sync()
    there.buy_with(second, price=1_00)
    chain.sync()

    here.void(one)
    with pytest.raises(CertificateUsedError):
        here.void(other)

    chain.sync()
    assert chain.state(first) == ("refunded", 0)
    assert chain.state(second) == ("partly_used", 999_00)
    with reading(here.station.journal) as connection:
        assert holds.receipts_with_open_asks(connection) == []


@pytest.fixture
def couponed(chain: Chain) -> Chain:
    """Every wine brings a coupon; anyone may void."""
    chain.publish(lambda text: with_voids(with_coupons(text)))
    return chain


def told(store: Store, code: str) -> list[str]:
    seen = store.quote(store.basket(Item(1, 1000, "WINE"), promo_codes=(code,)))
    return [one.kind for one in seen.evaluation.codes]


@pytest.mark.edge("E54")
def test_a_return_of_the_whole_purchase_revokes_its_coupon(couponed: Chain) -> None:
    here, there = couponed.stores
    claim = here.reserve(here.basket(Item(1, 2000, "WINE")))
    (code,) = here.pay(claim).coupons
    couponed.sync()

    here.take_back(claim, quantity=1000)
    couponed.sync()
    assert told(there, code) == ["applied"]
    here.take_back(claim, quantity=1000)
    assert told(here, code) == ["used_up"]
    couponed.sync()

    assert couponed.code_state(code) == "revoked"
    assert told(here, code) == told(there, code) == ["blocked"]
    assert couponed.conflicts() == []


@pytest.mark.edge("E54")
def test_a_coupon_born_and_returned_offline_is_revoked(couponed: Chain) -> None:
    store = couponed.stores[0]
    store.cut()
    claim = store.reserve(store.basket(Item(1, 1000, "WINE")))
    (code,) = store.pay(claim).coupons

    store.take_back(claim)

    assert told(store, code) == ["used_up"]
    couponed.heal()
    assert couponed.code_state(code) == "revoked"
    assert couponed.conflicts() == []


def test_a_void_revokes_the_coupons_of_its_receipt(couponed: Chain) -> None:
    here, there = couponed.stores
    claim = here.reserve(here.basket(Item(1, 1000, "WINE")))
    (code,) = here.pay(claim).coupons
    couponed.sync()

    here.void(claim)
    couponed.sync()

    assert couponed.code_state(code) == "revoked"
    assert told(there, code) == ["blocked"]


@pytest.mark.edge("E54")
def test_a_used_coupon_is_a_debt_and_a_case_for_people(couponed: Chain) -> None:
    here, there = couponed.stores
    claim = here.reserve(here.basket(Item(1, 1000, "WINE")))
    (code,) = here.pay(claim).coupons
    couponed.sync()
    there.sell(Item(1, 1000, "WINE"), promo_codes=(code,))
    couponed.sync()

    here.take_back(claim)
    couponed.sync()

    assert couponed.code_state(code) == "used"
    assert couponed.debts() == [1]
    assert couponed.conflicts() == ["coupon_used"]
