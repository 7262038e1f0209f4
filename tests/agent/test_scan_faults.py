"""What a code is, when it could be two things: own cards first, payment cards never kept."""

import pytest

from agent.scan import Scan, ScanKind, classify
from shared.ids import card_number
from tests.builders import Shop

PAYMENT = "4000000000000002"


@pytest.mark.fault(41)
def test_an_own_card_is_a_card_though_it_reads_as_goods(shop: Shop) -> None:
    for counter in range(1, 200):
        card = card_number("29", 1, counter)
        for said in (card, f"]E0{card}", f" {card} "):
            assert classify(shop.station, said) == Scan(ScanKind.CARD, card)


@pytest.mark.fault(41)
def test_own_cards_whose_prefix_is_an_identifier_of_gs1_are_cards(shop: Shop) -> None:
    object.__setattr__(shop.station.identity, "card_prefix", "01")
    card = card_number("01", 460, 7)

    assert classify(shop.station, card) == Scan(ScanKind.CARD, card)


@pytest.mark.parametrize(
    "said", [f"%B{PAYMENT}^A^2812?", f";{PAYMENT}=2812?", PAYMENT, f"]E0{PAYMENT}"]
)
def test_the_number_of_a_payment_card_is_not_repeated(shop: Shop, said: str) -> None:
    assert classify(shop.station, said) == Scan(ScanKind.PAYMENT_CARD)


def test_old_plastic_is_a_card(shop: Shop) -> None:
    card = card_number("29", 1, 7)

    assert classify(shop.station, f"%B{card}^A^?;{card}=1?") == Scan(ScanKind.CARD, card)
