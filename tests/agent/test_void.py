"""A receipt of this shift is undone: nothing of it is left, as if it had not been."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from agent import cashiers, receipts
from agent.cashiers import NotPermittedError
from agent.journal.answers import UidReusedError
from agent.leases.standing import Standing
from agent.operations import reprint_receipt
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.quote.service import quote
from agent.returns.service import give_back_goods, preview
from agent.returns.shares import ReceiptVoidedError
from agent.returns.sources import UnknownReceiptError
from agent.returns.void import AlreadyReturnedError, OtherShiftError, Voided, VoidOrder, void
from hardware.printers.layout import as_text
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import GLOBAL, store_stream
from shared.wire.taken_back import ReceiptVoided
from tests.agent.kit import (
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
from tests.builders import (
    CHEESE,
    PIN,
    WINE,
    Person,
    PersonLot,
    Shop,
    basket,
    cashier_row,
    pack_row,
    wine_text,
)

TITLE = "title: {ru: Правило, en: Rule}"
GRANT = """
  - {id: first, title: {ru: За первую, en: For the first}, on: first_purchase, points: 300.00,
     wallet: bonus, expiry: 30 days}
"""
ONCE_A_DAY = f"""
  - {{id: daily, {TITLE}, if: {{member: known}}, limits: [{{uses: 1, window: day}}],
     then: [{{effect: earn, wallet: bonus, kind: daily, points: 7.00, activation: at once,
             expiry: never}}]}}
