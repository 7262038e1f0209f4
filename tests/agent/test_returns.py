"""Goods come back: by line and quantity, on what the sale has frozen, exact to the kopeck."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agent.journal.answers import UidReusedError
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.returns.service import ReturnOrder, give_back_goods, preview
from agent.returns.shares import NotReturnableError
from agent.returns.sources import DamagedReceiptError, UnknownReceiptError
from agent.returns.void import VoidOrder, void
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.slip import Row
from shared.wire.facts import ReceiptCommitted, body_of
from shared.wire.taken_back import ReceiptReturned
from tests.agent.kit import (
    claim,
    facts,
    kinds,
    last_body,
    last_envelope,
    lot_seen,
    return_order,
    seen,
    sell,
    take_back,
)
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop, basket
from tests.fakes import NOON

EARNS_100 = 111_112
"""Three pieces at this price earn 3 % of 3 333.36, which is 100 whole points."""
SILVER_MINOR = 6_000_000


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("returns")).open()
    yield made
    made.close()


def test_a_return_without_a_member_gives_the_money_of_the_part_back(shop: Shop) -> None:
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE), Item(2, 1000, WINE)))

    done = take_back(shop, sale.receipt, (1, 1000))

    assert (done.money_minor, done.restored_points, done.taken_points) == (100_000, 0, 0)
    assert kinds(shop) == ["receipt.committed", "receipt.returned"]
    with reading(shop.station.journal) as connection:
        assert spool.job_state(connection, done.slip) == (spool.JobState.QUEUED, "")


def test_nothing_is_paid_back_by_a_sale_that_the_disk_has_changed(shop: Shop) -> None:
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE)))
    with transaction(shop.station.journal) as connection:
        body = connection.exec_driver_sql("SELECT body FROM fact").scalar_one()
        dearer = bytes([*body[:-1], body[-1] ^ 1])
        connection.exec_driver_sql("UPDATE fact SET body = ?", (dearer,))

    with pytest.raises(DamagedReceiptError):
        take_back(shop, sale.receipt, (1, 1000))

    with reading(shop.station.journal) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM fact").scalar_one() == 1


@pytest.mark.edge("E41")
def test_a_hundred_points_on_three_pieces_are_taken_as_33_34_33(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    sale = sell(shop, basket(shop, Item(1, 3000, CHEESE, price_minor=EARNS_100), member=anna))

    taken = [take_back(shop, sale.receipt, (1, 1000)).taken_points for _ in range(3)]

    assert taken == [3_300, 3_400, 3_300]


@pytest.mark.edge("E42")
def test_half_of_a_receipt_gives_half_of_the_money_and_of_the_points_back(shop: Shop) -> None:
    anna = Person(PersonLot(500_000, leased=500_000), turnover_minor=SILVER_MINOR)
    shop.member(anna)
    items = [Item(no, 1000, CHEESE, price_minor=300_000) for no in (1, 2)]
    sale = sell(shop, basket(shop, *items, member=anna, redeem=Redeem.EXACT, points=120_000))

    done = take_back(shop, sale.receipt, (1, 1000))

    assert (done.money_minor, done.restored_points, done.taken_points) == (240_000, 60_000, 12_000)


@pytest.mark.edge("E47")
def test_a_line_that_no_points_paid_for_restores_none(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    items = (Item(1, 1000, WINE), Item(2, 1000, CHEESE))
    sale = sell(shop, basket(shop, *items, member=anna, redeem=Redeem.MAXIMUM))

    of_wine = take_back(shop, sale.receipt, (1, 1000))
    of_cheese = take_back(shop, sale.receipt, (2, 1000))

    assert (of_wine.restored_points, of_cheese.restored_points) == (0, 50_000)


def test_the_slip_of_a_return_tells_the_balance_after_it(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))

    done = take_back(shop, sale.receipt, (1, 1000))

    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, done.slip)
    assert paper is not None
    rows = {block.left: block.right for block in paper[0].blocks if isinstance(block, Row)}
    assert rows["Возвращено бонусов"] == rows["Баланс бонусов"] == "500,00"


def test_points_go_back_into_the_lot_that_was_spent_last_first(shop: Shop) -> None:
    first, second = PersonLot(20_000, 20_000, number=1), PersonLot(40_000, 40_000, number=2)
    anna = Person(first, second)
    shop.member(anna)
    wanted = basket(shop, Item(1, 2000, CHEESE), member=anna, redeem=Redeem.EXACT, points=50_000)
    sale = sell(shop, wanted)

    take_back(shop, sale.receipt, (1, 1600))

    body = last_body(shop)
    assert isinstance(body, ReceiptReturned)
    assert [(draw.lot, draw.amount) for draw in body.restored] == [
        (second.row.id, 30_000),
        (first.row.id, 10_000),
    ]
    assert lot_seen(shop, anna, second).amount == 40_000
    assert lot_seen(shop, anna, first).amount == 10_000


def test_restored_points_are_not_spendable_here_before_the_centre_has_them(shop: Shop) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))

    take_back(shop, sale.receipt, (1, 1000))

    assert (lot_seen(shop, anna, lot).amount, lot_seen(shop, anna, lot).here) == (50_000, 0)


def test_earned_points_that_the_store_still_holds_are_given_back_in_the_envelope(
    shop: Shop,
) -> None:
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna))

    done = take_back(shop, sale.receipt, (1, 1000))

    moves = last_envelope(shop).moves
    assert [(move.drawn, move.given_back, move.gone) for move in moves] == [(0, 3_000, 3_000)]
    assert (done.taken_points, done.debt_points) == (3_000, 0)


def test_earned_points_that_were_spent_meanwhile_become_debt(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    earning = sell(shop, basket(shop, member=anna))
    shop.clock.move(hours=25)
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=2_000))

    done = take_back(shop, earning.receipt, (1, 1000))

    assert (done.taken_points, done.debt_points) == (3_000, 2_000)
    assert [move.given_back for move in last_envelope(shop).moves] == [1_000]


def test_earned_points_of_an_online_sale_are_taken_by_the_centre_alone(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna))

    done = take_back(shop, sale.receipt, (1, 1000))

    assert done.taken_points == 3_000
    assert last_envelope(shop).moves == ()
    assert seen(shop, anna).turnover_minor == 0


@pytest.mark.edge("E57")
def test_more_than_was_bought_is_refused_and_changes_nothing(shop: Shop) -> None:
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE)))
    take_back(shop, sale.receipt, (1, 1500))

    with pytest.raises(NotReturnableError) as refused:
        take_back(shop, sale.receipt, (1, 501))

    assert (refused.value.details["left"], refused.value.details["asked"]) == (500, 501)
    assert refused.value.sentence("ru") == (
        "Строка 1: можно вернуть не больше 0,500, запрошено 0,501."
    )
    assert len(facts(shop)) == 2


@pytest.mark.edge("E57")
def test_a_line_is_not_returned_twice(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    take_back(shop, sale.receipt, (1, 1000))

    with pytest.raises(NotReturnableError):
        take_back(shop, sale.receipt, (1, 1000))

    assert len(facts(shop)) == 2


def test_a_line_that_the_sale_does_not_have_is_refused(shop: Shop) -> None:
    sale = sell(shop, basket(shop))

    with pytest.raises(NotReturnableError):
        take_back(shop, sale.receipt, (2, 1000))


def test_a_receipt_of_another_store_is_not_returned_here(shop: Shop) -> None:
    with pytest.raises(UnknownReceiptError):
        take_back(shop, shop.uid(), (1, 1000))


def test_a_reserved_receipt_is_no_sale_yet(shop: Shop) -> None:
    wanted = basket(shop)

    with pytest.raises(UnknownReceiptError):
        preview(shop.station, wanted.uid, [Part(1, 1000)], shop.clock.now())


def test_repeating_a_return_gives_the_same_answer_and_no_second_fact(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    order = return_order(shop, sale.receipt, (1, 1000))

    first = give_back_goods(shop.station, order, shop.clock.now())
    shop.clock.move(hours=1)
    second = give_back_goods(shop.station, order, shop.clock.now())

    assert first == second
    assert len(facts(shop)) == 2


def test_the_uid_of_a_return_with_other_content_is_a_conflict(shop: Shop) -> None:
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE)))
    order = return_order(shop, sale.receipt, (1, 1000))
    give_back_goods(shop.station, order, shop.clock.now())

    other = ReturnOrder(order.uid, b"other", order.sale, order.parts)
    with pytest.raises(UidReusedError):
        give_back_goods(shop.station, other, shop.clock.now())


def test_a_preview_tells_what_the_return_will_move_and_writes_nothing(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.MAXIMUM))

    told = preview(shop.station, sale.receipt, [Part(1, 700)], shop.clock.now())
    count = len(facts(shop))
    done = take_back(shop, sale.receipt, (1, 700))

    assert count == 1
    assert (told.money_minor, told.restored_points, told.taken_points, told.debt_points) == (
        done.money_minor,
        done.restored_points,
        done.taken_points,
        done.debt_points,
    )


def test_a_sale_whose_rules_are_gone_is_still_returned_exactly(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    sale = sell(shop, basket(shop, Item(1, 3000, CHEESE, price_minor=EARNS_100), member=anna))
    first = take_back(shop, sale.receipt, (1, 1000))
    shop.drop_packs()

    rest = [take_back(shop, sale.receipt, (1, 1000)) for _ in range(2)]

    assert first.taken_points + sum(done.taken_points for done in rest) == 10_000
    assert min(done.taken_points for done in rest) > 0


@some.composite
def sales_and_returns(
    draw: some.DrawFn,
) -> tuple[list[tuple[int, str, int]], int, list[list[tuple[int, int]]]]:
    """Lines of a sale, points to redeem, and returns that together bring all of it back."""
    lines = draw(
        some.lists(
            some.tuples(
                some.integers(1, 5_000), some.sampled_from([CHEESE, WINE]), some.integers(1, 99_999)
            ),
            min_size=1,
            max_size=4,
        )
    )
    parts: list[tuple[int, int]] = []
    for no, (quantity, _, _) in enumerate(lines, 1):
        cuts = draw(some.lists(some.integers(1, max(1, quantity - 1)), max_size=3))
        edges = sorted({0, quantity, *(cut for cut in cuts if cut < quantity)})
        parts += [(no, high - low) for low, high in pairwise(edges)]
    shuffled = draw(some.permutations(parts))
    returns: list[list[tuple[int, int]]] = []
    for part in shuffled:
        if returns and part[0] not in {no for no, _ in returns[-1]} and draw(some.booleans()):
            returns[-1].append(part)
        else:
            returns.append([part])
    return lines, draw(some.integers(0, 2_000)) * 100, returns


@settings(max_examples=30, deadline=None)
@given(case=sales_and_returns(), number=some.integers(0, 1))
def test_any_order_and_split_of_returns_sums_exactly_to_the_sale(
    open_shop: Shop,
    case: tuple[list[tuple[int, str, int]], int, list[list[tuple[int, int]]]],
    number: int,
) -> None:
    lines, points, returns = case
    who = Person(
        PersonLot(40_000, 40_000, number=10 * open_shop.number + 1),
        PersonLot(90_000, 90_000, number=10 * open_shop.number + 2),
        number=open_shop.next_number(),
    )
    open_shop.member(who)
    open_shop.link.up = bool(number)
    items = [Item(no, qty, sku, price_minor=price) for no, (qty, sku, price) in enumerate(lines, 1)]
    wanted = basket(open_shop, *items, member=who, redeem=Redeem.EXACT, points=points)
    sale = sell(open_shop, wanted)

    done = [take_back(open_shop, sale.receipt, *parts) for parts in returns]

    bodies = [body_of(fact) for fact in facts(open_shop)[-len(returns) - 1 :]]
    sold = bodies[0]
    assert isinstance(sold, ReceiptCommitted)
    totals = sold.evaluation.totals
    assert sum(one.money_minor for one in done) == totals.payable_minor
    assert sum(one.restored_points for one in done) == totals.redeemed_points
    assert sum(one.taken_points for one in done) == totals.earned_points
    assert moved(bodies, "restored") == {
        draw.lot: draw.amount for draw in sold.evaluation.redemption.draws
    }
    assert moved(bodies, "taken") == {lot.lot: lot.amount for lot in sold.granted}
    assert seen(open_shop, who).turnover_minor == 0
    assert {lot.amount for lot in seen(open_shop, who).lots} <= {0, 40_000, 90_000}
    assert sold.at == NOON


def moved(bodies: Sequence[object], way: str) -> Counter[UUID]:
    found: Counter[UUID] = Counter()
    for body in bodies:
        if isinstance(body, ReceiptReturned):
            for draw in getattr(body, way):
                found[draw.lot] += draw.amount
    return found


def test_a_return_shows_right_after_its_sale_even_when_the_clock_goes_back(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna))
    shop.clock.move(hours=-1)

    take_back(shop, sale.receipt, (1, 1000))

    assert [lot.amount for lot in seen(shop, anna).lots] == [0]


@pytest.mark.parametrize("is_up", [True, False], ids=["online", "offline"])
def test_a_return_under_the_uid_of_an_open_receipt_frees_nothing_that_it_holds(
    shop: Shop, *, is_up: bool
) -> None:
    shop.link.up = is_up
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    sale = sell(shop, basket(shop))
    held = claim(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=40_000))
    before = lot_seen(shop, anna, anna.lots[0])
    order = replace(return_order(shop, sale.receipt, (1, 1000)), uid=held.receipt.uid)
    undo = VoidOrder(held.receipt.uid, b"content", sale.receipt, "1")

    with pytest.raises(UidReusedError):
        give_back_goods(shop.station, order, shop.clock.now())
    with pytest.raises(UidReusedError):
        void(shop.station, undo, shop.clock.now())

    assert lot_seen(shop, anna, anna.lots[0]) == before
    assert before.here == 10_000
