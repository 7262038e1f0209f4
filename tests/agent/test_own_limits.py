"""Limits of rules per store and per till: counted here from the reserve on, by the store's days."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import epochs, history
from agent import identity as identities
from agent.commit.service import Sale, commit
from agent.quote.lines import Item
from agent.quote.service import Basket, pack_of, quote
from agent.reserve.service import QuoteChangedError, reserve
from agent.reserve.store import Claim
from agent.returns.void import VoidOrder, void
from central.auditor.judging import recheck
from central.auditor.store import Verdict
from shared.receipt import Tender, TenderKind
from shared.wire.agents import EpochAnswer
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import GLOBAL, store_stream
from tests.agent.kit import claim, facts, last_body, order_of, paid, sell, take_back
from tests.agent.test_history import Centre, copy_journal, push_all
from tests.agent.test_leases import cancel
from tests.builders import STORE, WINE, Person, Shop, basket, cashier_row, pack_row, wine_text

STORE_LIMIT = "{uses: 2, per: store, window: day}"
TILL_LIMIT = "{uses: 1, per: till, window: day}"


def with_limits(shop: Shop, limits: str) -> Shop:
    """A programme with half the price of wine, limited; the cable is out."""
    rule = f"""
  - id: half
    title: {{ru: Половина, en: Half}}
    if: {{group_in: [wine]}}
    then: [{{effect: discount, percent: 50 %}}]
    limits: [{limits}]
