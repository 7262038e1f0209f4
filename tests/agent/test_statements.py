"""Slips on request: balance, what expires soon, a coupon, the summary of a shift."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.counted import Downtime
from agent.journal import outages
from agent.journal.answers import UidReusedError
from agent.leases.standing import UnknownMemberError
from agent.operations import reprint_receipt
from agent.printing import store as spool
from agent.printing.service import UnknownSlipError
from agent.receipts import look_up
from agent.retention import Retention
from agent.returns.service import ReturnOrder, give_back_goods
from agent.returns.void import VoidOrder, void
from agent.statements.service import (
    CouponEndedError,
    Printed,
    StatementOrder,
    UnknownCouponError,
    print_coupon,
    print_statement,
)
from agent.statements.shift import Shift, ShiftOrder, print_shift
from hardware.printers.layout import as_text
from shared.money import NO_BREAK_SPACE
from shared.receipt import Redeem
from shared.rules.returns import Part
from shared.runtime.sqlite import reading, transaction
from shared.slip import Qr, SlipKind
from shared.tokens import CODE_CHARS, grouped, token
from tests.agent.kit import sell
from tests.builders import Person, PersonLot, Shop, basket, cashier_row, code_known
from tests.fakes import NOON

COUPON = grouped(token(bytes(range(16)), CODE_CHARS))
TODAY = date(2026, 5, 20)


@pytest.fixture
def lots(shop: Shop) -> Person:
    """Anna: 500.00 that burn in a week, 300.00 next year, 200.00 not active yet."""
    person = Person(
        PersonLot(50_000, leased=50_000, number=1, expires_on=date(2026, 5, 27)),
        PersonLot(30_000, number=2, expires_on=date(2027, 1, 1)),
        PersonLot(20_000, number=3, activates_at=NOON + timedelta(days=2)),
    )
    shop.member(person)
    return person


def order(shop: Shop, who: UUID, kind: str = "balance", uid: UUID | None = None) -> StatementOrder:
    return StatementOrder(uid or shop.uid(), b"content", who, kind, None, "0018")  # type: ignore[arg-type]


def text_of(shop: Shop, done: Printed) -> str:
    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, done.slip)
    assert paper is not None
    return as_text(paper[0], 32).replace(NO_BREAK_SPACE, " ")


def jobs(shop: Shop) -> int:
    with reading(shop.station.journal) as connection:
        return sum(spool.counts(connection).values())


def test_a_balance_tells_what_is_active_what_comes_and_what_burns(shop: Shop, lots: Person) -> None:
    told = text_of(shop, print_statement(shop.station, order(shop, lots.id), NOON)).split("\n")

    assert "Баланс бонусов            800,00" in told
    assert "  22.05.2026 15:00        200,00" in told
    assert "  сгорят 27.05.2026       500,00" in told
    assert "  сгорят 01.01.2027       300,00" in told
    assert not any("Без связи" in line for line in told)


def test_what_expires_soon_leaves_out_what_expires_later(shop: Shop, lots: Person) -> None:
    told = text_of(shop, print_statement(shop.station, order(shop, lots.id, "expiring"), NOON))

    assert "Скоро сгорят              500,00" in told
    assert "27.05.2026" in told
    assert "01.01.2027" not in told


def test_without_the_line_a_balance_says_of_when_it_is(shop: Shop, lots: Person) -> None:
    shop.link.up = False

    told = text_of(shop, print_statement(shop.station, order(shop, lots.id), NOON))

    assert "Без связи с центром; данные на\n20.05.2026 15:00" in told


def test_a_repeated_request_prints_one_paper_and_a_new_one_another(
    shop: Shop, lots: Person
) -> None:
    asked = order(shop, lots.id)

    first = print_statement(shop.station, asked, NOON)
    shop.clock.move(minutes=5)
    again = print_statement(shop.station, asked, shop.clock.now())
    assert again == first
    assert jobs(shop) == 1
    print_statement(shop.station, order(shop, lots.id), NOON)
    assert jobs(shop) == 2
    with pytest.raises(UidReusedError):
        print_statement(shop.station, StatementOrder(asked.uid, b"other", lots.id, "balance"), NOON)


def test_nobodys_balance_is_not_printed(shop: Shop) -> None:
    with pytest.raises(UnknownMemberError):
        print_statement(shop.station, order(shop, UUID(int=9)), NOON)

    assert jobs(shop) == 0


def test_a_coupon_is_printed_once_and_then_as_copies(shop: Shop) -> None:
    code_known(shop, COUPON)
    uid = shop.uid()

    first = print_coupon(shop.station, uid, b"c", COUPON.lower().replace("-", " "), NOON)
    repeated = print_coupon(shop.station, uid, b"c", COUPON, NOON)
    second = print_coupon(shop.station, shop.uid(), b"c", COUPON, NOON)

    assert repeated == first == Printed(first.slip)
    assert second == Printed(first.slip, copy_no=1)
    with reading(shop.station.journal) as connection:
        paper = spool.slip_and_copies(connection, first.slip)
    assert paper is not None
    assert paper[0].kind is SlipKind.COUPON
    assert [block.text for block in paper[0].blocks if isinstance(block, Qr)] == [COUPON]
    assert "Дегустация" in text_of(shop, first)
    assert jobs(shop) == 2


@pytest.mark.parametrize("code", ["", "ПЕРВЫЙ", "RTW7-67V2-H9VV", COUPON])
def test_an_unknown_coupon_is_not_printed(shop: Shop, code: str) -> None:
    with pytest.raises(UnknownCouponError):
        print_coupon(shop.station, shop.uid(), b"c", code, NOON)


def test_a_coupon_that_is_over_is_not_printed(shop: Shop) -> None:
    code_known(shop, COUPON, last_day=TODAY - timedelta(days=1))

    with pytest.raises(CouponEndedError):
        print_coupon(shop.station, shop.uid(), b"c", COUPON, NOON)

    assert jobs(shop) == 0


# The shift


def shift(shop: Shop, till: str = "1", day: date | None = None) -> Shift:
    asked = ShiftOrder(shop.uid(), b"content", till, "7", day)
    return print_shift(shop.station, asked, shop.clock.now())[1]


def test_a_shift_adds_up_what_its_till_did_that_day(shop: Shop) -> None:
    """By hand: cheese costs 1 000.00; the card takes 3 %, so that 970.00 are paid.

    The first sale pays 200.00 of that by points; one comes back whole, one is undone.
    """
    shop.feed("store:101", cashier_row("9", "Ольга", role="senior"))
    person = Person(PersonLot(50_000, leased=50_000))
    shop.member(person)
    by_points = sell(shop, basket(shop, member=person, redeem=Redeem.EXACT, points=20_000))
    back, undone = sell(shop, basket(shop)), sell(shop, basket(shop))
    returned = give_back_goods(
        shop.station,
        ReturnOrder(shop.uid(), b"r", back.receipt, (Part(1, 1000),), till="1"),
        shop.clock.now(),
    )
    voided = void(
        shop.station, VoidOrder(shop.uid(), b"v", undone.receipt, "1", "9", ""), shop.clock.now()
    )

    found = shift(shop)

    assert (found.sales, found.returns, found.voids, found.registrations) == (3, 1, 1, 0)
    assert found.returns_minor == returned.money_minor
    assert found.voids_minor == voided.money_minor
    assert found.sales_minor == _payable(shop, by_points, back, undone)
    assert found.redeemed_points == _redeemed(shop, by_points)
    assert found.unsent == 5
    assert shift(shop, till="2") == Shift("2", TODAY, unsent=5)
    assert shift(shop, day=TODAY - timedelta(days=1)).sales == 0


def _payable(shop: Shop, *sales: Any) -> int:
    return sum(
        look_up(shop.station, sale.receipt).evaluation.totals.payable_minor for sale in sales
    )


def _redeemed(shop: Shop, sale: Any) -> int:
    return look_up(shop.station, sale.receipt).evaluation.totals.redeemed_points


def test_a_return_that_names_no_till_belongs_to_the_till_of_its_sale(shop: Shop) -> None:
    sale = sell(shop, basket(shop))
    parts = (Part(1, 500),)
    give_back_goods(
        shop.station, ReturnOrder(shop.uid(), b"r", sale.receipt, parts), shop.clock.now()
    )
    give_back_goods(
        shop.station,
        ReturnOrder(shop.uid(), b"r", sale.receipt, parts, till="2"),
        shop.clock.now(),
    )

    assert (shift(shop, "1").returns, shift(shop, "2").returns) == (1, 1)


def test_a_shift_goes_back_through_the_journal_to_its_own_day(shop: Shop) -> None:
    for _ in range(3):
        sell(shop, basket(shop))
    shop.clock.move(days=1)
    sell(shop, basket(shop))

    assert shift(shop).sales == 1
    assert shift(shop, day=TODAY).sales == 3


def test_a_repeated_summary_is_the_same_though_more_has_happened(shop: Shop) -> None:
    asked = ShiftOrder(shop.uid(), b"content", "1")
    first = print_shift(shop.station, asked, shop.clock.now())
    sell(shop, basket(shop))

    assert print_shift(shop.station, asked, shop.clock.now()) == first
    assert shift(shop).sales == 1


@pytest.fixture
def offline(shop: Shop) -> Shop:
    shop.station.downtime.note(shop.clock.now(), up=False)
    shop.link.up = False
    return shop


def test_minutes_offline_are_kept_through_a_restart(offline: Shop) -> None:
    shop = offline
    shop.clock.move(minutes=10)
    shop.station.downtime.note(shop.clock.now(), up=False)
    outages.keep(shop.station)
    shop.station.downtime = Downtime()
    shop.link.up = True
    shop.clock.move(minutes=5)

    assert shift(shop).offline_minutes == 10


def test_an_outage_that_goes_on_counts_up_to_now(offline: Shop) -> None:
    offline.clock.move(minutes=3)

    assert shift(offline).offline_minutes == 3


def test_an_outage_over_midnight_is_parted_between_the_days(offline: Shop) -> None:
    shop = offline  # NOON is 15:00 in Moscow: nine hours to midnight
    shop.clock.move(hours=11)
    shop.station.downtime.note(shop.clock.now(), up=True)
    outages.keep(shop.station)

    assert shift(shop, day=TODAY).offline_minutes == 9 * 60
    assert shift(shop).offline_minutes == 2 * 60


@given(st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=40))
def test_what_is_kept_of_outages_lacks_less_than_a_minute_of_each(
    looks: list[tuple[int, bool]],
) -> None:
    downtime, kept, at = Downtime(), dict[Any, Any](), NOON
    for seconds, up in looks:
        at += timedelta(seconds=seconds)
        downtime.note(at, up=up)
        changed = downtime.to_keep()
        kept |= dict(changed)
        downtime.kept(changed)

    for began, ended in downtime.seen().items():
        assert ended - kept.get(began, began) < timedelta(minutes=1)
    assert downtime.to_keep() == []


def test_old_slips_without_a_fact_leave_and_those_on_their_way_stay(
    shop: Shop, lots: Person
) -> None:
    first = print_statement(shop.station, order(shop, lots.id), NOON)
    second = print_statement(shop.station, order(shop, lots.id), NOON)
    print_statement(shop.station, order(shop, lots.id), NOON)
    with reading(shop.station.journal) as connection:
        found = spool.next_queued(connection)
    assert found is not None
    with transaction(shop.station.journal) as connection:
        spool.move(connection, found[0], spool.JobState.PRINTED, "")
    shop.clock.move(days=91)

    Retention(shop.station).turn()

    with reading(shop.station.journal) as connection:
        assert spool.slip_and_copies(connection, first.slip) is None
        assert spool.slip_and_copies(connection, second.slip) is not None


def test_a_summary_is_no_receipt_to_be_copied(shop: Shop) -> None:
    asked = ShiftOrder(shop.uid(), b"content", "1")
    done, _ = print_shift(shop.station, asked, shop.clock.now())

    with pytest.raises(UnknownSlipError):
        reprint_receipt(shop.station, done.slip, shop.uid(), b"x", shop.clock.now())


def test_the_files_are_of_the_present_version(tmp_path: Path) -> None:
    """A journal of before has no such tables: they are made when it is opened."""
    shop = Shop(tmp_path)
    with reading(shop.station.journal) as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    shop.close()

    assert {"outage", "statement"} <= set(names)
