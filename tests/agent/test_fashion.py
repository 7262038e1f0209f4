"""The boutique's programme in a store: the entry tier from the registration on, and its changes."""

from datetime import date
from importlib.resources import files

import pytest

from agent.members.service import Registration, register
from agent.quote.lines import Item
from shared.receipt import Redeem
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import GLOBAL
from tests.agent.kit import last_body, seen, sell
from tests.builders import WINE, Person, PersonLot, Shop, basket, pack_row

NAME = "name: fashion"


def fashion(*changes: tuple[str, str]) -> str:
    """The shipped pack under the name that the store has, as its next version, with changes."""
    text = files("shared.rules").joinpath("examples/fashion.yaml").read_text("utf-8")
    for was, now in ((NAME, "name: wine"), ("version: 1", "version: 2"), *changes):
        assert was in text, was
        text = text.replace(was, now, 1)
    return text


def bought(shop: Shop, who: Person) -> ReceiptCommitted:
    """Sell goods for 2 000.00 and return the fact."""
    sell(shop, basket(shop, Item(1, 1000, WINE), member=who))
    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    return body


@pytest.mark.capability("FASHION-10")
def test_who_has_registered_has_the_entry_tier_at_once_and_offline(shop: Shop) -> None:
    """5 % of 2 000.00 on the very first purchase, a minute after the registration."""
    shop.feed(GLOBAL, pack_row(fashion()))
    shop.link.up = False
    order = Registration(shop.uid(), b"content", "Анна Петрова", "+79161234567", "v1", "1", "7")
    joined = register(shop.station, order, shop.clock.now())
    anna = Person()
    anna.id = joined.member
    shop.clock.move(minutes=1)

    sold = bought(shop, anna)

    assert (sold.evaluation.tier, sold.evaluation.totals.earned_points) == ("member", 100_00)


@pytest.mark.capability("FASHION-16")
def test_percent_accrual_and_burn_date_change_at_the_new_version_s_midnight(shop: Shop) -> None:
    """From 21 May: 10 % may be paid, 7 % earned, for 3 months. Lots at hand keep theirs."""
    lot = PersonLot(30_000, leased=30_000, expires_on=date(2026, 12, 31))
    anna = Person(lot)
    shop.member(anna)
    shop.feed(
        GLOBAL,
        pack_row(fashion()),
        pack_row(
            fashion(
                ("version: 2", "version: 3"),
                ("effective_from: 2026-01-01T00:00", "effective_from: 2026-05-21T00:00"),
                ("percents: {bonus: 5 %}", "percents: {bonus: 7 %}"),
                ("expiry: 6 months", "expiry: 3 months"),
                ("percent: 20 %, share_base", "percent: 10 %, share_base"),
            )
        ),
    )
    shop.link.up = False
    shop.clock.move(hours=8, minutes=59)

    before = bought(shop, anna)
    shop.clock.move(minutes=1)
    after = bought(shop, anna)
    sell(shop, basket(shop, Item(1, 1000, WINE), member=anna, redeem=Redeem.MAXIMUM))
    paid = last_body(shop)

    assert (before.day, before.evaluation.totals.earned_points) == (date(2026, 5, 20), 100_00)
    assert before.granted[0].expires_on == date(2026, 11, 20)
    assert (after.day, after.evaluation.totals.earned_points) == (date(2026, 5, 21), 140_00)
    assert after.granted[0].expires_on == date(2026, 8, 21)
    assert isinstance(paid, ReceiptCommitted)
    assert paid.evaluation.totals.redeemed_points == 200_00
    kept = {found.id: found.expires_on for found in seen(shop, anna).lots}
    assert kept[lot.row.id] == date(2026, 12, 31)
