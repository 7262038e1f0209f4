"""Leases are sized to where a member shops, and never creep over what stays free."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.agents import store as agents
from central.centre import Centre
from central.leases.sizing import HOME_PERCENT, NEEDS, Visit, need, size, usual_stores
from shared.ledger.books import Account, Books, Holder, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import Drawing, draw, grant
from shared.runtime.sqlite import transaction
from tests.central.chain_kit import books, kinds
from tests.central.journal_builder import Journal, Person, Sold

AT = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = UUID(int=1)
HOME, SECOND = Holder(UUID(int=11), 1), Holder(UUID(int=12), 1)


DAY = AT.date()


def _lots(*points: int, expires_on: date | None = None) -> tuple[Books, Account, list[Lot]]:
    """Return a member's account with lots of so many hundredths, of which none is leased."""
    working = Books()
    account = working.open(ACCOUNT, UUID(int=2), AT)
    lots = [
        Lot(UUID(int=no), ACCOUNT, "", "", "", UUID(int=4), amount, 0, 0, 0, AT, expires_on)
        for no, amount in enumerate(points, 3)
    ]
    for lot in lots:
        grant(working, lot, Document(UUID(int=4), AT), holder=None, kept=0)
    return working, account, lots


def _shares(points: int, needed: int) -> tuple[int, int, int]:
    """Return what the usual stores hold of a lot, and what is free."""
    working, account, (lot,) = _lots(points)
    size(working, [account], [HOME, SECOND], DAY, needed)
    return working.lease(lot, HOME).left, working.lease(lot, SECOND).left, lot.free


def _held(centre: Centre, person: Person, sold: Sold) -> dict[UUID, int]:
    """Return what each agent holds of the first lot that a sale brought."""
    found = books(centre, person.account)
    return {lease.agent: lease.left for lease in found.leases_of(sold.lots[0])}


def _visit(store: str, receipts: int, days: int = 0) -> Visit:
    return Visit(ACCOUNT, store, receipts, AT + timedelta(days=days))


def test_the_usual_stores_have_most_receipts_and_ties_go_to_the_latest() -> None:
    visits = [_visit("a", 2), _visit("b", 5), _visit("c", 2, days=1), _visit("d", 1, days=9)]

    assert usual_stores(visits) == ["b", "c"]
    assert usual_stores([]) == []
    assert usual_stores([_visit("a", 1)]) == ["a"]


def test_a_receipt_may_take_some_times_what_the_largest_one_took() -> None:
    took = [replace(_visit("a", 2), redeemed_most=30), replace(_visit("b", 9), redeemed_most=20)]

    assert need(took, 7) == 30 * NEEDS
    assert need([_visit("a", 2)], 7) == 7


@pytest.mark.parametrize(
    ("points", "needed", "shares"),
    [
        (100, 0, (60, 30, 10)),
        (100, 60, (60, 40, 0)),
        (100, 35, (60, 35, 5)),
        (100, 80, (80, 20, 0)),
        (100, 500, (100, 0, 0)),
        (1_000, 100, (600, 300, 100)),
    ],
)
def test_what_a_receipt_may_take_comes_before_shares(
    points: int, needed: int, shares: tuple[int, int, int]
) -> None:
    assert _shares(points, needed=needed) == shares


def test_what_a_receipt_may_take_is_looked_for_in_the_lots_that_are_spent_first() -> None:
    working, account, lots = _lots(50, 50, 1_000)

    size(working, [account], [HOME, SECOND], DAY, 70)

    held = [tuple(working.lease(lot, one).left for one in (HOME, SECOND)) for lot in lots]
    assert held == [(50, 0), (30, 20), (600, 300)]


def test_a_usual_store_without_an_agent_leaves_its_part_to_the_next() -> None:
    working, account, (lot,) = _lots(100)

    size(working, [account], [None, SECOND], DAY, 80)

    assert (working.lease(lot, SECOND).left, lot.free) == (80, 20)


@given(
    points=st.integers(0, 10_000),
    sales=st.lists(st.integers(1, 3_000), max_size=6),
    needed=st.integers(0, 12_000),
)
def test_sizing_tops_up_and_leaves_the_rest_free(
    points: int, sales: list[int], needed: int
) -> None:
    working, account, (lot,) = _lots(points)
    size(working, [account], [HOME, SECOND], DAY, needed)
    assert working.lease(lot, HOME).left == max(points * HOME_PERCENT // 100, min(points, needed))

    for no, wanted in enumerate(sales):
        home = working.lease(lot, HOME)
        document = Document(UUID(int=100 + no), AT)
        draw(working, lot, home, min(wanted, home.left), document, Drawing.POSTED)
        size(working, [account], [HOME, SECOND], DAY, needed)
        after = (lot.free, home.granted)
        size(working, [account], [HOME, SECOND], DAY, needed)
        assert (lot.free, home.granted) == after
        assert lot.balance == lot.free + home.left + working.lease(lot, SECOND).left


def test_a_member_who_moves_leaves_a_rest_free_for_every_other_store() -> None:
    working, account, (lot,) = _lots(100)
    size(working, [account], [HOME], DAY, 0)

    size(working, [account], [SECOND, HOME], DAY, 0)

    assert (working.lease(lot, SECOND).left, lot.free) == (30, 10)


def test_an_expired_lot_is_not_leased() -> None:
    working, account, (lot,) = _lots(100, expires_on=DAY)

    size(working, [account], [HOME], DAY + timedelta(days=1), 0)

    assert lot.free == 100


def test_shares_are_of_what_is_beyond_a_first_receipt_and_then_beyond_the_largest(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    few = replace(centre, settings=centre.settings.model_copy(update={"first_need": 80_00}))
    journal.centre = other.centre = few
    person, _ = journal.register()
    first = journal.sell(person, earn=[100_00], kept=0)
    journal.push()
    other.sell(person)
    other.push()
    before = _held(few, person, first)
    journal.sell(person, spend=[(first.lots[0], 5_00)])
    second = journal.sell(person, earn=[100_00], kept=0)
    journal.push()

    assert before == {journal.agent: 80_00, other.agent: 20_00}
    assert _held(few, person, second) == {journal.agent: 60_00, other.agent: 30_00}


def test_a_store_without_a_present_agent_gets_no_lease(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=0)
    with transaction(centre.engine) as connection:
        agents.fence(connection, "101", journal.clock.now())

    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
    assert books(centre, person.account).lot(sold.lots[0]).free == 100_00
