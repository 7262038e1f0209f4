"""Pending points are activated before their time, where the programme allows it."""

from datetime import timedelta

import pytest
from msgspec import structs

from agent.journal.answers import UidReusedError
from agent.leases.standing import UnknownMemberError
from agent.members.lots import (
    Activated,
    Activation,
    ActivationForbiddenError,
    ActivationLimitError,
    ActivationNotYoursError,
    ActivationUnconfirmedError,
    NotPendingError,
    activate,
)
from agent.members.service import Registration, register
from shared.receipt import Redeem
from shared.wire.facts import LotActivated
from tests.agent.kit import facts, kinds, last_body, lot_seen, seen, sell, take_back
from tests.agent.test_time import reboot
from tests.builders import (
    Person,
    PersonLot,
    Shop,
    basket,
    cashier_row,
    pack_row,
    wine_text,
    wine_with,
)
from tests.fakes import NOON

TOMORROW = NOON + timedelta(days=1)
WELCOME = """
grants:
  - id: welcome
    title: {ru: Приветственные бонусы, en: Welcome points}
    on: registration
    points: 300.00
    wallet: bonus
    activation: after 3 days
    expiry: 30 days
"""


def activation(shop: Shop, who: Person, lot: PersonLot) -> Activation:
    return Activation(shop.uid(), b"content", lot.row.id, who.id, "день рождения", "7")


@pytest.mark.edge("E38")
def test_a_pending_lot_can_be_spent_as_soon_as_it_is_activated(shop: Shop) -> None:
    lot = PersonLot(30_000, leased=30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    shop.link.up = False

    done = activate(shop.station, activation(shop, anna, lot), shop.clock.now())
    sold = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=30_000))

    assert (done.amount, done.activates_at) == (30_000, NOON)
    assert sold.balance_points == 0
    assert kinds(shop) == ["lot.activated", "receipt.committed"]


