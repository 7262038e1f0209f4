"""Certificates between stores and the centre: sold, paid with in parts, never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.bearers.certificates import CertificateElsewhereError, NotForSaleError, Offer
from agent.quote.lines import Item
from agent.quote.service import Basket
from agent.reserve.service import QuoteChangedError
from central.bearers.certificates import block
from central.leases import expiry
from central.leases.writeoff import write_off_store
from shared.receipt import Redeem
from shared.rules.result import CertificatePayment
from tests.central.chain_kit import conflicts
from tests.chain.kit import NOMINAL, Chain, Store
from tests.simulation.wire import LineMode


def gift_basket(store: Store, code: str, price: int = 1_000_00) -> Basket:
    item = Item(1, 1000, "CHEESE", price_minor=price)
    return store.basket(item, certificates=(Offer(code),))


def paid(payments: tuple[CertificatePayment, ...]) -> list[tuple[int, int, str]]:
    return [(one.amount, one.left, one.reason.code) for one in payments]


@pytest.mark.capability("FASHION-44")
def test_a_certificate_is_sold_in_one_store_and_used_up_in_two(chain: Chain) -> None:
    """Sold for 1000.00; 300.00 and 600.00 of it pay for goods, the last 100.00 is a part."""
    (code,) = chain.gifts()
    first, second = chain.stores

    claim = first.sell_gift(code)
    assert claim.evaluation.totals.payable_minor == NOMINAL
    assert chain.state(code) == ("for_sale", 0)
    chain.sync()
    assert chain.state(code) == ("active", NOMINAL)

    one = second.buy_with(code, wanted=300_00)
    assert paid(one.evaluation.certificates) == [(300_00, 700_00, "certificate_pays")]
    assert one.evaluation.totals.payable_minor == 1_000_00
    chain.sync()
    assert chain.state(code) == ("partly_used", 700_00)

    first.buy_with(code, price=600_00)
    chain.sync()
    last = second.buy_with(code, price=500_00)

    assert paid(last.evaluation.certificates) == [(100_00, 0, "certificate_pays")]
    chain.sync()
    assert chain.state(code) == ("used", 0)
    assert paid(second.quote(gift_basket(second, code)).evaluation.certificates) == [
        (0, 0, "certificate_used")
    ]


@pytest.mark.capability("SPIRITS-25")
def test_two_offline_stores_never_take_the_same_certificate(chain: Chain) -> None:
    """One is free at the centre, one is bound to the second store: one store offline takes one."""
    (free,), (bound,) = chain.active(), chain.active(store="102")
    first, second = chain.stores
    first.cut()
    second.cut()

    for store, code in ((first, free), (second, free), (first, bound)):
        seen = store.quote(gift_basket(store, code))
        assert paid(seen.evaluation.certificates) == [(0, NOMINAL, "certificate_elsewhere")]
        assert seen.evaluation.totals.certificate_minor == 0
    taken = second.buy_with(bound)

    assert paid(taken.evaluation.certificates) == [(NOMINAL, 0, "certificate_pays")]
    chain.heal()
    assert chain.state(free) == ("active", NOMINAL)
    assert chain.state(bound) == ("used", 0)
    assert chain.conflicts() == []


@pytest.mark.capability("SPIRITS-25")
def test_a_refusal_says_where_the_certificate_is(chain: Chain) -> None:
    (bound,) = chain.active(store="102")
    first, _ = chain.stores
    first.cut()

    seen = first.quote(gift_basket(first, bound))

    (told,) = seen.evaluation.certificates
    assert told.reason.ru.startswith("Сертификат сейчас закреплён: магазин 102.")
    assert told.reason.en.startswith("The certificate is held by store 102 now")


def test_a_bound_certificate_is_taken_elsewhere_when_its_store_gives_it_back(
    chain: Chain,
) -> None:
    (bound,) = chain.active(store="102")
    first, _ = chain.stores

    taken = first.buy_with(bound, price=400_00)

    assert paid(taken.evaluation.certificates) == [(400_00, 600_00, "certificate_pays")]
    chain.sync()
    assert chain.state(bound) == ("partly_used", 600_00)


def test_a_bound_certificate_is_not_taken_elsewhere_while_its_store_is_silent(
    chain: Chain,
) -> None:
    (bound,) = chain.active(store="102")
    first, second = chain.stores
    second.cut()

    with pytest.raises(CertificateElsewhereError) as refused:
        first.reserve(gift_basket(first, bound))

    assert refused.value.details["elsewhere"] == ["102"]
    assert refused.value.details["available_minor"] == 0
    chain.heal()
    assert chain.state(bound) == ("active", NOMINAL)


@pytest.mark.capability("SPIRITS-25")
def test_what_a_written_off_store_takes_of_a_certificate_again_is_told_with_its_number(
    chain: Chain,
) -> None:
    """Of two that pay, one had been given to the other store: 400.00 of it are taken twice."""
    (away,), (own,) = chain.active(store="101"), chain.active(store="101")
    first, second = chain.stores
    first.cut()
    write_off_store(chain.centre, "101")
    chain.sync(second)
    second.buy_with(away)
    first.buy_with(own, away, wanted=400_00)

    chain.heal()

    (record,) = (one for one in conflicts(chain.centre) if one.kind == "used_twice")
    assert record.amount_minor == 400_00
    assert f"сертификатом …{away[-4:]} оплачено на 400,00 больше" in record.sentence.ru
    assert [chain.state(code)[1] for code in (away, own)] == [0, 600_00]


def test_one_number_sold_in_two_offline_stores_is_active_once(chain: Chain) -> None:
    (code,) = chain.gifts()
    for store in chain.stores:
        store.cut()
        store.sell_gift(code)

    chain.heal()

    assert chain.state(code) == ("active", NOMINAL)
    assert chain.conflicts() == ["sold_before"]
    for store in chain.stores:
        assert store.balance(code)[0] == NOMINAL


def test_one_number_is_sold_once_in_a_store(chain: Chain) -> None:
    (code,) = chain.gifts()
    store = chain.stores[0]
    store.cut()
    item = Item(1, 1000, "GIFT", certificate=code)
    open_receipt = store.reserve(store.basket(item))

    with pytest.raises(NotForSaleError):
        store.quote(store.basket(item))
    store.cancel(open_receipt)
    store.sell(item)
    with pytest.raises(NotForSaleError):
        store.quote(store.basket(item))

    chain.heal()
    assert chain.conflicts() == []


def test_a_certificate_pays_once_the_centre_has_its_sale(chain: Chain) -> None:
    """Who sold it offline cannot take it either: the other store may have sold the same number."""
    (code,) = chain.gifts()
    store = chain.stores[0]
    store.cut()
    store.sell_gift(code)

    seen = store.quote(gift_basket(store, code))

    assert paid(seen.evaluation.certificates) == [(0, NOMINAL, "certificate_elsewhere")]
    chain.heal()
    store.buy_with(code)
    chain.sync()
    assert chain.state(code) == ("used", 0)


def test_several_certificates_of_one_receipt_are_asked_for_together(chain: Chain) -> None:
    codes = chain.active(3, store="102")
    first = chain.stores[0]
    before = chain.world.time.at

    taken = first.buy_with(*codes, price=2_500_00)

    assert [one.amount for one in taken.evaluation.certificates] == [NOMINAL, NOMINAL, 500_00]
    assert chain.world.time.at - before < timedelta(seconds=2)
    chain.sync()
    assert [chain.state(code)[1] for code in codes] == [0, 0, 500_00]


def test_points_and_certificates_of_one_receipt_are_asked_for_together(chain: Chain) -> None:
    """600.00 of the 1000.00 points are leased at home; the certificate is bound there too."""
    anna = chain.member(1_000_00)
    (code,) = chain.active(store="101")
    second = chain.stores[1]

    claim = second.sell(
        Item(1, 1000, "CHEESE", price_minor=1_000_00),
        member=anna.member,
        redeem=Redeem.EXACT,
        redeem_points=500_00,
        certificates=(Offer(code, 200_00),),
    )

    totals = claim.evaluation.totals
    assert (totals.redeemed_minor, totals.certificate_minor) == (500_00, 200_00)
    chain.sync()
    assert chain.state(code) == ("partly_used", 800_00)


def test_several_certificates_that_nobody_gives_back_cost_one_wait(chain: Chain) -> None:
    codes = chain.active(3, store="102")
    first, second = chain.stores
    second.machine.line.mode = LineMode.DOWN
    before = chain.world.time.at

    with pytest.raises(CertificateElsewhereError):
        first.reserve(
            first.basket(
                Item(1, 1000, "CHEESE", price_minor=2_500_00),
                certificates=tuple(Offer(code) for code in codes),
            )
        )

    assert chain.world.time.at - before < timedelta(seconds=2.5)


def test_a_cancelled_receipt_leaves_the_certificate_whole(chain: Chain) -> None:
    (code,) = chain.active()
    first, second = chain.stores
    claim = first.reserve(gift_basket(first, code))
    assert first.balance(code) == (NOMINAL, 0)

    first.cancel(claim)
    chain.sync()

    assert second.buy_with(code).evaluation.totals.certificate_minor == NOMINAL
    chain.sync()
    assert chain.state(code) == ("used", 0)


def test_two_tills_of_a_store_do_not_take_the_same_certificate(chain: Chain) -> None:
    (code,) = chain.active(store="101")
    store = chain.stores[0]
    store.cut()
    claim = store.reserve(gift_basket(store, code, 700_00))

    other = store.buy_with(code, price=700_00)

    assert paid(other.evaluation.certificates) == [(300_00, 0, "certificate_pays")]
    store.pay(claim)
    chain.heal()
    assert chain.state(code) == ("used", 0)
    assert chain.conflicts() == []


def test_a_quote_is_refused_before_payment_when_the_certificate_has_gone(chain: Chain) -> None:
    (code,) = chain.active()
    first, second = chain.stores
    wanted = gift_basket(first, code)
    agreed = first.quote(wanted)
    second.buy_with(code)

    with pytest.raises((CertificateElsewhereError, QuoteChangedError)):
        first.reserve(wanted)

    assert agreed.evaluation.totals.certificate_minor == NOMINAL
    chain.sync()
    assert chain.state(code) == ("used", 0)
    assert chain.conflicts() == []


@pytest.mark.capability("FASHION-44")
def test_a_blocked_certificate_is_taken_nowhere(chain: Chain) -> None:
    (code,) = chain.active()
    block(chain.centre, code, "stolen")
    chain.sync()

    for store in chain.stores:
        seen = store.quote(gift_basket(store, code))
        assert paid(seen.evaluation.certificates) == [(0, NOMINAL, "certificate_blocked")]


@pytest.mark.capability("FASHION-44")
@pytest.mark.parametrize("nominal", [0, NOMINAL])
def test_a_certificate_expires_on_its_last_day_whatever_its_nominal(
    chain: Chain, nominal: int
) -> None:
    (code,) = chain.gifts(nominal_minor=nominal, valid_days=2)
    store = chain.stores[0]
    store.sell_gift(code)
    chain.sync()

    chain.world.time.pass_by(2 * 86_400)
    assert store.quote(gift_basket(store, code)).evaluation.totals.certificate_minor == NOMINAL

    chain.world.time.pass_by(86_400)
    seen = store.quote(gift_basket(store, code))
    assert paid(seen.evaluation.certificates) == [(0, 0, "certificate_expired")]
    chain.world.time.pass_by(86_400)
    expiry.run(chain.centre, chain.centre.clock.now())
    chain.sync()
    assert chain.state(code) == ("expired", 0)
    assert paid(store.quote(gift_basket(store, code)).evaluation.certificates) == [
        (0, 0, "certificate_expired")
    ]


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Item(1, 1000, "GIFT", price_minor=900_00), "its nominal is"),
        (Item(1, 2000, "GIFT"), "one piece is needed"),
        (Item(1, 1000, "CHEESE"), "the goods are no certificate"),
    ],
)
def test_what_is_no_sale_of_a_certificate_is_refused(chain: Chain, item: Item, reason: str) -> None:
    (code,) = chain.gifts()
    store = chain.stores[0]

    with pytest.raises(NotForSaleError) as refused:
        store.quote(store.basket(replace(item, certificate=code)))

    assert reason in str(refused.value)


def test_one_receipt_cannot_sell_a_certificate_twice(chain: Chain) -> None:
    (code,) = chain.gifts()
    store = chain.stores[0]
    twice = (Item(1, 1000, "GIFT", certificate=code), Item(2, 1000, "GIFT", certificate=code))

    with pytest.raises(NotForSaleError):
        store.quote(store.basket(*twice))


@pytest.mark.parametrize("code", ["2222-2222-2222-2222", "nonsense", "ё" * 64])
def test_a_code_that_nobody_has_pays_and_sells_nothing(chain: Chain, code: str) -> None:
    chain.gifts()
    store = chain.stores[0]

    seen = store.quote(gift_basket(store, code))
    with pytest.raises(NotForSaleError):
        store.quote(store.basket(Item(1, 1000, "GIFT", certificate=code)))

    assert paid(seen.evaluation.certificates) == [(0, 0, "certificate_unknown")]
