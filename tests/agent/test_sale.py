"""A sale at the counter: quote, reserve, commit, with the cable in and out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.commit.service import Sale, TendersMismatchError, commit
from agent.journal.answers import UidReusedError
from agent.printing import store as spool
from agent.quote.lines import Attributes, Item
from agent.quote.service import Basket, quote
from agent.quote.shortage import OverLeaseError
from agent.receipts import look_up
from agent.reserve.service import (
    AlreadyReservedError,
    QuoteChangedError,
    ReceiptEndedError,
    ReserveOrder,
    reserve,
)
from agent.reserve.store import ClaimState
from shared.member import DayCount, History, Use
from shared.receipt import Redeem, Tender, TenderKind
from shared.runtime.sqlite import reading, run, transaction
from shared.wire.codec import encode
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import GLOBAL
from shared.wire.rows import AccountRow, Holding
from tests.agent.kit import (
    claim,
    kinds,
    last_body,
    last_envelope,
    order_of,
    paid,
    seen,
    sell,
    take_back,
)
from tests.builders import STORE, Person, PersonLot, Shop, basket, pack_row, wine_text


def count(shop: Shop, kind: str = "receipt.committed") -> int:
    return kinds(shop).count(kind)


def test_a_sale_without_a_member_is_one_fact_and_one_slip(shop: Shop) -> None:
    done = sell(shop, basket(shop))

    assert count(shop) == 1
    with reading(shop.station.journal) as connection:
        assert spool.counts(connection) == {"queued": 1}
        assert spool.job_state(connection, done.slip) == (spool.JobState.QUEUED, "")


def test_offline_points_are_spent_within_the_lease_and_new_ones_are_kept(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=30_000))
    shop.member(anna)
    shop.link.up = False

    done = sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=30_000))

    envelope = last_envelope(shop)
    assert [(move.drawn, move.gone) for move in envelope.moves] == [(30_000, 30_000)]
    assert [(birth.amount, birth.kept) for birth in envelope.births] == [(2_100, 2_100)]
    assert (done.balance_points, done.pending_points) == (20_000, 2_100)


def test_online_new_points_are_not_kept(shop: Shop) -> None:
    anna = Person()
    shop.member(anna)

    sell(shop, basket(shop, member=anna))

    assert [birth.kept for birth in last_envelope(shop).births] == [0]


def test_more_than_the_lease_is_refused_offline_and_says_where_the_rest_is(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=20_000, elsewhere=[Holding("102", 30_000)]))
    shop.member(anna)
    shop.link.up = False
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000)

    priced = quote(shop.station, wanted, shop.clock.now())
    with pytest.raises(OverLeaseError) as refused:
        reserve(shop.station, order_of(shop, wanted, priced.digest), shop.clock.now())

    assert priced.evaluation.redemption.redeemed == 20_000
    assert refused.value.details["elsewhere"] == [{"store": "102", "points": 30_000}]
    said = refused.value.sentence("ru").replace("\u00a0", " ")
    assert "200,00 из 500,00" in said
    assert said.endswith("300,00 в магазине 102. Больше можно будет списать, когда появится связь.")
    assert count(shop) == 0


def test_a_lease_is_spent_once_over_two_receipts(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    shop.link.up = False
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))

    again = basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000)
    priced = quote(shop.station, again, shop.clock.now())

    assert priced.evaluation.redemption.redeemed == 0


def test_a_reserved_receipt_holds_its_points_against_another_till(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    shop.link.up = False
    first = basket(shop, member=anna, redeem=Redeem.EXACT, points=40_000)
    reserve(shop.station, order_of(shop, first), shop.clock.now())

    second = basket(shop, member=anna, redeem=Redeem.MAXIMUM)
    priced = quote(shop.station, second, shop.clock.now())

    assert priced.evaluation.redemption.redeemed == 10_000


def test_repeating_a_commit_gives_the_same_answer_and_no_second_fact(shop: Shop) -> None:
    claim = reserve(shop.station, order_of(shop, basket(shop)), shop.clock.now())
    sale = paid(shop, claim)

    first = commit(shop.station, sale, shop.clock.now())
    shop.clock.move(hours=1)
    second = commit(shop.station, sale, shop.clock.now())

    assert first == second
    assert count(shop) == 1


def test_the_same_uid_with_other_content_is_a_conflict(shop: Shop) -> None:
    claim = reserve(shop.station, order_of(shop, basket(shop)), shop.clock.now())
    sale = paid(shop, claim)
    commit(shop.station, sale, shop.clock.now())

    other = Sale(sale.uid, b"other", sale.receipt, sale.tenders)
    with pytest.raises(UidReusedError):
        commit(shop.station, other, shop.clock.now())


def test_tenders_must_add_up_and_then_the_receipt_is_still_reserved(shop: Shop) -> None:
    claim = reserve(shop.station, order_of(shop, basket(shop)), shop.clock.now())
    short = Sale(shop.uid(), b"x", claim.receipt.uid, (Tender(TenderKind.CASH, 1),))

    with pytest.raises(TendersMismatchError):
        commit(shop.station, short, shop.clock.now())

    commit(shop.station, paid(shop, claim), shop.clock.now())
    assert count(shop) == 1


def test_a_reserved_receipt_is_committed_whatever_changes_meanwhile(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000)
    claim = reserve(shop.station, order_of(shop, wanted), shop.clock.now())
    shop.link.up = False
    shop.clock.move(days=400)

    commit(shop.station, paid(shop, claim), shop.clock.now())

    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    assert body.evaluation == claim.evaluation


def test_a_receipt_is_not_reserved_for_another_member_at_the_same_price(shop: Shop) -> None:
    anna, boris = Person(number=1), Person(number=2)
    shop.member(anna)
    shop.member(boris)
    wanted = basket(shop, member=anna)
    held = claim(shop, wanted)

    with pytest.raises(AlreadyReservedError):
        claim(shop, replace(wanted, member=boris.id))

    assert claim(shop, wanted) == held, "the same receipt under another uid of the operation"


def test_the_balance_is_that_of_the_sale_though_another_till_sold_since_the_reserve(
    shop: Shop,
) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    held = claim(shop, basket(shop, member=anna))
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=40_000))

    done = commit(shop.station, paid(shop, held), shop.clock.now())

    lots = seen(shop, anna).lots
    assert done.balance_points == 10_000
    assert done.balance_points + done.pending_points == sum(lot.amount for lot in lots)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE row SET row = x'c1' WHERE kind = 'member'",
        "UPDATE row SET row = x'c1' WHERE kind = 'account'",
        "UPDATE row SET row = x'c1' WHERE kind = 'lease'",
        "ALTER TABLE row RENAME TO away",
    ],
)
def test_what_is_paid_is_committed_though_rows_are_damaged_since_the_reserve(
    shop: Shop, damage: str
) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    held = claim(shop, basket(shop, member=anna))
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql(damage)

    done = commit(shop.station, paid(shop, held), shop.clock.now())

    assert count(shop) == 1
    assert done.balance_points == 50_000


def test_without_a_reserve_a_stale_digest_is_refused(shop: Shop) -> None:
    wanted = basket(shop)
    order = ReserveOrder(shop.uid(), b"", wanted, "another digest")
    sale = Sale(shop.uid(), b"c", wanted.uid, (Tender(TenderKind.CASH, 100_000),), order=order)

    with pytest.raises(QuoteChangedError):
        commit(shop.station, sale, shop.clock.now())

    assert count(shop) == 0


def test_own_facts_show_until_the_rows_cover_them(shop: Shop) -> None:
    anna = Person(PersonLot(50_000, leased=50_000))
    shop.member(anna)
    shop.link.up = False
    sell(shop, basket(shop, member=anna, redeem=Redeem.EXACT, points=50_000))

    priced = quote(shop.station, basket(shop, member=anna), shop.clock.now())

    assert priced.standing is not None
    assert {lot.amount for lot in priced.standing.lots} == {0, 1_500}
    assert priced.standing.turnover_minor == 50_000
    assert shop.station.identity.store == STORE


def test_what_was_bought_here_counts_by_day_before_the_rows_tell_of_it(shop: Shop) -> None:
    """Cheese of 1 000.00 earns 3 %, 30.00; the first of the two comes back."""
    anna = Person()
    shop.member(anna)
    yesterday = DayCount(shop.clock.now().date() - timedelta(days=1), 500_00, 25_00, 1)
    shop.feed(GLOBAL, AccountRow(anna.account, anna.id, 0, (), History(days=(yesterday,))))
    shop.link.up = False

    done = sell(shop, basket(shop, member=anna))
    take_back(shop, done.receipt, (1, 1000))
    sell(shop, basket(shop, member=anna))

    today = DayCount(shop.clock.now().date(), 1000_00, 30_00, 2)
    assert seen(shop, anna).history.days == (yesterday, today)
    assert seen(shop, anna).turnover_minor == 1000_00


def test_a_limit_counts_what_was_bought_here_and_what_the_rows_tell(shop: Shop) -> None:
    """The spring discount twice a month, also where one of the two receipts came back."""
    spring = "  - id: sparkling_spring\n"
    limited = f"{spring}    limits: [{{uses: 2, window: month}}]\n"
    rules = wine_text().replace("version: 1", "version: 2").replace(spring, limited)
    shop.feed(GLOBAL, pack_row(rules.replace("to: 2026-05-31", "to: 2026-12-31")))
    anna = Person()
    shop.member(anna)
    today = shop.clock.now().date()
    told = History(uses=(Use("sparkling_spring", today.replace(day=1), 1),))
    shop.feed(GLOBAL, AccountRow(anna.account, anna.id, 0, (), told))
    fizz = Item(1, 1000, "FIZZ", price_minor=1000_00, attributes=Attributes(group="wine/sparkling"))

    def discount() -> int:
        wanted = basket(shop, fizz, member=anna)
        return quote(shop.station, wanted, shop.clock.now()).evaluation.totals.discount_minor

    assert discount() == 150_00
    done = sell(shop, basket(shop, fizz, member=anna))
    assert discount() == 30_00
    take_back(shop, done.receipt, (1, 1000))
    assert discount() == 30_00


@pytest.mark.capability("WINE-15")
@pytest.mark.edge("E28")
def test_points_of_a_purchase_are_spendable_24_hours_later_to_the_second_and_offline(
    shop: Shop,
) -> None:
    """Bought at noon of a store in Moscow: neither midnight matters nor the line."""
    anna = Person()
    shop.member(anna)
    shop.link.up = False
    sell(shop, basket(shop, member=anna))

    def spendable() -> int:
        wanted = basket(shop, member=anna, redeem=Redeem.MAXIMUM)
        return quote(shop.station, wanted, shop.clock.now()).evaluation.redemption.redeemed

    shop.clock.move(hours=23, minutes=59, seconds=59)
    assert spendable() == 0
    shop.clock.move(seconds=1)
    assert spendable() == 30_00


def test_a_paid_claim_leaves_its_content_to_the_fact(shop: Shop) -> None:
    wanted = basket(shop)
    held = claim(shop, wanted)
    open_claim = _claim(shop, wanted)

    commit(shop.station, paid(shop, held), shop.clock.now())

    assert open_claim == (ClaimState.OPEN, True)
    assert _claim(shop, wanted) == (ClaimState.COMMITTED, False)
    assert look_up(shop.station, wanted.uid).evaluation == held.evaluation


def test_a_paid_claim_of_a_former_version_which_kept_its_content_is_ended(shop: Shop) -> None:
    wanted = basket(shop)
    held = claim(shop, wanted)
    commit(shop.station, paid(shop, held), shop.clock.now())
    with transaction(shop.station.journal) as connection:
        values = (encode(held), wanted.uid.bytes)
        run(connection, "UPDATE claim SET body = ? WHERE receipt = ?", values)

    assert look_up(shop.station, wanted.uid).state == "committed"
    with pytest.raises(ReceiptEndedError):
        claim(shop, wanted)


def _claim(shop: Shop, wanted: Basket) -> tuple[str, bool]:
    """Return a claim's state, and whether it has its content."""
    statement = "SELECT state, length(body) > 0 FROM claim WHERE receipt = ?"
    with reading(shop.station.journal) as connection:
        state, has_content = run(connection, statement, (wanted.uid.bytes,)).fetchone()
    return state, bool(has_content)
