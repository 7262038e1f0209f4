"""Certificates and coupons for reaching a goal: one a person and period, in whichever store."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.commit.service import Committed, Gift
from agent.quote.lines import Item
from shared.rules.pack import PackError, read_pack
from tests.builders import wine_text
from tests.chain.kit import Chain, Store, with_voids

CERTIFICATE, COUPON = "certificate: 500.00", "coupon: tasting"
GOAL = "3000.00"
MONTH = "calendar month"
Change = Callable[[str], str]


def with_goal(gift: str, window: str = MONTH) -> Change:
    """Return what makes of the wine pack one with a gift for buying for 3 000.00."""
    grant = f"""
  - id: goal_gift
    title: {{ru: За цель, en: For the goal}}
    on: goal
    goal: {{metric: turnover, window: {window}, reach: {GOAL}}}
    {gift}
    expiry: 30 days
"""

    def change(text: str) -> str:
        text = text.replace("version: 1\n", "version: 2\n")
        if "\ngrants:\n" in text:
            return text.replace("\ngrants:\n", f"\ngrants:{grant}", 1)
        return f"{text}\ngrants:{grant}"

    return change


def buy(store: Store, member: Any, wines: int = 2) -> Committed:
    """Buy wine of 2 000.00 each."""
    claim = store.reserve(store.basket(Item(1, wines * 1000, "WINE"), member=member.member))
    return store.pay(claim)


def crossed(store: Store, member: Any) -> Gift:
    (gift,) = buy(store, member).gifts
    return gift


@pytest.mark.capability("WINE-25")
@pytest.mark.parametrize("gift", [CERTIFICATE, COUPON])
def test_crossing_the_goal_twice_in_a_period_gives_one(chain: Chain, gift: str) -> None:
    chain.publish(with_goal(gift))
    anna, (here, there) = chain.member(100_00), chain.stores
    assert buy(here, anna, wines=1).gifts == ()

    given = crossed(here, anna)

    assert buy(here, anna).gifts == (), "known here at once"
    chain.sync()
    assert buy(there, anna).gifts == (), "and there by the rows"
    chain.sync()
    assert given.amount == (500_00 if gift == CERTIFICATE else 1)
    assert chain.conflicts() == []


def test_the_next_period_gives_another(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna, here = chain.member(100_00), chain.stores[0]

    first = crossed(here, anna)
    chain.world.time.pass_by(31 * 86_400)
    second = crossed(here, anna)

    assert first.code != second.code


def test_two_offline_stores_give_one_that_is_worth_something(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna = chain.member(100_00)
    gifts = []
    for store in chain.stores:
        store.cut()
        gifts.append(crossed(store, anna))
    assert [chain.stores[0].balance(gift.code)[1] for gift in gifts] == [0, 0]

    chain.heal()

    assert chain.conflicts() == ["given_before"]
    balances = sorted(chain.stores[0].balance(gift.code)[0] for gift in gifts)
    assert balances == [0, 500_00]


def test_a_certificate_of_a_goal_pays_when_the_centre_has_it(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna, (here, there) = chain.member(100_00), chain.stores
    here.cut()
    gift = crossed(here, anna)
    assert here.balance(gift.code) == (500_00, 0)
    chain.heal()

    claim = there.buy_with(gift.code, price=700_00)
    chain.sync()

    assert claim.evaluation.totals.certificate_minor == 500_00
    assert chain.state(gift.code) == ("used", 0)
    assert [one.step for one in chain.shown(gift.code).records] == ["given"]


def test_a_coupon_of_a_goal_is_its_members_own(chain: Chain) -> None:
    chain.publish(with_goal(COUPON))
    anna, there = chain.member(100_00), chain.stores[1]
    gift = crossed(chain.stores[0], anna)
    chain.sync()
    wine = Item(1, 1000, "WINE")

    unnamed = there.quote(there.basket(wine, promo_codes=(gift.code,)))
    assert [one.kind for one in unnamed.evaluation.codes] == ["not_yours"]
    claim = there.sell(wine, promo_codes=(gift.code,), member=anna.member)

    assert [one.kind for one in claim.evaluation.codes] == ["applied"]
    chain.sync()
    assert chain.code_state(gift.code) == "used"


@pytest.mark.edge("E54")
@pytest.mark.parametrize("gift", [CERTIFICATE, COUPON])
def test_a_returned_purchase_takes_its_gift_along_and_gives_no_other(
    chain: Chain, gift: str
) -> None:
    chain.publish(with_goal(gift))
    anna, here = chain.member(100_00), chain.stores[0]
    claim = here.reserve(here.basket(Item(1, 2000, "WINE"), member=anna.member))
    (given,) = here.pay(claim).gifts
    chain.sync()

    here.take_back(claim, quantity=2000)
    chain.sync()

    if gift == CERTIFICATE:
        assert chain.state(given.code) == ("refunded", 0)
    else:
        assert chain.code_state(given.code) == "revoked"
    assert buy(here, anna).gifts == ()
    assert chain.conflicts() == []


def test_a_voided_purchase_gives_its_gift_again(chain: Chain) -> None:
    chain.publish(lambda text: with_voids(with_goal(CERTIFICATE)(text)))
    anna, here = chain.member(100_00), chain.stores[0]
    claim = here.reserve(here.basket(Item(1, 2000, "WINE"), member=anna.member))
    (given,) = here.pay(claim).gifts

    here.void(claim)
    chain.sync()

    assert chain.state(given.code) == ("refunded", 0)
    again = crossed(here, anna)
    chain.sync()
    assert chain.state(again.code) == ("active", 500_00)
    assert chain.conflicts() == []


@pytest.mark.edge("E54")
def test_a_gift_that_was_used_before_the_return_is_told(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna, (here, there) = chain.member(100_00), chain.stores
    claim = here.reserve(here.basket(Item(1, 2000, "WINE"), member=anna.member))
    (given,) = here.pay(claim).gifts
    chain.sync()
    there.buy_with(given.code, price=700_00)
    chain.sync()

    here.take_back(claim, quantity=2000)
    chain.sync()

    assert chain.conflicts() == ["coupon_used"]
    assert chain.debts() == [500_00]


def test_the_slip_tells_the_gift(chain: Chain) -> None:
    chain.publish(with_goal(CERTIFICATE))
    anna, here = chain.member(100_00), chain.stores[0]
    claim = here.reserve(here.basket(Item(1, 2000, "WINE"), member=anna.member))
    (given,) = here.pay(claim).gifts

    slip = here.slip(claim)

    assert "За цель" in slip
    assert given.code in slip
    assert "Сертификат на 500,00" in slip


@pytest.mark.parametrize(
    ("gift", "fault"),
    [
        ("certificate: 500.00\n    coupon: tasting", "one_gift"),
        ("points: 5.00", "one_gift"),
        ("certificate: 500.00\n    wallet: bonus", "one_gift"),
        ("coupon: nothing", "unknown_name"),
        ("coupon: first_visit", "words"),
        ("certificate: 500.00\n    to: referrer", "gift_at_a_till"),
    ],
)
def test_a_gift_that_cannot_be_is_refused(gift: str, fault: str) -> None:
    with pytest.raises(PackError) as refused:
        read_pack(with_goal(gift)(wine_text()))

    assert refused.value.fault == fault
