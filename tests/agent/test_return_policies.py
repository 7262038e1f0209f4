"""What a programme chooses about returns, at a till: preview, money, points, slip, journal."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from agent.commit.service import Committed
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.returns.preview import BundleBrokenError, Preview
from agent.returns.service import preview
from shared.ledger.entries import graced_lot
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.slip import Row
from shared.wire.feed import GLOBAL
from shared.wire.taken_back import ReceiptReturned
from tests.agent.kit import facts, last_body, last_envelope, lot_seen, seen, sell, take_back
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop, basket, pack_row, wine_text
from tests.fakes import NOON

TITLE = "title: {ru: Правило, en: Rule}"
OFF_300 = f"""
  - {{id: off, {TITLE}, if: {{receipt_sum_from: 3000.00}},
     then: [{{effect: discount, amount: 300.00}}]}}
"""
THREE = f"""
  - {{id: three, {TITLE}, if: {{goods_in: [no_card_discount]}},
     then: [{{effect: bundle, parts: [{{pieces: 3}}], cheapest: 1}}]}}
"""
CHEESES = [Item(no, 1000, CHEESE) for no in (1, 2, 3)]


def with_rules(shop: Shop, *policies: str, rule: str = "", child: str = "") -> Shop:
    """Publish the wine pack with other policies, and maybe with a rule for whole receipts."""
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    text += "".join(f"\n  {policy}" for policy in policies) + "\n"
    if rule:
        group = f"\n  - {{group: whole, mode: best, scope: receipt, children: [{child}]}}\n"
        text = text.replace("\nstacking:", f"{rule}\nstacking:{group}")
    shop.feed(GLOBAL, pack_row(text))
    return shop


def look(shop: Shop, sale: Committed, *parts: tuple[int, int]) -> Preview:
    told = [Part(*part) for part in parts]
    return preview(shop.station, sale.receipt, told, shop.clock.now())


def slip_rows(shop: Shop, slip: object) -> dict[str, str]:
    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, slip)  # type: ignore[arg-type]
    assert paper is not None
    return {block.left: block.right for block in paper[0].blocks if isinstance(block, Row)}


def body_of_last(shop: Shop) -> ReceiptReturned:
    body = last_body(shop)
    assert isinstance(body, ReceiptReturned)
    return body


# Thresholds


@pytest.mark.edge("E45")
def test_a_broken_threshold_is_kept_by_default_and_the_refund_is_the_frozen_share(
    shop: Shop,
) -> None:
    with_rules(shop, rule=OFF_300, child="off")
    sale = sell(shop, basket(shop, *CHEESES))

    assert look(shop, sale, (1, 1000)).money_minor == 900_00
    assert take_back(shop, sale.receipt, (1, 1000)).money_minor == 900_00


@pytest.mark.edge("E45")
def test_a_broken_threshold_lowers_the_refund_and_the_preview_says_so(shop: Shop) -> None:
    """3 000.00 less 300.00: the two that stay cost 2 000.00 alone and were sold for 1 800.00."""
    with_rules(shop, "broken_threshold: reevaluate", rule=OFF_300, child="off")
    sale = sell(shop, basket(shop, *CHEESES))

    told = look(shop, sale, (1, 1000))
    done = take_back(shop, sale.receipt, (1, 1000))

    assert (told.money_minor, told.recharged_minor) == (700_00, 200_00)
    assert (done.money_minor, done.recharged_minor) == (700_00, 200_00)
    body = body_of_last(shop)
    assert (body.money_minor, body.recharged_minor, body.turnover_minor) == (700_00, 200_00, 900_00)
    assert slip_rows(shop, done.slip)["больше не действует"] == "\u2212200,00"


@pytest.mark.edge("E45")
def test_what_was_charged_comes_back_when_everything_has_come_back(shop: Shop) -> None:
    """700.00, then 1 000.00 (100.00 of the 200.00 are charged no more), then 1 000.00."""
    with_rules(shop, "broken_threshold: reevaluate", rule=OFF_300, child="off")
    sale = sell(shop, basket(shop, *CHEESES))

    paid = [take_back(shop, sale.receipt, (no, 1000)).money_minor for no in (1, 2, 3)]

    assert paid == [700_00, 1000_00, 1000_00]
    assert sum(paid) == 2700_00


def test_a_charge_is_never_more_than_the_refund(shop: Shop) -> None:
    """10.00 back of 3 000.00 would break 299.00 of discount: only its own 9.00 are withheld."""
    with_rules(shop, "broken_threshold: reevaluate", rule=OFF_300, child="off")
    small = Item(1, 1000, CHEESE, price_minor=10_00)
    large = Item(2, 1000, CHEESE, price_minor=2990_00)
    sale = sell(shop, basket(shop, small, large))

    first, second = (take_back(shop, sale.receipt, (no, 1000)).money_minor for no in (1, 2))

    assert (first, second) == (0, 2700_00)


def test_without_the_rules_of_the_sale_nothing_is_charged(shop: Shop) -> None:
    with_rules(shop, "broken_threshold: reevaluate", rule=OFF_300, child="off")
    sale = sell(shop, basket(shop, *CHEESES))
    shop.drop_packs()

    assert take_back(shop, sale.receipt, (1, 1000)).money_minor == 900_00


# Bundles


@pytest.mark.edge("E48")
def test_a_bundle_is_one_allocation_and_by_default_a_part_takes_its_share(shop: Shop) -> None:
    with_rules(shop, rule=THREE, child="three")
    sale = sell(shop, basket(shop, *CHEESES))

    assert [look(shop, sale, (no, 1000)).money_minor for no in (1, 2, 3)] == [
        666_66,
        666_67,
        666_67,
    ]


@pytest.mark.edge("E48")
def test_a_bundle_that_must_come_back_is_refused_in_parts_and_taken_whole(shop: Shop) -> None:
    with_rules(shop, "broken_bundle: must_come_back", rule=THREE, child="three")
    sale = sell(shop, basket(shop, *CHEESES, Item(4, 1000, WINE)))

    with pytest.raises(BundleBrokenError) as refused:
        look(shop, sale, (1, 1000))
    assert refused.value.details["lines"] == "2, 3"
    with pytest.raises(BundleBrokenError):
        take_back(shop, sale.receipt, (1, 1000))
    assert len(facts(shop)) == 1

    assert take_back(shop, sale.receipt, (4, 1000)).money_minor == 2000_00
    whole = take_back(shop, sale.receipt, (1, 1000), (2, 1000), (3, 1000))
    assert whole.money_minor == 2000_00


@pytest.mark.edge("E48")
def test_what_stays_of_a_bundle_is_charged(shop: Shop) -> None:
    """Three for two of 1 000.00: two that stay cost 2 000.00 and were sold for 1 333.33."""
    with_rules(shop, "broken_bundle: charge", rule=THREE, child="three")
    sale = sell(shop, basket(shop, *CHEESES))

    first = take_back(shop, sale.receipt, (1, 1000))
    rest = take_back(shop, sale.receipt, (2, 1000), (3, 1000))

    assert (first.money_minor, first.recharged_minor) == (0, 666_66)
    assert (rest.money_minor, rest.recharged_minor) == (2000_00, -666_66)


# Lots that have expired


def expired_lot(shop: Shop) -> tuple[Person, PersonLot, Committed]:
    """Pay with points whose last day is tomorrow, and go on to the day after it."""
    lot = PersonLot(50_000, leased=50_000, expires_on=NOON.date() + timedelta(days=1))
    anna = Person(lot)
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))
    shop.clock.move(hours=48)
    return anna, lot, sale


@pytest.mark.edge("E43")
@pytest.mark.parametrize(("policies", "days"), [((), 14), (("restore_grace_days: 30",), 30)])
def test_points_of_an_expired_lot_come_back_with_a_grace(
    shop: Shop, policies: Sequence[str], days: int
) -> None:
    anna, _, sale = expired_lot(with_rules(shop, *policies))

    told = look(shop, sale, (1, 1000))
    done = take_back(shop, sale.receipt, (1, 1000))

    assert (told.restored_points, told.lapsed_points) == (50_000, 0)
    body = body_of_last(shop)
    assert (body.grace_days, len(body.restored)) == (days, 1)
    graced = next(
        lot for lot in seen(shop, anna).lots if lot.id == graced_lot(done.uid, body.restored[0].lot)
    )
    assert (graced.amount, graced.here) == (50_000, 0)
    assert graced.expires_on == date(2026, 5, 22) + timedelta(days=days)
    assert slip_rows(shop, done.slip)["Баланс бонусов"] == "500,00"


@pytest.mark.edge("E43")
def test_points_of_an_expired_lot_stay_lost_where_the_programme_says_so(shop: Shop) -> None:
    anna, lot, sale = expired_lot(with_rules(shop, "restore_expired: never"))

    told = look(shop, sale, (1, 1000))
    done = take_back(shop, sale.receipt, (1, 1000))

    assert (told.restored_points, told.lapsed_points) == (50_000, 50_000)
    assert (done.money_minor, done.lapsed_points) == (500_00, 50_000)
    body = body_of_last(shop)
    assert (body.restored, body.grace_days) == ((), None)
    assert lot_seen(shop, anna, lot).amount == 0
    rows = slip_rows(shop, done.slip)
    assert (rows["Возвращено бонусов"], rows["Сгорело до возврата"]) == ("0,00", "500,00")


def test_points_go_back_into_a_lot_that_has_left_the_rows_because_it_was_spent(
    shop: Shop,
) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))
    anna.lots = ()
    shop.member(anna)

    take_back(shop, sale.receipt, (1, 1000))

    found = lot_seen(shop, anna, lot)
    assert (found.amount, found.expires_on) == (50_000, lot.row.expires_on)


# How far a claw-back reaches


@pytest.mark.edge("E44")
def test_only_pending_points_are_taken_where_the_programme_says_so(shop: Shop) -> None:
    with_rules(shop, "claw_back: only_pending")
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE), member=anna))

    early = take_back(shop, sale.receipt, (1, 1000))
    shop.clock.move(hours=25)
    late = take_back(shop, sale.receipt, (1, 1000))

    assert (early.taken_points, early.forgiven_points, early.debt_points) == (3_000, 0, 0)
    assert (late.taken_points, late.forgiven_points, late.debt_points) == (3_000, 3_000, 0)
    body = body_of_last(shop)
    assert (body.taken, body.forgives) == ((), True)
    assert [draw.amount for draw in body.kept] == [3_000]
    assert sum(lot.amount for lot in seen(shop, anna).lots) == 3_000


@pytest.mark.edge("E44")
@pytest.mark.parametrize(
    ("reach", "reached", "forgiven", "debt"),
    [
        ("claw_back: own_lots", 0, 0, 2_000),
        ("claw_back: within_balance", 1_000, 1_000, 0),
        ("claw_back: unlimited", 1_000, 0, 1_000),
    ],
)
def test_spent_points_are_taken_from_other_lots_as_far_as_the_programme_reaches(
    shop: Shop, reach: str, reached: int, forgiven: int, debt: int
) -> None:
    """30.00 earned, 20.00 of them spent; 10.00 of another lot are there, leased to the store."""
    with_rules(shop, reach)
    other = PersonLot(1_000, leased=1_000, expires_on=None)
    anna = Person(other)
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna))
    shop.clock.move(hours=25)
    dear = Item(1, 1000, CHEESE, price_minor=1_000_000)
    sell(shop, basket(shop, dear, member=anna, redeem=Redeem.EXACT, points=2_000))

    told = look(shop, sale, (1, 1000))
    done = take_back(shop, sale.receipt, (1, 1000))

    assert sum(draw.amount for draw in told.clawed.reached) == reached
    assert (told.forgiven_points, told.debt_points) == (forgiven, debt)
    assert (done.taken_points, done.forgiven_points, done.debt_points) == (3_000, forgiven, debt)
    assert lot_seen(shop, anna, other).amount == 1_000 - reached
    given_back = {move.lot: move.given_back for move in last_envelope(shop).moves}
    assert given_back.get(other.row.id, 0) == reached
    assert slip_rows(shop, done.slip)["Снято бонусов"] == {0: "30,00", 1_000: "20,00"}[forgiven]


# Levels


@pytest.mark.edge("E52")
def test_a_preview_tells_the_level_before_and_after(shop: Shop) -> None:
    """Gold from 150 000.00 of all time, where it drops at once; a quarter's stays to its end."""
    anna = Person(turnover_minor=14_950_000)
    shop.member(anna)
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE), member=anna))

    told = look(shop, sale, (1, 1000)), look(shop, sale, (1, 2000))

    assert [(one.tier.before, one.tier.after) for one in told if one.tier] == [
        ("gold", "gold"),
        ("gold", "silver"),
    ]
    (half, whole) = (one.tier for one in told)
    assert half is not None
    assert whole is not None
    assert (half.metric, half.counted_before, half.counted_after) == (
        "turnover",
        15_150_000,
        15_050_000,
    )
    assert (whole.turnover_before_minor, whole.turnover_after_minor) == (15_150_000, 14_950_000)


@pytest.mark.edge("E52")
def test_a_level_of_a_quarter_is_not_lost_by_a_return_within_it(shop: Shop) -> None:
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    text = text.replace("window: lifetime", "window: calendar quarter\n  band: running")
    shop.feed(GLOBAL, pack_row(text))
    anna = Person()
    shop.member(anna)
    sale = sell(shop, basket(shop, Item(1, 1000, CHEESE, price_minor=16_000_000), member=anna))
    shop.clock.move(hours=24)

    tier = look(shop, sale, (1, 1000)).tier

    assert tier is not None
    assert (tier.before, tier.after, tier.counted_after) == ("gold", "gold", 0)


def test_a_sale_without_a_member_has_no_level_to_tell(shop: Shop) -> None:
    assert look(shop, sell(shop, basket(shop)), (1, 1000)).tier is None
