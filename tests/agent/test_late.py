"""Sales that a till made without the agent: they earn by card, once, and spend nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from agent.commit.late import LATE_MAX, LateInstantError, LateSale, take_late
from agent.commit.service import Committed, TendersMismatchError, commit
from agent.journal.answers import UidReusedError
from agent.leases.standing import UnknownMemberError
from agent.printing import store as spool
from agent.quote.lines import Item
from agent.receipts import look_up
from agent.reserve.service import ReceiptEndedError
from shared.crypto.blind import IdentifierKind, blind_index
from shared.member import MemberView
from shared.receipt import Benefits, Receipt, Redeem, Tender, TenderKind
from shared.rules.canonical import result_hash
from shared.rules.compile import CompiledPack
from shared.rules.evaluate import evaluate
from shared.rules.moment import Moment, Trust
from shared.runtime.sqlite import reading
from shared.wire.facts import ReceiptCommitted
from shared.wire.feed import GLOBAL
from shared.wire.rows import IdentifierRow
from tests.agent.kit import claim, kinds, last_body, lot_seen, paid, seen
from tests.builders import CHEESE, INDEX_KEY, Person, PersonLot, Shop, basket, pack_row, wine_text
from tests.fakes import NOON
from tests.shared.rules.strategies import any_packs, members, moments, receipts

PRICE_MINOR = 1_000_00


@pytest.fixture
def anna(shop: Shop) -> Person:
    person = Person(PersonLot(50_000, leased=50_000))
    shop.member(person)
    return person


def late(shop: Shop, anna: Person, sold_at: datetime = NOON - timedelta(hours=3)) -> LateSale:
    """A cheese that was sold for its full price."""
    return LateSale(
        uid=shop.uid(),
        content=b"content",
        receipt=shop.uid(),
        till="1",
        card=anna.card,
        items=(Item(1, 1000, CHEESE, price_minor=PRICE_MINOR),),
        tenders=(Tender(TenderKind.CASH, PRICE_MINOR),),
        sold_at=sold_at,
        fiscal_number="31",
    )


def hand_over(shop: Shop, sale: LateSale) -> Committed:
    return take_late(shop.station, sale, shop.clock.now())


def test_a_late_sale_earns_by_its_card_and_keeps_its_price(shop: Shop, anna: Person) -> None:
    """By hand: the card would take 3 % off; paid in full, cheese for 1 000.00 earns nothing less.

    Wine's programme gives 3 % of what money paid as points: 30.00.
    """
    done = hand_over(shop, late(shop, anna))

    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    assert body.evaluation.totals.payable_minor == PRICE_MINOR
    assert body.evaluation.totals.discount_minor == 0
    assert sum(lot.amount for lot in body.granted) == 30_00
    assert body.receipt.benefits is Benefits.EARNING
    assert (body.moment.instant, body.at) == (NOON - timedelta(hours=3), NOON)
    assert body.moment.trusted is Trust.UNTRUSTED
    assert lot_seen(shop, anna, anna.lots[0]).amount == 50_000
    assert seen(shop, anna).turnover_minor == PRICE_MINOR
    assert done.balance_points == 500_00
    assert look_up(shop.station, done.receipt).state == "committed"


def test_a_late_sale_earns_by_a_card_that_the_chain_gave_out_before(
    shop: Shop, anna: Person
) -> None:
    index = blind_index(INDEX_KEY, IdentifierKind.CARD, "7712345")
    shop.feed(GLOBAL, IdentifierRow(index, anna.id, "2345", None))

    hand_over(shop, replace(late(shop, anna), card="7712345"))

    assert seen(shop, anna).turnover_minor == PRICE_MINOR


def test_a_late_sale_prints_nothing_by_itself(shop: Shop, anna: Person) -> None:
    hand_over(shop, late(shop, anna))

    with reading(shop.station.journal) as connection:
        assert spool.next_queued(connection) is None
        assert spool.counts(connection) == {"cancelled": 1}


def test_a_late_sale_handed_over_again_is_one_fact(shop: Shop, anna: Person) -> None:
    sale = late(shop, anna)
    first = hand_over(shop, sale)
    shop.clock.move(hours=5)

    assert hand_over(shop, sale) == first
    assert kinds(shop) == ["receipt.committed"]
    with pytest.raises(UidReusedError):
        hand_over(shop, replace(sale, content=b"other"))
    with pytest.raises(ReceiptEndedError):
        hand_over(shop, replace(sale, uid=shop.uid()))


def test_a_receipt_that_was_committed_after_all_is_not_sold_a_second_time(
    shop: Shop, anna: Person
) -> None:
    held = claim(shop, basket(shop, member=anna))
    commit(shop.station, paid(shop, held), shop.clock.now())

    with pytest.raises(ReceiptEndedError):
        hand_over(shop, replace(late(shop, anna), receipt=held.receipt.uid))

    assert kinds(shop) == ["receipt.committed"]


def test_a_reserve_whose_answer_was_lost_gives_its_points_back(shop: Shop, anna: Person) -> None:
    wanted = basket(shop, member=anna, redeem=Redeem.EXACT, points=20_000)
    held = claim(shop, wanted)
    assert lot_seen(shop, anna, anna.lots[0]).here < 50_000

    hand_over(shop, replace(late(shop, anna), receipt=held.receipt.uid))

    assert lot_seen(shop, anna, anna.lots[0]).here == 50_000
    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    assert body.evaluation.totals.redeemed_points == 0


def test_a_card_that_is_not_known_yet_may_be_handed_over_when_it_is(shop: Shop) -> None:
    person = Person(number=7)
    sale = late(shop, person)
    with pytest.raises(UnknownMemberError):
        hand_over(shop, sale)
    assert kinds(shop) == []

    shop.member(person)

    assert hand_over(shop, sale).receipt == sale.receipt


@pytest.mark.parametrize("card", ["", "4111111111111111", "29000900000", "Анна"])
def test_what_is_no_card_of_ours_is_refused(shop: Shop, anna: Person, card: str) -> None:
    with pytest.raises(UnknownMemberError):
        hand_over(shop, replace(late(shop, anna), card=card))


@pytest.mark.parametrize("delta", [timedelta(minutes=11), -LATE_MAX - timedelta(seconds=1)])
def test_a_time_that_cannot_be_is_refused(shop: Shop, anna: Person, delta: timedelta) -> None:
    with pytest.raises(LateInstantError):
        hand_over(shop, late(shop, anna, NOON + delta))


def test_a_till_whose_clock_is_a_little_ahead_sold_at_the_latest_now(
    shop: Shop, anna: Person
) -> None:
    hand_over(shop, late(shop, anna, NOON + timedelta(minutes=9)))

    body = last_body(shop)
    assert isinstance(body, ReceiptCommitted)
    assert body.moment.instant == NOON


def test_payments_that_do_not_add_up_are_refused_and_nothing_is_written(
    shop: Shop, anna: Person
) -> None:
    with pytest.raises(TendersMismatchError):
        hand_over(shop, replace(late(shop, anna), tenders=(Tender(TenderKind.CASH, 1),)))

    assert kinds(shop) == []


def test_the_rules_are_those_of_the_time_of_the_sale(shop: Shop, anna: Person) -> None:
    """The next version gives from today on 4 % where the first gave 3 %."""
    newer = (
        wine_text()
        .replace("version: 1\n", "version: 2\n", 1)
        .replace("2026-01-01T00:00", "2026-05-20T00:00", 1)
    )
    shop.feed(GLOBAL, pack_row(newer.replace("bonus: 3 %", "bonus: 4 %")))

    hand_over(shop, late(shop, anna, NOON - timedelta(days=1)))
    yesterday = last_body(shop)
    hand_over(shop, late(shop, anna))
    today = last_body(shop)

    assert isinstance(yesterday, ReceiptCommitted)
    assert isinstance(today, ReceiptCommitted)
    assert sum(lot.amount for lot in yesterday.granted) == 30_00
    assert sum(lot.amount for lot in today.granted) == 40_00


@settings(max_examples=40)
@given(any_packs(), members(), receipts(), moments())
def test_of_any_pack_a_sold_receipt_keeps_its_price_and_draws_nothing(
    pack: CompiledPack, who: MemberView | None, bought: Receipt, moment: Moment
) -> None:
    sold = replace(bought, benefits=Benefits.EARNING, promo_codes=(), codes=(), certificates=())

    found = evaluate(pack, who, sold, moment)

    totals = found.totals
    assert totals.payable_minor == totals.base_minor
    assert (totals.discount_minor, totals.redeemed_points, totals.certificate_minor) == (0, 0, 0)
    assert (found.redemption.draws, found.coupons, found.certificates) == ((), (), ())
    assert not any(grant.is_code for grant in found.once)
    assert result_hash(found) == result_hash(evaluate(pack, who, sold, moment))
