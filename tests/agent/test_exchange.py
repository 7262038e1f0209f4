"""Goods are exchanged: a return and a sale that name each other, both or neither."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agent import receipts
from agent.commit.service import TendersMismatchError
from agent.journal.answers import UidReusedError
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import Basket
from agent.reserve.service import AlreadyReservedError, QuoteChangedError, ReceiptEndedError
from agent.returns.exchange import Exchanged, ExchangeOrder, Seen, Wish, exchange, preview
from agent.returns.shares import NotReturnableError
from agent.returns.sources import UnknownReceiptError
from shared.receipt import Redeem, Tender, TenderKind
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.slip import Row
from shared.wire.facts import ReceiptCommitted, body_of
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow
from shared.wire.taken_back import ReceiptReturned
from tests.agent.kit import claim, facts, kinds, lot_seen, seen, sell, take_back
from tests.agent.test_time import reboot
from tests.builders import CHEESE, WINE, Person, PersonLot, Shop, basket, pack_row, wine_text

TITLE = "title: {ru: Акция, en: Offer}"


def wish(sale: object, wanted: Basket, *parts: tuple[int, int]) -> Wish:
    told = tuple(Part(*part) for part in parts or ((1, 1000),))
    return Wish(sale, told, wanted)  # type: ignore[arg-type]


def looked(shop: Shop, wanted: Wish) -> Seen:
    return preview(shop.station, wanted, shop.clock.now())


def order_of(shop: Shop, wanted: Wish, told: Seen, paid_minor: int | None = None) -> ExchangeOrder:
    due = max(0, told.difference_minor) if paid_minor is None else paid_minor
    tenders = (Tender(TenderKind.CASH, due),) if due else ()
    return ExchangeOrder(
        shop.uid(), b"content", wanted, shop.uid(), told.sold.digest, tenders, "18", "7"
    )


def swap(shop: Shop, wanted: Wish) -> Exchanged:
    order = order_of(shop, wanted, looked(shop, wanted))
    return exchange(shop.station, order, shop.clock.now())


def bodies(shop: Shop) -> tuple[ReceiptReturned, ReceiptCommitted]:
    back, sold = (body_of(fact) for fact in facts(shop)[-2:])
    assert isinstance(back, ReceiptReturned)
    assert isinstance(sold, ReceiptCommitted)
    return back, sold


def slip_rows(shop: Shop, slip: object) -> dict[str, str]:
    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, slip)  # type: ignore[arg-type]
    assert paper is not None
    return {block.left: block.right for block in paper[0].blocks if isinstance(block, Row)}


@pytest.mark.edge("E58")
@pytest.mark.parametrize(
    ("sku", "difference", "credit"), [(WINE, 1000_00, 1000_00), (CHEESE, 0, 1000_00)]
)
def test_other_goods_are_taken_for_those_that_come_back_and_the_difference_is_paid(
    shop: Shop, sku: str, difference: int, credit: int
) -> None:
    sale = sell(shop, basket(shop))
    wanted = wish(sale.receipt, basket(shop, Item(1, 1000, sku)))

    told = looked(shop, wanted)
    count = len(facts(shop))
    done = swap(shop, wanted)

    assert count == 1
    assert (told.difference_minor, told.credit_minor) == (difference, credit)
    assert (done.difference_minor, done.credit_minor) == (difference, credit)
    assert kinds(shop) == ["receipt.committed", "receipt.returned", "receipt.committed"]
    back, sold = bodies(shop)
    assert back.exchange is not None
    assert sold.exchange is not None
    assert back.exchange.uid == sold.exchange.uid == done.uid
    assert (back.exchange.other, sold.exchange.other) == (sold.receipt.uid, back.uid)
    assert back.exchange.credit_minor == sold.exchange.credit_minor == credit
    paid = sum(tender.amount_minor for tender in sold.tenders)
    assert paid == sold.evaluation.totals.payable_minor


@pytest.mark.edge("E58")
def test_cheaper_goods_leave_money_to_pay_out_and_the_slips_say_so(shop: Shop) -> None:
    sale = sell(shop, basket(shop, Item(1, 1000, WINE)))

    done = swap(shop, wish(sale.receipt, basket(shop)))

    assert (done.difference_minor, done.credit_minor) == (-1000_00, 1000_00)
    back = slip_rows(shop, done.returned.slip)
    assert (back["Зачтено в новом чеке"], back["К ВЫДАЧЕ"]) == ("1\u00a0000,00", "1\u00a0000,00")
    sold = slip_rows(shop, done.sold.slip)
    assert (sold["Зачтено за возврат"], sold["ДОПЛАТА"]) == ("1\u00a0000,00", "0,00")
    state = receipts.look_up(shop.station, done.sold.receipt)
    assert state.exchange is not None
    assert state.exchange.other == done.returned.uid
    assert receipts.look_up(shop.station, sale.receipt).state == "returned"


@pytest.mark.edge("E58")
def test_the_new_goods_are_priced_after_the_return(shop: Shop) -> None:
    """Silver from 50 000.00: without the returned goods the member is a starter again."""
    anna = Person(turnover_minor=4_950_000)
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna))
    assert seen(shop, anna).turnover_minor == 5_050_000
    wanted = wish(sale.receipt, basket(shop, Item(1, 1000, WINE), member=anna))

    told = looked(shop, wanted)
    swap(shop, wanted)

    assert told.sold.evaluation.tier == "start"
    assert told.sold.evaluation.totals.payable_minor == 194_000
    _, sold = bodies(shop)
    assert sold.evaluation.totals == told.sold.evaluation.totals
    assert seen(shop, anna).turnover_minor == 4_950_000 + 194_000


def test_points_of_the_store_pay_for_the_new_goods_and_restored_ones_do_not_yet(
    shop: Shop,
) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    shop.member(anna)
    sale = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=30_000))

    done = swap(shop, wish(sale.receipt, basket(shop, member=anna, redeem=Redeem.MAXIMUM)))

    _, sold = bodies(shop)
    assert sold.evaluation.redemption.redeemed == 20_000
    assert (lot_seen(shop, anna, lot).amount, lot_seen(shop, anna, lot).here) == (30_000, 0)
    assert done.difference_minor == 1000_00 - 200_00 - 700_00


def test_an_exchange_on_untrusted_time_does_what_its_preview_told(shop: Shop) -> None:
    """The new goods cost less on the last trusted day, whose points have ended by the clock's; the
    goods come back on the clock's day, on which these points cannot be reached."""
    policies = "policies:\n  claw_back: unlimited\n  spent_points: take_from_refund"
    text = wine_text().replace("version: 1\n", "version: 2\n")
    shop.feed(GLOBAL, pack_row(text.replace("policies:", policies)))
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sale = sell(shop, basket(shop, member=anna))
    shop.clock.move(hours=25)
    dear = Item(1, 1000, CHEESE, price_minor=1_000_000)
    sell(shop, basket(shop, dear, member=anna, redeem=Redeem.EXACT, points=3_000))
    ending = PersonLot(30_000, leased=30_000, expires_on=shop.clock.now().date())
    shop.feed(GLOBAL, AccountRow(anna.account, anna.id, 0, (ending.row,)))
    shop.lease(anna, ending, 30_000)
    shop.link.up = True
    reboot(shop, hours=20)
    at = shop.station.time.now()
    new = basket(shop, Item(1, 2000, CHEESE), member=anna, redeem=Redeem.MAXIMUM)
    wanted = wish(sale.receipt, new)

    told = preview(shop.station, wanted, at)
    done = exchange(shop.station, order_of(shop, wanted, told), at)

    back, sold = bodies(shop)
    assert told.returned.withheld_points == 3_000
    assert sold.evaluation.redemption.redeemed == 30_000
    assert back.money_minor == told.returned.money_minor
    assert done.difference_minor == told.difference_minor
    assert (back.at, sold.at) == (at, at)


