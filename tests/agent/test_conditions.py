"""What rules may ask of a receipt and its buyer reaches the kernel from the till and the rows."""

from dataclasses import replace
from datetime import date

from msgspec import structs

from agent.quote.lines import Item
from agent.quote.service import Basket, quote
from shared.member import NamedDay
from shared.receipt import TenderKind
from shared.wire.feed import GLOBAL
from tests.builders import WINE, Person, Shop, basket, member_row, pack_row, wine_text

RULES = """rules:
  - id: wedding
    title: {ru: Годовщина свадьбы, en: Wedding}
    if: {near: {of: wedding}}
    then: [{effect: discount, percent: 20 %}]
  - id: pickup
    title: {ru: Самовывоз, en: Pickup}
    if: {all: [{mark_in: [pickup]}, {paid_in: [card]}]}
    then: [{effect: discount, percent: 30 %}]
"""


def test_named_days_marks_and_means_of_payment_reach_the_rules(shop: Shop) -> None:
    text = wine_text().replace("rules:\n", RULES).replace("version: 1", "version: 2")
    shop.feed(GLOBAL, pack_row(text.replace("children: [", "children: [wedding, pickup, ")))
    anna = Person()
    shop.member(anna)
    at = shop.clock.now()
    plain = basket(shop, Item(1, 1000, WINE), member=anna)

    def applied(wanted: Basket) -> tuple[str, ...]:
        return quote(shop.station, wanted, at).evaluation.applied

    assert not {"wedding", "pickup"} & set(applied(plain))
    marked = replace(plain, marks=("pickup",), paid_in=TenderKind.CARD)
    assert "pickup" in applied(marked)
    days = (NamedDay("wedding", date(2015, at.month, at.day)),)
    shop.feed(GLOBAL, structs.replace(member_row(anna), dates=days))
    assert "wedding" in applied(plain)
