"""Single moves of the ledger whose outcome a reader should see in numbers."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from shared.ledger.books import Books, BrokenCountError, Holder, Lot, UnknownLotError
from shared.ledger.entries import Document, EntryKind
from shared.ledger.held import release_held
from shared.ledger.postings import (
    Drawing,
    activate,
    check_count,
    draw,
    expire,
    extend,
    give_back,
    grant,
    raise_lease,
    restore,
    take,
    want_back,
    write_off,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 3, 1)
ACCOUNT = UUID(int=1)
HOME, SECOND = Holder(UUID(int=11), 1), Holder(UUID(int=12), 1)
BRANCH = Holder(HOME.agent, -HOME.epoch)


def _document(no: int) -> Document:
    return Document(UUID(int=no), AT)


def _granted(books: Books, amount: int, kept: int = 0, no: int = 100) -> Lot:
    lot = Lot(
        id=UUID(int=no),
        account=ACCOUNT,
        wallet="bonus",
        kind="purchase",
        rule="rule",
        document=UUID(int=no),
        granted=amount,
        balance=0,
        free=0,
        held=0,
        activates_at=AT,
        expires_on=DAY,
    )
    grant(books, lot, _document(no), holder=HOME, kept=kept)
    return lot


@pytest.fixture
def books() -> Books:
    books = Books()
    books.open(ACCOUNT, UUID(int=2), AT)
    return books


def test_a_spend_over_the_lease_takes_the_free_rest_and_then_is_debt(books: Books) -> None:
    lot = _granted(books, 100, kept=60)

    debt = draw(books, lot, books.lease(lot, HOME), 110, _document(1), Drawing.POSTED)

    assert (debt, lot.balance, lot.free, books.accounts[ACCOUNT].debt) == (10, 0, 0, 10)


def test_a_raise_after_an_overspent_lease_is_spendable_in_full(books: Books) -> None:
    lot = _granted(books, 100, kept=10)
    lease = books.lease(lot, HOME)
    draw(books, lot, lease, 30, _document(1), Drawing.POSTED)

    raise_lease(books, lot, HOME, 50)

    assert (lease.left, lot.free, lot.balance) == (50, 20, 70)


def test_a_debt_is_paid_by_the_next_grant_and_only_from_its_free_part(books: Books) -> None:
    lot = _granted(books, 10)
    draw(books, lot, books.lease(lot, SECOND), 40, _document(1), Drawing.POSTED)

    later = _granted(books, 100, kept=90, no=101)

    assert books.accounts[ACCOUNT].debt == 20
    assert (later.balance, later.free) == (90, 0)
    kinds = [entry.kind for entry in books.entries if entry.lot == later.id]
    assert kinds == [EntryKind.GRANT, EntryKind.DEBT_SETTLE, EntryKind.CLAWBACK]


def test_what_a_draw_that_is_set_aside_lacks_is_kept_before_a_debt_is_paid(books: Books) -> None:
    lot = _granted(books, 10)
    other = _granted(books, 10, no=101)
    draw(books, lot, books.lease(lot, SECOND), 40, _document(1), Drawing.HELD)
    draw(books, other, books.lease(other, SECOND), 15, _document(2), Drawing.POSTED)

    restore(books, lot, 34, _document(3), day=DAY, grace=None)

    (held,) = books.held.values()
    assert (held.covered, lot.held, lot.free, lot.balance) == (40, 40, 0, 40)
    assert books.accounts[ACCOUNT].debt == 1
    assert release_held(books, held, _document(4)) == 0


def test_points_that_are_leased_become_debt_at_once_and_pay_it_when_they_come_back(
    books: Books,
) -> None:
    lot = _granted(books, 100, kept=100)
    lease = books.lease(lot, HOME)

    debt = take(books, lot, 40, _document(1))

    assert (debt, lease.left, lease.wanted_back) == (40, 100, 40)
    give_back(books, lot, lease, 40, _document(2))
    assert (books.accounts[ACCOUNT].debt, lot.balance, lot.free) == (0, 60, 0)


def test_what_other_holders_have_of_an_overspent_lot_is_asked_for_and_pays_the_debt(
    books: Books,
) -> None:
    """90 of 100 lie at home; the second store spends 30 with no lease: 10 were free."""
    lot = _granted(books, 100, kept=90)
    home = books.lease(lot, HOME)

    debt = draw(books, lot, books.lease(lot, SECOND), 30, _document(1), Drawing.POSTED)

    assert (debt, lot.balance, home.wanted_back) == (20, 90, 20)
    give_back(books, lot, home, 20, _document(2))
    assert (books.accounts[ACCOUNT].debt, lot.balance, home.left) == (0, 70, 70)


def test_a_return_that_forgives_lets_go_what_is_spent_and_no_more(books: Books) -> None:
    lot = _granted(books, 100, kept=60)
    lease = books.lease(lot, HOME)
    draw(books, lot, lease, 30, _document(1), Drawing.POSTED)

    debt = take(books, lot, 100, _document(2), forgives=True)

    assert (debt, lease.wanted_back, lot.balance) == (30, 30, 30)
    give_back(books, lot, lease, 30, _document(3))
    assert (books.accounts[ACCOUNT].debt, lot.balance) == (0, 0)


def test_a_written_off_lease_gives_nothing_back(books: Books) -> None:
    lot = _granted(books, 100, kept=100)
    lease = books.lease(lot, HOME)
    assert write_off(books, lot, lease) == 100

    give_back(books, lot, lease, 30, _document(1))

    assert (lot.free, lot.balance, lease.left) == (100, 100, 0)


def test_a_holder_who_spends_is_not_asked_for_it_any_more(books: Books) -> None:
    lot = _granted(books, 100, kept=50)
    lease = books.lease(lot, HOME)
    want_back(books, lot, 50)
    draw(books, lot, lease, 50, _document(1), Drawing.POSTED)

    raise_lease(books, lot, HOME, 20)

    assert lease.recalled == 0


def test_only_named_holders_are_asked(books: Books) -> None:
    lot = _granted(books, 100, kept=50)
    raise_lease(books, lot, SECOND, 30)

    assert want_back(books, lot, 100, frozenset({SECOND})) == 30
    assert want_back(books, lot, 100, frozenset({SECOND})) == 0
    assert books.lease(lot, HOME).wanted_back == 0


def test_a_branch_spends_of_the_free_rest_and_leaves_the_lease_alone(books: Books) -> None:
    lot = _granted(books, 100, kept=80)

    draw(books, lot, books.lease(lot, BRANCH), 30, _document(1), Drawing.HELD)

    assert (lot.free, lot.held, books.lease(lot, HOME).left) == (0, 20, 80)


def test_points_restored_into_an_expired_lot_get_a_new_one_with_grace(books: Books) -> None:
    lot = _granted(books, 100)
    draw(books, lot, books.lease(lot, SECOND), 60, _document(1), Drawing.POSTED)
    day = date(2026, 3, 2)

    graced = restore(books, lot, 60, _document(2), day=day, grace=timedelta(days=10))

    assert graced is not None
    assert (lot.balance, graced.balance, graced.expires_on) == (40, 60, date(2026, 3, 12))


def test_without_a_grace_an_expired_lot_takes_nothing_in(books: Books) -> None:
    lot = _granted(books, 100)
    draw(books, lot, books.lease(lot, SECOND), 60, _document(1), Drawing.POSTED)

    assert restore(books, lot, 60, _document(2), day=date(2026, 3, 2), grace=None) is None

    assert (lot.balance, len(books.lots)) == (40, 1)
    assert restore(books, lot, 60, _document(3), day=DAY, grace=None) is lot
    assert lot.balance == 100


def test_an_active_lot_is_not_activated_again(books: Books) -> None:
    lot = _granted(books, 100)

    assert not activate(books, lot, _document(1))


def test_a_lot_that_nobody_granted_is_unknown(books: Books) -> None:
    with pytest.raises(UnknownLotError):
        books.lot(UUID(int=9))


def test_a_count_that_skips_is_broken() -> None:
    check_count(UUID(int=1), counted=5, told=5)

    with pytest.raises(BrokenCountError):
        check_count(UUID(int=1), counted=5, told=6)


def _sale(no: int, day: date) -> Document:
    return Document(UUID(int=no), AT, day)


@pytest.mark.edge("E32")
@pytest.mark.parametrize(("day", "debt"), [(DAY, 0), (DAY + timedelta(days=1), 60_00)])
def test_a_spend_of_the_last_day_gets_back_what_burnt_before_it_was_told(
    books: Books, day: date, debt: int
) -> None:
    """100.00, of which a store holds 60.00; it is written off, and all burns. Then it tells 60.00.

    Spent on the last day they are restored; a day later they are debt. 40.00 burnt in any case.
    """
    lot = _granted(books, 100_00, kept=60_00)
    lease = books.lease(lot, HOME)
    write_off(books, lot, lease)
    expire(books, lot, Document(UUID(int=200), AT))

    owed = draw(books, lot, lease, 60_00, _sale(300, day), Drawing.POSTED)

    assert owed == books.accounts[ACCOUNT].debt == debt
    kinds = [(one.kind, one.amount) for one in books.entries if one.document == UUID(int=300)]
    restored = [(EntryKind.RESTORE, 60_00), (EntryKind.REDEEM, -60_00)]
    assert kinds == ([(EntryKind.DEBT, 60_00)] if debt else restored)
    assert (lot.balance, lot.burnt) == (0, 100_00 if debt else 40_00)


def test_what_burnt_comes_back_once(books: Books) -> None:
    lot = _granted(books, 100_00, kept=60_00)
    lease = books.lease(lot, HOME)
    write_off(books, lot, lease)
    expire(books, lot, Document(UUID(int=200), AT))

    owed = [draw(books, lot, lease, 60_00, _sale(no, DAY), Drawing.POSTED) for no in (300, 301)]

    assert owed == [0, 20_00]
    assert lot.burnt == 0


@pytest.mark.edge("E39")
def test_extending_a_lot_is_an_entry_and_never_shortens(books: Books) -> None:
    lot = _granted(books, 100_00)
    later, order = date(2026, 6, 1), Document(UUID(int=200), AT, DAY)

    assert extend(books, lot, later, order)
    assert not extend(books, lot, later, order)
    assert not extend(books, lot, DAY, Document(UUID(int=201), AT, DAY))

    adjusted = [one for one in books.entries if one.kind is EntryKind.ADJUST]
    assert [(one.amount, one.document) for one in adjusted] == [(0, UUID(int=200))]
    assert (lot.expires_on, lot.balance) == (later, 100_00)


@pytest.mark.edge("E39")
def test_a_lot_that_is_over_or_empty_is_not_extended(books: Books) -> None:
    over, empty = _granted(books, 100_00), _granted(books, 50_00, no=101)
    expire(books, empty, Document(UUID(int=199), AT))
    later, tomorrow = date(2026, 6, 1), DAY + timedelta(days=1)

    assert not extend(books, over, later, Document(UUID(int=200), AT, tomorrow))
    assert not extend(books, empty, later, Document(UUID(int=200), AT, DAY))
