"""Leases are sized to where a member shops, and never creep over what stays free."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from central.agents import store as agents
from central.centre import Centre
from central.leases.sizing import HOME_PERCENT, SECOND_PERCENT, Visit, size, usual_stores
from shared.ledger.books import Books, Holder, Lot
from shared.ledger.entries import Document
from shared.ledger.postings import Drawing, draw, grant
from shared.runtime.sqlite import transaction
from tests.central.chain_kit import books, kinds
from tests.central.journal_builder import Journal

AT = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = UUID(int=1)
HOME, SECOND = Holder(UUID(int=11), 1), Holder(UUID(int=12), 1)


def _visit(store: str, receipts: int, days: int = 0) -> Visit:
    return Visit(ACCOUNT, store, receipts, AT + timedelta(days=days))


def test_the_usual_stores_have_most_receipts_and_ties_go_to_the_latest() -> None:
    visits = [_visit("a", 2), _visit("b", 5), _visit("c", 2, days=1), _visit("d", 1, days=9)]

    assert usual_stores(visits) == ["b", "c"]
    assert usual_stores([]) == []
    assert usual_stores([_visit("a", 1)]) == ["a"]


@given(points=st.integers(0, 10_000), sales=st.lists(st.integers(1, 3_000), max_size=6))
def test_sizing_tops_up_and_leaves_the_rest_free(points: int, sales: list[int]) -> None:
    working = Books()
    account = working.open(ACCOUNT, UUID(int=2), AT)
    lot = Lot(UUID(int=3), ACCOUNT, "", "", "", UUID(int=4), points, 0, 0, 0, AT, None)
    grant(working, lot, Document(UUID(int=4), AT), holder=None, kept=0)
    size(working, [account], [HOME, SECOND], date(2026, 3, 1))
    assert working.lease(lot, HOME).left == points * HOME_PERCENT // 100
    assert working.lease(lot, SECOND).left == points * SECOND_PERCENT // 100

    for no, wanted in enumerate(sales):
        home = working.lease(lot, HOME)
        document = Document(UUID(int=100 + no), AT)
        draw(working, lot, home, min(wanted, home.left), document, Drawing.POSTED)
        size(working, [account], [HOME, SECOND], date(2026, 3, 1))
        after = (lot.free, home.granted)
        size(working, [account], [HOME, SECOND], date(2026, 3, 1))
        assert (lot.free, home.granted) == after
        assert lot.balance == lot.free + home.left + working.lease(lot, SECOND).left


def test_a_member_who_moves_leaves_a_rest_free_for_every_other_store() -> None:
    working = Books()
    account = working.open(ACCOUNT, UUID(int=2), AT)
    lot = Lot(UUID(int=3), ACCOUNT, "", "", "", UUID(int=4), 100, 0, 0, 0, AT, None)
    grant(working, lot, Document(UUID(int=4), AT), holder=None, kept=0)
    size(working, [account], [HOME], date(2026, 3, 1))

    size(working, [account], [SECOND, HOME], date(2026, 3, 1))

    assert (working.lease(lot, SECOND).left, lot.free) == (30, 10)


def test_an_expired_lot_is_not_leased() -> None:
    working = Books()
    account = working.open(ACCOUNT, UUID(int=2), AT)
    day = date(2026, 3, 1)
    lot = Lot(UUID(int=3), ACCOUNT, "", "", "", UUID(int=4), 100, 0, 0, 0, AT, day)
    grant(working, lot, Document(UUID(int=4), AT), holder=None, kept=0)

    size(working, [account], [HOME], day + timedelta(days=1))

    assert lot.free == 100


def test_the_store_of_registration_and_the_next_one_hold_their_shares(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=0)
    journal.push()
    other.sell(person)
    other.push()

    found = books(centre, person.account)
    shares = {lease.agent: lease.left for lease in found.leases_of(sold.lots[0])}
    assert shares == {journal.agent: 60_00, other.agent: 30_00}
    assert found.lot(sold.lots[0]).free == 10_00


def test_a_store_without_a_present_agent_gets_no_lease(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=0)
    with transaction(centre.engine) as connection:
        agents.fence(connection, "101", journal.clock.now())

    assert kinds(journal.push().outcomes) == ["accepted", "accepted"]
    assert books(centre, person.account).lot(sold.lots[0]).free == 100_00
