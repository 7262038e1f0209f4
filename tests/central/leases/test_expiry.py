"""Points burn once their day is over everywhere; what a store holds, when it comes back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from central.centre import Centre
from central.conflicts.service import Word
from central.conflicts.values import Ending
from central.estate.service import How, import_stores
from central.leases import expiry
from central.leases.writeoff import write_off_store
from central.ledger import service as ledger
from central.settling.service import correct, undo
from shared.ledger.entries import EntryKind
from shared.runtime.sqlite import reading
from shared.wire.facts import FactKind, decode_envelope
from shared.wire.feed import store_stream
from shared.wire.rows import LeaseRow
from tests.central.app.kit import STORES_CSV, SetClock
from tests.central.chain_kit import balance, books, conflicts, dump, rows
from tests.central.journal_builder import Journal

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LAST = date(2026, 3, 31)
KALININGRAD = "103,К,К,kgd,Europe/Kaliningrad,К,7701234567,1\n"


def test_a_lot_lives_until_its_day_is_over_in_the_westernmost_store(
    centre: Centre, journal: Journal
) -> None:
    import_stores(centre, (STORES_CSV + KALININGRAD).encode(), How.APPLY)
    person, _ = journal.register()
    journal.sell(person, earn=[100_00], kept=0, expires_on=LAST)
    journal.push()

    expiry.run(centre, datetime(2026, 3, 31, 21, 30, tzinfo=UTC))
    assert balance(centre, person.account) == 100_00

    expiry.run(centre, datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    assert balance(centre, person.account) == 60_00


@pytest.mark.edge("E31")
def test_what_a_store_holds_burns_when_it_comes_back(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00], kept=80_00, expires_on=LAST)
    journal.push()

    assert expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC)) == 20_00
    (row,) = [r for r in rows(centre, store_stream("101")).values() if isinstance(r, LeaseRow)]
    assert row.wanted_back == 80_00

    journal.give_back(person.account, (sold.lots[0], 80_00))
    journal.push()
    assert expiry.run(centre, datetime(2026, 4, 3, tzinfo=UTC)) == 80_00
    assert books(centre, person.account).lots == {}


def test_the_same_run_again_changes_nothing(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    sold = journal.sell(person, earn=[100_00, 50_00], kept=0, expires_on=LAST)
    journal.push()
    at = datetime(2026, 4, 2, tzinfo=UTC)
    expiry.run(centre, at)
    before = dump(centre)

    assert expiry.run(centre, at) == 0
    assert dump(centre) == before

    journal.give_back(person.account, (sold.lots[0], 10_00))
    journal.push()
    assert expiry.run(centre, at) == 0
    assert expiry.run(centre, datetime(2026, 4, 3, tzinfo=UTC)) == 10_00


def test_more_lots_than_one_transaction_takes_all_burn(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    for _ in range(6):
        journal.sell(person, earn=[1_00] * 50, kept=0, expires_on=LAST)
    journal.push()

    assert expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC)) == 300 * 40
    assert balance(centre, person.account) == 300 * 60


def test_a_centre_without_lots_burns_nothing(centre: Centre) -> None:
    assert expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC)) == 0


@pytest.mark.edge("E32")
def test_points_spent_offline_on_their_last_day_are_no_debt_though_they_burnt_meanwhile(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    """The store is cut off, written off, and comes back: its sale was of the last day."""
    person, _ = journal.register()
    born = journal.sell(person, earn=[100_00], kept=80_00, expires_on=LAST)
    journal.push()
    clock.at = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
    journal.sell(person, spend=[(born.lots[0], 30_00)])
    write_off_store(centre, "101")
    expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC))
    assert balance(centre, person.account) == 0

    journal.push_new()

    found = books(centre, person.account)
    assert found.accounts[person.account].debt == 0
    with reading(centre.engine) as connection:
        moved = ledger.moved_by_kind(connection, LONG_AGO, datetime(2027, 1, 1, tzinfo=UTC))
    assert moved["purchase"] == {
        EntryKind.GRANT: 100_00,
        EntryKind.EXPIRE: -100_00,
        EntryKind.RESTORE: 30_00,
        EntryKind.REDEEM: -30_00,
    }


@pytest.mark.parametrize(("late", "debt"), [(0, 0), (1, 30_00)])
def test_points_that_a_person_says_were_spent_are_no_debt_if_that_was_on_their_last_day(
    centre: Centre, journal: Journal, clock: SetClock, late: int, debt: int
) -> None:
    """Nobody can read the sale of a store that was written off; its stamp tells the day."""
    person, _ = journal.register()
    born = journal.sell(person, earn=[100_00], kept=80_00, expires_on=LAST)
    journal.push()
    clock.at = datetime(2026, 3, 31, 20, 59, tzinfo=UTC) + timedelta(days=late)
    spent = journal.sell(person, spend=[(born.lots[0], 30_00)])
    journal.facts.pop()
    journal.append(FactKind.RECEIPT_COMMITTED, b"\xc1", decode_envelope(spent.fact.envelope))
    write_off_store(centre, "101")
    expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC))
    journal.push_new()

    correct(centre, conflicts(centre)[-1].id, Word("Ольга", "чек нашёлся"), Ending.SPENT)

    found = books(centre, person.account)
    assert (found.accounts[person.account].debt, balance(centre, person.account)) == (debt, 0)


def test_what_a_count_lacks_before_a_spend_of_the_last_day_is_no_debt_either(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    person, _ = journal.register()
    born = journal.sell(person, earn=[100_00], kept=80_00, expires_on=LAST)
    journal.push()
    clock.at = datetime(2026, 3, 31, 20, 59, tzinfo=UTC)
    journal.gone[born.lots[0]] = 10_00
    journal.sell(person, spend=[(born.lots[0], 30_00)])
    write_off_store(centre, "101")
    expiry.run(centre, datetime(2026, 4, 2, tzinfo=UTC))
    journal.push_new()

    undo(centre, conflicts(centre)[-1].id, Word("Ольга", "чек нашёлся"))

    found = books(centre, person.account)
    assert (found.accounts[person.account].debt, balance(centre, person.account)) == (0, 0)