@pytest.mark.edge("E58")
@pytest.mark.parametrize(
    "fault", ["digest", "tenders", "left", "reserved", "ended", "one uid", "return uid"]
)
def test_both_are_journalled_or_neither_is(shop: Shop, fault: str) -> None:
    sale = sell(shop, basket(shop))
    new = basket(shop, Item(1, 1000, WINE))
    wanted = wish(sale.receipt, new)
    order = order_of(shop, wanted, looked(shop, wanted))
    wrong: type[Exception]
    if fault == "digest":
        order, wrong = replace(order, digest="0" * 64), QuoteChangedError
    elif fault == "tenders":
        order, wrong = replace(order, tenders=()), TendersMismatchError
    elif fault == "left":
        order, wrong = replace(order, wish=wish(sale.receipt, new, (1, 1001))), NotReturnableError
    elif fault == "reserved":
        claim(shop, new)
        wrong = AlreadyReservedError
    elif fault == "ended":
        sell(shop, new)
        wrong = ReceiptEndedError
    elif fault == "one uid":
        order, wrong = replace(order, returned=new.uid), UidReusedError
    else:
        other = sell(shop, basket(shop))
        order = replace(order, returned=take_back(shop, other.receipt, (1, 1000)).uid)
        wrong = UidReusedError
    count = len(facts(shop))

    with pytest.raises(wrong):
        exchange(shop.station, order, shop.clock.now())

    assert len(facts(shop)) == count
    assert receipts.look_up(shop.station, sale.receipt).state == "committed"