"""
    text = wine_text().replace("\nversion: 1\n", "\nversion: 2\n")
    text = text.replace("\nrules:\n", f"\nrules:{rule}", 1)
    shop.feed(GLOBAL, pack_row(text.replace("tasting_code]", "tasting_code, half]")))
    shop.link.up = False
    return shop


def wine(shop: Shop, till: str = "1") -> Basket:
    return replace(basket(shop, Item(1, 1000, WINE)), till=till)


def off(shop: Shop, till: str = "1") -> int:
    """What the rule would take off a bottle now."""
    found = quote(shop.station, wine(shop, till), shop.clock.now()).evaluation
    return sum(effect.amount for effect in found.effects if effect.rule == "half")


def is_open(shop: Shop, till: str = "1") -> bool:
    return off(shop, till) > 0


def test_two_tills_share_the_limit_of_their_store(shop: Shop) -> None:
    with_limits(shop, STORE_LIMIT)

    sell(shop, wine(shop, "1"))
    sell(shop, wine(shop, "2"))

    assert not is_open(shop, "1")
    assert not is_open(shop, "3")


def test_each_till_has_its_own_limit(shop: Shop) -> None:
    with_limits(shop, TILL_LIMIT)

    sell(shop, wine(shop, "1"))

    assert not is_open(shop, "1")
    assert is_open(shop, "2")


@pytest.mark.parametrize("limit", [STORE_LIMIT.replace("2", "1"), TILL_LIMIT])
def test_two_open_receipts_do_not_both_take_the_last_use(shop: Shop, limit: str) -> None:
    """Both were quoted with it: the second is told before anybody has paid."""
    with_limits(shop, limit)
    orders = [order_of(shop, wine(shop)) for _ in range(2)]
    held = reserve(shop.station, orders[0], shop.clock.now())

    with pytest.raises(QuoteChangedError):
        reserve(shop.station, orders[1], shop.clock.now())

    assert reserve(shop.station, orders[0], shop.clock.now()) == held
    commit(shop.station, paid(shop, held), shop.clock.now())
    assert not is_open(shop)


def test_a_sale_without_a_reserve_is_counted_once(shop: Shop) -> None:
    with_limits(shop, STORE_LIMIT)
    wanted = wine(shop)
    found = quote(shop.station, wanted, shop.clock.now())
    tenders = (Tender(TenderKind.CASH, found.evaluation.totals.payable_minor),)
    order = order_of(shop, wanted)
    sale = Sale(shop.uid(), b"content", wanted.uid, tenders, order=order)

    assert commit(shop.station, sale, shop.clock.now()) == commit(
        shop.station, sale, shop.clock.now()
    )

    assert is_open(shop)
    sell(shop, wine(shop))
    assert not is_open(shop)


def test_what_is_cancelled_is_open_again(shop: Shop) -> None:
    with_limits(shop, TILL_LIMIT)
    held = claim(shop, wine(shop))
    assert not is_open(shop)

    cancel(shop, held)
    cancel(shop, held)

    assert is_open(shop)
    sell(shop, wine(shop))
    assert not is_open(shop)


def test_what_is_returned_stays_used_and_what_is_voided_is_not(shop: Shop) -> None:
    with_limits(shop, STORE_LIMIT)
    shop.feed(store_stream(STORE), cashier_row("9", "Ольга", role="senior"))
    returned, voided = sell(shop, wine(shop)), sell(shop, wine(shop))

    take_back(shop, returned.receipt, (1, 1000))
    assert not is_open(shop)
    void(
        shop.station,
        VoidOrder(shop.uid(), b"content", voided.receipt, "1", "9"),
        shop.clock.now(),
    )

    assert is_open(shop)
    sell(shop, wine(shop))
    assert not is_open(shop)


def test_midnight_of_the_store_opens_the_window_again(shop: Shop) -> None:
    """15:00 in Moscow; a receipt that is open over midnight counts on the day of its reserve."""
    with_limits(shop, STORE_LIMIT)
    sell(shop, wine(shop))
    shop.clock.move(hours=8, minutes=59)
    held = claim(shop, wine(shop))
    assert not is_open(shop)

    shop.clock.move(minutes=1)
    commit(shop.station, paid(shop, held), shop.clock.now())

    sell(shop, wine(shop))
    sell(shop, wine(shop))
    assert not is_open(shop)


def test_a_month_counts_all_its_days_and_a_clock_set_back_opens_nothing(shop: Shop) -> None:
    """From 20 May 2026."""
    with_limits(shop, "{uses: 2, per: till, window: month}")
    sell(shop, wine(shop))
    shop.clock.move(days=11)
    sell(shop, wine(shop))
    assert not is_open(shop)
    shop.clock.move(days=1)
    assert is_open(shop)
    sell(shop, wine(shop))
    sell(shop, wine(shop))
    shop.clock.move(days=-2)

    assert not is_open(shop)


def test_a_limit_of_discount_gives_what_is_left_and_outlives_a_restart(shop: Shop) -> None:
    """Half a bottle is 1000 roubles; of 1500 the second is given 500."""
    with_limits(shop, "{discount: 1500.00, per: store, window: campaign}")
    assert off(shop) == 1000_00
    sell(shop, wine(shop))
    shop.restart()
    shop.station.doubt.open = False
    shop.link.up = False
    shop.clock.move(days=400)

    assert off(shop, "2") == 500_00
    sell(shop, wine(shop, "2"))
    assert not is_open(shop)


def test_a_receipt_is_evaluated_again_as_it_was(shop: Shop) -> None:
    with_limits(shop, f"{STORE_LIMIT}, {{discount: 10.00, per: till, window: day}}")
    for till in ("1", "2", "3"):
        sell(shop, wine(shop, till))
        body = last_body(shop)
        assert isinstance(body, ReceiptCommitted)
        pack = pack_of(shop.station, body.evaluation.pack_hash)
        assert pack is not None

        assert {one.per for one in body.receipt.budgets} == {"store", "till"}
        assert recheck(pack, body).verdict is Verdict.SAME


def test_what_a_disk_has_lost_counts_again_when_it_comes_back(shop: Shop, tmp_path: Path) -> None:
    """Of four one was open when the disk was copied and is sold later, one is voided."""
    centre, image = Centre(), tmp_path / "image"
    identities.save(shop.station.data_dir, shop.station.identity)
    shop.link.answer_push = centre.accept
    shop.link.answer_epoch = lambda request: EpochAnswer(request.epoch + 1, 77)
    shop.link.has_pushed = centre.tell
    with_limits(shop, "{uses: 4, per: store, window: day}")
    shop.link.up = True
    shop.feed(store_stream(STORE), cashier_row("9", "Ольга", role="senior"))
    sell(shop, wine(shop))
    held = claim(shop, wine(shop))
    push_all(shop)
    shop.close()
    image.mkdir()
    copy_journal(shop.station.data_dir, image)
    commit(shop.station, paid(shop, held), shop.clock.now())
    sell(shop, wine(shop))
    voided = sell(shop, wine(shop))
    undo = VoidOrder(shop.uid(), b"content", voided.receipt, "1", "9")
    void(shop.station, undo, shop.clock.now())
    push_all(shop)
    centre.line = facts(shop)
    shop.close()
    copy_journal(image, shop.station.data_dir)
    epochs.bar(shop.station, epochs.BEHIND, shop.clock.now())
    push_all(shop)

    assert history.fetch(shop.station) == 4

    assert is_open(shop)
    sell(shop, wine(shop))
    assert not is_open(shop)


def test_online_no_centre_is_asked_for_it(shop: Shop) -> None:
    with_limits(shop, STORE_LIMIT)
    shop.link.up = True
    anna = Person()
    shop.member(anna)

    sell(shop, replace(wine(shop), member=anna.id))
    sell(shop, wine(shop, "2"))

    assert shop.link.asked == []
    assert not is_open(shop)


@given(st.lists(st.tuples(st.sampled_from("123"), st.sampled_from(["sell", "open", "cancel"]))))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_open_and_sold_never_exceeds_the_limits(
    shop: Shop, steps: list[tuple[str, str]]
) -> None:
    """Each run is another day; two a till, five in the store."""
    if shop.link.up:
        limits = "{uses: 5, per: store, window: day}, {uses: 2, per: till, window: day}"
        with_limits(shop, limits)
    shop.clock.move(days=1)
    shop.contact()
    served: list[str] = []
    opened: list[tuple[str, Claim]] = []
    for till, step in steps:
        may = (
            len(served) + len(opened) < 5 and [*served, *(one for one, _ in opened)].count(till) < 2
        )
        assert is_open(shop, till) is may
        if step == "cancel" and opened:
            cancel(shop, opened.pop(0)[1])
        elif step != "cancel" and may:
            held = claim(shop, wine(shop, till))
            if step == "sell":
                commit(shop.station, paid(shop, held), shop.clock.now())
                served.append(till)
            else:
                opened.append((till, held))
    for _, held in opened:
        cancel(shop, held)