def test_points_earned_here_are_activated_before_the_centre_has_them(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sell(shop, basket(shop, member=anna))
    (earned,) = seen(shop, anna).lots
    order = Activation(shop.uid(), b"content", earned.id, anna.id, "просьба")

    activate(shop.station, order, shop.clock.now())

    (lot,) = seen(shop, anna).lots
    assert (lot.amount, lot.here, lot.activates_at) == (3_000, 3_000, NOON)


def test_activation_moves_no_points_and_no_lease(shop: Shop) -> None:
    lot = PersonLot(30_000, leased=10_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)

    activate(shop.station, activation(shop, anna, lot), shop.clock.now())

    assert (lot_seen(shop, anna, lot).amount, lot_seen(shop, anna, lot).here) == (30_000, 10_000)


def test_a_lot_that_is_active_is_not_activated_again(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    activate(shop.station, activation(shop, anna, lot), shop.clock.now())

    with pytest.raises(NotPendingError):
        activate(shop.station, activation(shop, anna, lot), shop.clock.now())

    assert len(facts(shop)) == 1


def test_a_lot_of_another_member_is_refused(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna, boris = Person(lot, number=1), Person(number=2)
    shop.member(anna)
    shop.member(boris)

    with pytest.raises(NotPendingError):
        activate(shop.station, activation(shop, boris, lot), shop.clock.now())


def test_an_unknown_member_is_refused(shop: Shop) -> None:
    with pytest.raises(UnknownMemberError):
        activate(shop.station, activation(shop, Person(), PersonLot(1)), shop.clock.now())


def test_a_programme_may_forbid_it(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    stricter = wine_text().replace("early_activation: allowed", "early_activation: forbidden")
    shop.feed("global", pack_row(stricter.replace("version: 1", "version: 2")))

    with pytest.raises(ActivationForbiddenError):
        activate(shop.station, activation(shop, anna, lot), shop.clock.now())

    assert facts(shop) == []


def test_repeating_an_activation_gives_the_same_answer_and_no_second_fact(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    order = activation(shop, anna, lot)

    first = activate(shop.station, order, shop.clock.now())
    shop.clock.move(hours=1)
    second = activate(shop.station, order, shop.clock.now())

    assert first == second
    assert len(facts(shop)) == 1


def test_the_uid_of_an_activation_with_other_content_is_a_conflict(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    order = activation(shop, anna, lot)
    activate(shop.station, order, shop.clock.now())

    other = Activation(order.uid, b"other", order.lot, order.member, "иначе")
    with pytest.raises(UidReusedError):
        activate(shop.station, other, shop.clock.now())


def fashion(shop: Shop, terms: str) -> None:
    """Let a programme with these terms of early activation come into force, and cut the line."""
    text = wine_text().replace("early_activation: allowed", f"early_activation: allowed\n{terms}")
    shop.feed("global", pack_row(text.replace("version: 1", "version: 2")))
    manager = structs.replace(cashier_row("9", "Ольга"), role="manager")
    shop.feed("store:101", cashier_row("7", "Мария"), manager)
    shop.link.up = False


def activate_by(shop: Shop, who: Person, lot: PersonLot, cashier: str) -> Activated:
    order = Activation(shop.uid(), b"content", lot.row.id, who.id, "предзаказ", cashier)
    return activate(shop.station, order, shop.clock.now())


@pytest.mark.capability("FASHION-19")
def test_a_right_of_roles_is_kept_offline_and_the_fact_says_who_and_why(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    anna = Person(lot)
    shop.member(anna)
    fashion(shop, "    early_activation_by: [manager]")

    for cashier in ("7", "8", ""):
        with pytest.raises(ActivationNotYoursError):
            activate_by(shop, anna, lot, cashier)
    activate_by(shop, anna, lot, "9")

    assert kinds(shop) == ["lot.activated"]
    body = last_body(shop)
    assert isinstance(body, LotActivated)
    assert (body.lot, body.reason, body.cashier) == (lot.row.id, "предзаказ", "9")


@pytest.mark.capability("FASHION-19")
def test_a_lot_larger_than_the_limit_is_not_activated(shop: Shop) -> None:
    large = PersonLot(30_001, number=1, activates_at=TOMORROW)
    small = PersonLot(30_000, number=2, activates_at=TOMORROW)
    anna = Person(large, small)
    shop.member(anna)
    fashion(shop, "    early_activation_max: 300.00")

    with pytest.raises(ActivationLimitError):
        activate_by(shop, anna, large, "7")

    assert activate_by(shop, anna, small, "7").amount == 30_000


@pytest.mark.capability("FASHION-19")
def test_so_many_lots_of_a_member_are_activated_in_a_day_and_more_the_next(shop: Shop) -> None:
    later = NOON + timedelta(days=5)
    lots = [PersonLot(10_000, number=no, activates_at=later) for no in (1, 2, 3)]
    anna, boris = (
        Person(*lots, number=1),
        Person(PersonLot(1, number=9, activates_at=later), number=2),
    )
    shop.member(anna)
    shop.member(boris)
    fashion(shop, "    early_activation_a_day: 2")
    activate_by(shop, anna, lots[0], "7")
    activate_by(shop, anna, lots[1], "7")

    with pytest.raises(ActivationLimitError):
        activate_by(shop, anna, lots[2], "7")
    activate_by(shop, boris, boris.lots[0], "7")
    shop.clock.move(hours=24)
    activate_by(shop, anna, lots[2], "7")

    assert len(facts(shop)) == 4


def test_what_a_return_brings_back_is_no_activation_of_the_day(shop: Shop) -> None:
    later = NOON + timedelta(days=5)
    lots = [PersonLot(10_000, leased=10_000, number=no, activates_at=later) for no in (1, 2)]
    anna = Person(*lots)
    shop.member(anna)
    fashion(shop, "    early_activation_a_day: 2")
    activate_by(shop, anna, lots[0], "7")
    sold = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=10_000))
    take_back(shop, sold.receipt, (1, 1000))

    assert activate_by(shop, anna, lots[1], "7").amount == 10_000


def test_a_days_activations_do_not_begin_anew_on_untrusted_time(shop: Shop) -> None:
    later = NOON + timedelta(days=50)
    lots = [PersonLot(10_000, number=no, activates_at=later) for no in (1, 2)]
    anna = Person(*lots)
    shop.member(anna)
    fashion(shop, "    early_activation_a_day: 1")
    shop.link.up = True
    activate_by(shop, anna, lots[0], "7")
    reboot(shop, hours=48)
    order = Activation(shop.uid(), b"content", lots[1].row.id, anna.id, "предзаказ", "7")

    with pytest.raises(ActivationLimitError):
        activate(shop.station, order, shop.station.time.now())


def test_points_that_the_centre_may_not_accept_are_not_activated(shop: Shop) -> None:
    """Another store may have welcomed this person first, under another number."""
    text = wine_with(WELCOME).replace("version: 1", "version: 2")
    shop.feed("global", pack_row(text))
    shop.link.up = False
    order = Registration(shop.uid(), b"content", "Анна Петрова", "+79161234567", "v1")
    anna = register(shop.station, order, shop.clock.now())
    (gift,) = seen(shop, anna.member).lots
    asked = Activation(shop.uid(), b"content", gift.id, anna.member, "просьба")

    with pytest.raises(ActivationUnconfirmedError):
        activate(shop.station, asked, shop.clock.now())

    assert kinds(shop) == ["member.registered"]


def test_points_of_a_wallet_that_the_rules_have_no_more_are_not_activated(shop: Shop) -> None:
    lot = PersonLot(30_000, activates_at=TOMORROW)
    lot.row = structs.replace(lot.row, wallet="former")
    anna = Person(lot)
    shop.member(anna)

    with pytest.raises(ActivationForbiddenError):
        activate(shop.station, activation(shop, anna, lot), shop.clock.now())