def test_repeating_an_exchange_gives_the_same_answer_and_no_further_facts(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    wanted = wish(sale.receipt, basket(shop, Item(1, 1000, WINE)))
    order = order_of(shop, wanted, looked(shop, wanted))

    first = exchange(shop.station, order, shop.clock.now())
    shop.clock.move(hours=1)
    second = exchange(shop.station, order, shop.clock.now())

    assert first == second
    assert len(facts(shop)) == 3
    with pytest.raises(UidReusedError):
        exchange(shop.station, replace(order, content=b"other"), shop.clock.now())


def test_a_receipt_that_is_not_known_here_is_not_exchanged(shop: Shop) -> None:
    with pytest.raises(UnknownReceiptError):
        looked(shop, wish(shop.uid(), basket(shop)))


# The price promise


def promising(shop: Shop, *, offer: str = "", policy: str = "promised", version: int = 2) -> Shop:
    """Publish a pack that gives cheese 10 % off and promises, or promises only."""
    text = wine_text().replace("\nversion: 1\n", f"\nversion: {version}\n")
    if offer:
        rule = f"  - {{id: offer, {TITLE}, if: {{group_in: [delicacy]}}, then: [{offer}]}}\n"
        text = text.replace("\nstacking:", f"\n{rule}\nstacking:")
        text = text.replace("children: [tier_discount,", "children: [offer, tier_discount,")
    shop.feed(GLOBAL, pack_row(f"{text}\n  exchange_price: {policy}\n"))
    return shop


TEN = "{effect: discount, percent: 10 %}"
FIVE = "{effect: discount, percent: 5 %}"


@pytest.mark.edge("E58")
@pytest.mark.parametrize(
    ("today", "policy", "difference"),
    [("", "promised", 0), (FIVE, "promised", 0), (TEN, "promised", 0), (FIVE, "today", 50_00)],
)
def test_the_same_goods_cost_no_more_than_they_did_where_that_is_promised(
    shop: Shop, today: str, policy: str, difference: int
) -> None:
    """1 000.00 less 10 %; today there is no offer, or another one, or the same."""
    promising(shop, offer=TEN, policy=policy)
    sale = sell(shop, basket(shop))
    promising(shop, offer=today, policy=policy, version=3)

    done = swap(shop, wish(sale.receipt, basket(shop)))

    assert done.difference_minor == difference
    _, sold = bodies(shop)
    assert sold.evaluation.totals.payable_minor == 900_00 + difference


@pytest.mark.edge("E58")
def test_the_promise_is_for_so_much_as_came_back_and_for_the_same_goods_only(shop: Shop) -> None:
    """Two for 1 800.00; one comes back, two are wanted: one at 900.00, the other at today's."""
    promising(shop, offer=TEN)
    sale = sell(shop, basket(shop, Item(1, 2000, CHEESE)))
    promising(shop, version=3)
    wanted = basket(shop, Item(1, 2000, CHEESE), Item(2, 1000, WINE))

    told = looked(shop, wish(sale.receipt, wanted, (1, 1000)))

    cheese, wine = told.sold.evaluation.lines
    assert (cheese.payable_minor, wine.payable_minor) == (1900_00, 2000_00)


def test_two_lines_of_the_same_goods_share_the_promise(shop: Shop) -> None:
    promising(shop, offer=TEN)
    sale = sell(shop, basket(shop))
    promising(shop, version=3)
    wanted = basket(shop, Item(1, 1000, CHEESE), Item(2, 1000, CHEESE))

    told = looked(shop, wish(sale.receipt, wanted))

    assert [row.payable_minor for row in told.sold.evaluation.lines] == [900_00, 1000_00]


def test_a_price_of_a_list_is_lowered_until_the_promise_is_kept(shop: Shop) -> None:
    """Today's list says 950.00, however much the cashier takes off 1 000.00 before."""
    promising(shop, offer=TEN)
    sale = sell(shop, basket(shop))
    text = wine_text().replace("\nversion: 1\n", "\nversion: 3\n")
    rule = f"  - {{id: listed, {TITLE}, then: [{{effect: price, list: now}}]}}\n"
    listed = f'price_lists: {{now: {{prices: {{"{CHEESE}": 950.00}}}}}}\n'
    text = text.replace("\nstacking:", f"\n{rule}\nstacking:")
    shop.feed(GLOBAL, pack_row(f"{text}\n  exchange_price: promised\n{listed}"))

    assert looked(shop, wish(sale.receipt, basket(shop))).difference_minor == 0


def test_goods_that_are_cheaper_today_cost_what_they_cost_today(shop: Shop) -> None:
    promising(shop)
    sale = sell(shop, basket(shop))
    promising(shop, offer=TEN, version=3)

    assert looked(shop, wish(sale.receipt, basket(shop))).difference_minor == -100_00


@settings(max_examples=20, deadline=None)
@given(
    price_minor=some.integers(1, 500_000),
    sold_quantity=some.integers(1, 5_000),
    new_quantity=some.integers(1, 5_000),
    rises_minor=some.integers(0, 100_000),
    percents=some.tuples(some.integers(0, 90), some.integers(0, 90)),
)
@pytest.mark.edge("E58")
def test_what_came_back_never_costs_more_than_it_did(
    tmp_path_factory: pytest.TempPathFactory,
    price_minor: int,
    sold_quantity: int,
    new_quantity: int,
    rises_minor: int,
    percents: Sequence[int],
) -> None:
    shop = Shop(tmp_path_factory.mktemp("promise")).open()
    before, today = (
        f"{{effect: discount, percent: {percent} %}}" if percent else "" for percent in percents
    )
    promising(shop, offer=before)
    sale = sell(shop, basket(shop, Item(1, sold_quantity, CHEESE, price_minor=price_minor)))
    promising(shop, offer=today, version=3)
    same = min(sold_quantity, new_quantity)
    item = Item(1, same, CHEESE, price_minor=price_minor + rises_minor)

    told = looked(shop, wish(sale.receipt, basket(shop, item), (1, same)))

    shop.close()
    assert told.difference_minor <= 0
