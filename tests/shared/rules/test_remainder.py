"""What stays with the customer is priced again: thresholds and bundles that a return breaks."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.basket import Line
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment
from shared.rules.remainder import Broken, Sold, broken, charged_minor
from tests.shared.rules.builders import MOMENT, discount_rule, line, member, pack_text, receipt
from tests.shared.rules.strategies import members, moments, pack_of, packs, receipts
from tests.shared.rules.test_bundles import LISTS, THREE_FOR_TWO, TIE_AS_GIFT, shirts, ties
from tests.shared.rules.test_receipt_stacking import effect_rule, stacking

OFF_300 = effect_rule("off", "discount, amount: 300.00", "{receipt_sum_from: 3000.00}")


def sold(text: str, *lines: Line, who: MemberView | None = None) -> Sold:
    pack, bought = pack_of(text), receipt(*lines)
    return Sold(pack, who, bought, MOMENT, evaluate(pack, who, bought, MOMENT))


def threshold() -> Sold:
    """3 000.00 less 300.00, in three lines of 1 000.00."""
    tail = stacking("group: top, mode: best, scope: receipt, children: [off]")
    text = pack_text(OFF_300, tail=tail)
    return sold(text, *(line(no, 1000_00) for no in (1, 2, 3)))


@pytest.mark.edge("E45")
def test_goods_that_stay_below_the_threshold_lose_their_share_of_the_discount() -> None:
    """Two of three stay: 200.00 of the 300.00 are theirs, and alone they would have none."""
    assert broken(threshold(), {1: 1000}) == Broken(threshold_minor=200_00)
    assert broken(threshold(), {1: 1000, 2: 1000}).threshold_minor == 100_00


def test_nothing_is_broken_while_nothing_or_everything_is_back() -> None:
    assert broken(threshold(), {}) == Broken()
    assert broken(threshold(), {1: 1000, 2: 1000, 3: 1000}) == Broken()


def test_a_percent_that_still_holds_is_rounded_and_not_broken() -> None:
    """7 % of 3 x 10.03 is 2.11, of which 1.41 are of two; 7 % of two alone are 1.40."""
    once = sold(pack_text(discount_rule("a", "7 %")), line(1, 10_03, quantity=3000))

    assert broken(once, {1: 1000}) == Broken()
    assert broken(once, {1: 2000}) == Broken()


def three_for_two() -> Sold:
    """900.00 + 600.00 + 300.00, the last one free: 150.00, 100.00 and 50.00 off."""
    text = pack_text(THREE_FOR_TWO, tail=LISTS)
    return sold(text, shirts(1, 900_00), shirts(2, 600_00), shirts(3, 300_00))


@pytest.mark.edge("E48")
def test_a_bundle_is_broken_when_a_part_of_it_stays() -> None:
    """The gift back alone: 250.00 of the discount are of what stays. A shirt back: 150.00."""
    assert broken(three_for_two(), {3: 1000}) == Broken(0, 250_00, (1, 2))
    assert broken(three_for_two(), {1: 1000}) == Broken(0, 150_00, (2, 3))
    assert broken(three_for_two(), {1: 1000, 2: 1000, 3: 1000}) == Broken()


@pytest.mark.edge("E48")
def test_a_gift_that_stays_without_its_goods_costs_what_it_was_sold_below() -> None:
    """1000.00 x 2 and a tie of 300.00 as a gift: 130.43, 130.44 and 39.13 off."""
    text = pack_text(TIE_AS_GIFT, tail=LISTS)
    once = sold(text, shirts(1, 1000_00), shirts(2, 1000_00), ties(3, 300_00))

    found = broken(once, {1: 1000, 2: 1000})

    assert found == Broken(0, 39_13, (3,))
    assert charged_minor(found, threshold="keep", bundle="charge") == 39_13


def test_of_two_bundles_one_may_come_back_whole() -> None:
    text = pack_text(THREE_FOR_TWO, tail=LISTS)
    once = sold(text, shirts(1, 300_00, pieces=6))

    assert broken(once, {1: 3000}) == Broken()
    assert broken(once, {1: 1000}) == Broken(0, 200_00, (1,))


def test_another_discount_that_takes_the_place_of_a_broken_bundle_lessens_the_charge() -> None:
    """Three for two gave 300.00; two of the shirts alone have 10 %, 60.00 of 600.00."""
    tail = LISTS + stacking("group: top, mode: best, scope: receipt, children: [three, ten]")
    text = pack_text(THREE_FOR_TWO, discount_rule("ten", "10 %"), tail=tail)
    once = sold(text, *(shirts(no, 300_00) for no in (1, 2, 3)))

    found = broken(once, {1: 1000})

    assert (found.bundle_minor, found.threshold_minor) == (200_00, -60_00)
    assert charged_minor(found, threshold="keep", bundle="charge") == 140_00
    assert charged_minor(found, threshold="keep", bundle="keep") == 0


@pytest.mark.parametrize(
    ("threshold_policy", "bundle_policy", "minor"),
    [
        ("keep", "keep", 0),
        ("reevaluate", "keep", 70_00),
        ("keep", "charge", 50_00),
        ("keep", "must_come_back", 0),
        ("reevaluate", "charge", 120_00),
    ],
)
def test_only_what_the_programme_charges_is_charged(
    threshold_policy: str, bundle_policy: str, minor: int
) -> None:
    found = Broken(threshold_minor=70_00, bundle_minor=50_00)

    assert charged_minor(found, threshold=threshold_policy, bundle=bundle_policy) == minor


def test_the_member_of_the_sale_prices_what_stays() -> None:
    """A silver member's 10 % hold for what stays, whatever he has become since."""
    text = pack_text(effect_rule("tier", "discount, tier_percent: discount"))
    once = sold(text, line(1, 100_00), line(2, 100_00), who=member(turnover_minor=1000_00))

    assert broken(once, {1: 1000}) == Broken()


@given(packs(), members(), receipts(), moments(), some.data())
def test_no_charge_ever_exceeds_the_discounts_of_what_stays(
    pack: CompiledPack,
    who: MemberView | None,
    bought: Receipt,
    moment: Moment,
    data: some.DataObject,
) -> None:
    lines = tuple(one for one in bought.lines if one.quantity > 0)
    whole = Receipt(**{name: getattr(bought, name) for name in bought.__slots__} | {"lines": lines})
    found = evaluate(pack, who, whole, moment)
    back: Mapping[int, int] = {
        one.no: data.draw(some.integers(0, one.quantity), label="back") for one in lines
    }

    torn = broken(Sold(pack, who, whole, moment, found), back)

    most = charged_minor(torn, threshold="reevaluate", bundle="charge")
    assert 0 <= most <= found.totals.discount_minor