"""
SENIOR = "9"


def with_rules(shop: Shop, policy: str = "") -> Shop:
    """A programme that grants once and limits a rule, with a senior cashier and the cable out."""
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    text = text.replace("\nstacking:", f"{ONCE_A_DAY}\nstacking:")
    text = text.replace("\ngrants:", f"\ngrants:{GRANT.rstrip()}")
    stated = f"  {policy}\n" if policy else ""
    shop.feed(GLOBAL, pack_row(f"{text.rstrip()}\n{stated}"))
    shop.feed(store_stream("101"), cashier_row("7", "Мария"))
    shop.feed(store_stream("101"), cashier_row(SENIOR, "Ольга", role="senior"))
    shop.link.up = False
    return shop


@pytest.fixture
def ready(shop: Shop) -> Shop:
    return with_rules(shop)


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = with_rules(Shop(tmp_path_factory.mktemp("void")).open())
    yield made
    made.close()


def order_of(
    shop: Shop, sale: object, *, till: str = "1", cashier: str = SENIOR, reason: str = ""
) -> VoidOrder:
    return VoidOrder(shop.uid(), b"content", sale, till, cashier, reason)  # type: ignore[arg-type]


def undo(shop: Shop, sale: object, **more: str) -> Voided:
    return void(shop.station, order_of(shop, sale, **more), shop.clock.now())


def figures(who: Standing) -> tuple[object, ...]:
    """What a member has and has done, without what is of no account."""
    days = {
        day.day: (day.turnover_minor, day.points, day.visits)
        for day in who.history.days
        if any((day.turnover_minor, day.points, day.visits))
    }
    uses = {(use.rule, use.day): use.times for use in who.history.uses if use.times or use.points}
    lots = {lot.id: lot.amount for lot in who.lots if lot.amount}
    return who.turnover_minor, who.receipts, who.history.once, days, uses, lots, who.debt


@pytest.mark.edge("E56")
def test_a_void_leaves_nothing_of_the_receipt(ready: Shop) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    ready.member(anna)
    before = figures(seen(ready, anna))
    sale = sell(ready, basket(ready, member=anna, redeem=Redeem.EXACT, points=20_000))
    assert figures(seen(ready, anna)) != before

    done = undo(ready, sale.receipt, reason="Ошибка кассира")

    assert figures(seen(ready, anna)) == before
    sold = last_sale(ready)
    assert done.money_minor == sold.evaluation.totals.payable_minor
    assert (done.restored_points, done.debt_points) == (20_000, 0)
    assert done.taken_points == sum(one.amount for one in sold.granted)
    assert kinds(ready) == ["receipt.committed", "receipt.voided"]
    state = receipts.look_up(ready.station, sale.receipt)
    assert (state.state, state.returned) == ("voided", {1: 1000})


def last_sale(shop: Shop) -> ReceiptCommitted:
    from shared.wire.facts import body_of

    bodies = [body_of(fact) for fact in facts(shop)]
    return next(body for body in reversed(bodies) if isinstance(body, ReceiptCommitted))


@pytest.mark.edge("E56")
def test_what_is_got_once_and_what_is_limited_is_open_again_after_a_void_but_not_after_a_return(
    ready: Shop,
) -> None:
    anna, boris = Person(number=1), Person(number=2)
    ready.member(anna)
    ready.member(boris)
    voided, returned = (sell(ready, basket(ready, member=who)) for who in (anna, boris))
    undo(ready, voided.receipt)
    take_back(ready, returned.receipt, (1, 1000))

    again = [
        quote(ready.station, basket(ready, member=who), ready.clock.now()).evaluation
        for who in (anna, boris)
    ]

    assert [[grant.rule for grant in one.once] for one in again] == [["first"], []]
    assert ["daily" in one.applied for one in again] == [True, False]
    sell(ready, basket(ready, member=anna))
    assert 30_000 in {lot.amount for lot in seen(ready, anna).lots}


def test_a_void_gives_back_in_its_envelope_what_the_store_holds_of_the_granted_lots(
    ready: Shop,
) -> None:
    anna = Person()
    ready.member(anna)
    sale = sell(ready, basket(ready, member=anna))

    undo(ready, sale.receipt)

    kept = {lot.lot: lot.amount for lot in last_sale(ready).granted if not lot.person}
    assert {move.lot: move.given_back for move in last_envelope(ready).moves} == kept
    body = last_body(ready)
    assert isinstance(body, ReceiptVoided)
    assert {draw.lot for draw in body.taken} == {lot.lot for lot in last_sale(ready).granted}


def test_points_that_are_spent_already_are_owed_after_a_void(ready: Shop) -> None:
    anna = Person()
    ready.member(anna)
    first = sell(ready, basket(ready, member=anna))
    paid = basket(ready, Item(1, 1000, CHEESE), member=anna, redeem=Redeem.EXACT, points=500)
    sell(ready, paid)

    assert undo(ready, first.receipt).debt_points == 500


def test_the_restored_points_are_shown_even_when_their_spent_lot_is_out_of_the_rows(
    ready: Shop,
) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    ready.member(anna)
    sale = sell(ready, basket(ready, member=anna, redeem=Redeem.EXACT, points=50_000))
    anna.lots = ()
    ready.member(anna)

    undo(ready, sale.receipt)

    assert lot_seen(ready, anna, lot).amount == 50_000


def test_the_slip_says_that_the_receipt_counts_no_more_and_a_copy_can_be_had(ready: Shop) -> None:
    anna = Person()
    ready.member(anna)
    sale = sell(ready, basket(ready, member=anna))
    done = undo(ready, sale.receipt, reason="Ошибка кассира")

    with reading(ready.station.journal) as connection:
        paper = spool.slip_and_copies(connection, done.slip)
    assert paper is not None
    told = as_text(paper[0], 48)
    assert "Чек аннулирован" in told
    assert "Причина: Ошибка кассира" in told
    assert "ВОЗВРАТ ДЕНЕГ" in told
    assert "1 000,00" in told
    copy = reprint_receipt(ready.station, done.uid, ready.uid(), b"copy", ready.clock.now())
    assert copy == 1


# When it is refused


def test_a_receipt_of_yesterday_or_of_another_till_is_of_another_shift(ready: Shop) -> None:
    sale = sell(ready, basket(ready))

    with pytest.raises(OtherShiftError):
        undo(ready, sale.receipt, till="2")
    ready.clock.move(hours=8.9)
    assert ready.clock.now().day == 20
    undo(ready, sell(ready, basket(ready)).receipt)
    ready.clock.move(hours=0.2)
    with pytest.raises(OtherShiftError) as refused:
        undo(ready, sale.receipt)

    assert refused.value.details["day"] == "20.05.2026"
    assert kinds(ready).count("receipt.voided") == 1


def test_a_receipt_of_which_something_came_back_is_not_voided(ready: Shop) -> None:
    sale = sell(ready, basket(ready, Item(1, 2000, CHEESE)))
    take_back(ready, sale.receipt, (1, 1000))

    with pytest.raises(AlreadyReturnedError):
        undo(ready, sale.receipt)


def test_a_voided_receipt_is_neither_voided_again_nor_returned(ready: Shop) -> None:
    sale = sell(ready, basket(ready))
    undo(ready, sale.receipt)

    with pytest.raises(ReceiptVoidedError):
        undo(ready, sale.receipt)
    with pytest.raises(ReceiptVoidedError):
        take_back(ready, sale.receipt, (1, 1000))
    with pytest.raises(ReceiptVoidedError):
        preview(ready.station, sale.receipt, [Part(1, 1000)], ready.clock.now())
    assert len(facts(ready)) == 2


def test_repeating_a_void_is_safe_and_its_uid_is_its_own(ready: Shop) -> None:
    sale = sell(ready, basket(ready))
    order = order_of(ready, sale.receipt)

    first = void(ready.station, order, ready.clock.now())
    ready.clock.move(hours=24)
    second = void(ready.station, order, ready.clock.now())

    assert first == second
    assert len(facts(ready)) == 2
    other = VoidOrder(order.uid, b"other", order.sale, order.till, order.cashier)
    with pytest.raises(UidReusedError):
        void(ready.station, other, ready.clock.now())


def test_what_this_store_did_not_sell_is_not_voided(ready: Shop) -> None:
    with pytest.raises(UnknownReceiptError):
        undo(ready, ready.uid())


@pytest.mark.edge("E56")
@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("", {SENIOR}),
        ("voided_by: cashier", {SENIOR, "7"}),
        ("voided_by: anyone", {SENIOR, "7", ""}),
    ],
)
def test_the_role_of_the_cashier_allows_a_void(shop: Shop, policy: str, allowed: set[str]) -> None:
    with_rules(shop, policy)
    done = set()
    for cashier in (SENIOR, "7", "", "nobody"):
        sale = sell(shop, basket(shop))
        try:
            undo(shop, sale.receipt, cashier=cashier)
        except NotPermittedError:
            continue
        done.add(cashier)

    assert done - {"nobody"} == allowed


def test_the_senior_cashier_signs_in_and_is_known_by_his_role(ready: Shop) -> None:
    at = ready.clock.now()
    signed_in = cashiers.sign_in(ready.station, ready.uid(), SENIOR, PIN, at)

    assert signed_in.role == "senior"
    cashiers.demand_role(ready.station, signed_in.cashier, "senior")
    with pytest.raises(NotPermittedError):
        cashiers.demand_role(ready.station, "7", "senior")


# The law


@settings(max_examples=15, deadline=None)
@given(
    lines=some.lists(
        some.tuples(some.integers(1, 4_000), some.sampled_from([CHEESE, WINE])),
        min_size=1,
        max_size=3,
    ),
    redeem=some.sampled_from([Redeem.NONE, Redeem.MAXIMUM]),
    sales=some.integers(1, 3),
    order=some.randoms(use_true_random=False),
)
@pytest.mark.edge("E56")
def test_voids_in_any_order_leave_the_member_as_he_was(
    open_shop: Shop,
    lines: list[tuple[int, str]],
    redeem: Redeem,
    sales: int,
    order: object,
) -> None:
    shop = open_shop
    number = shop.next_number()
    who = Person(
        PersonLot(40_000, 40_000, number=number, expires_on=date(2026, 12, 31)), number=number
    )
    shop.member(who)
    before = figures(seen(shop, who))
    items = [Item(no, quantity, sku) for no, (quantity, sku) in enumerate(lines, 1)]
    sold = [sell(shop, basket(shop, *items, member=who, redeem=redeem)) for _ in range(sales)]
    order.shuffle(sold)  # type: ignore[attr-defined]

    for sale in sold:
        undo(shop, sale.receipt)

    turnover, receipts_, once, days, uses, lots, debt = figures(seen(shop, who))
    assert (turnover, receipts_, once, days, uses, lots, debt) == before


def test_a_document_that_takes_back_has_a_uid_of_its_own(ready: Shop) -> None:
    """The centre knows documents by their uids: it would set the second one aside for ever."""
    sold = sell(ready, basket(ready))
    again = replace(order_of(ready, sold.receipt), uid=sold.receipt)
    back = replace(return_order(ready, sold.receipt, (1, 1000)), uid=sold.receipt)

    with pytest.raises(UidReusedError):
        void(ready.station, again, ready.clock.now())
    with pytest.raises(UidReusedError):
        give_back_goods(ready.station, back, ready.clock.now())

    assert kinds(ready) == ["receipt.committed"]
