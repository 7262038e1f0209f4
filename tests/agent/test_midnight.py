"""A receipt that was reserved before midnight keeps the points that expire then."""

from datetime import date

import pytest

from agent.commit.service import commit
from agent.quote.service import quote
from shared.receipt import Redeem
from shared.wire.facts import ReceiptCommitted
from tests.agent.kit import claim, last_body, lot_seen, paid
from tests.agent.test_leases import cancel
from tests.builders import Person, PersonLot, Shop, basket

TODAY = date(2026, 5, 20)


def who_has_points_of_today(shop: Shop) -> tuple[Person, PersonLot]:
    """A member whose 300 points may be spent up to the end of today, in Moscow; the line is cut."""
    lot = PersonLot(30_000, leased=30_000, expires_on=TODAY)
    anna = Person(lot)
    shop.member(anna)
    shop.link.up = False
    return anna, lot


@pytest.mark.edge("E31")
def test_points_of_a_reserved_receipt_outlive_their_day_until_it_ends(shop: Shop) -> None:
    """Reserved at 23:59 by the store's clock, paid for at 00:10; the claim's instant counts."""
    anna, lot = who_has_points_of_today(shop)
    shop.clock.move(hours=8, minutes=59)
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=30_000))
    shop.clock.move(minutes=11)

    sold = commit(shop.station, paid(shop, held), shop.clock.now())

    assert sold.balance_points == 0
    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    assert [(draw.lot, draw.amount) for draw in body.evaluation.redemption.draws] == [
        (lot.row.id, 30_000)
    ]
    assert (body.day, body.moment.day) == (TODAY, TODAY)


@pytest.mark.edge("E31")
def test_points_of_a_receipt_that_comes_to_nothing_after_midnight_have_expired(shop: Shop) -> None:
    anna, lot = who_has_points_of_today(shop)
    wanted = basket(shop, member=anna, redeem=Redeem.MAXIMUM)
    shop.clock.move(hours=8, minutes=59)
    held = claim(shop, wanted)
    shop.clock.move(minutes=11)

    cancel(shop, held)
    again = basket(shop, member=anna, redeem=Redeem.MAXIMUM)
    priced = quote(shop.station, again, shop.clock.now())

    assert held.evaluation.redemption.redeemed == 30_000
    assert lot_seen(shop, anna, lot).amount == 30_000
    assert priced.evaluation.redemption.redeemed == 0


@pytest.mark.edge("E31")
def test_another_receipt_after_midnight_has_nothing_of_a_lot_that_a_claim_still_holds(
    shop: Shop,
) -> None:
    anna, _ = who_has_points_of_today(shop)
    shop.clock.move(hours=8, minutes=59)
    claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=10_000))
    shop.clock.move(minutes=11)

    priced = quote(shop.station, basket(shop, member=anna, redeem=Redeem.MAXIMUM), shop.clock.now())

    assert priced.evaluation.redemption.redeemed == 0
