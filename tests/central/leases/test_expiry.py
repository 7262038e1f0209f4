"""Points burn once their day is over everywhere; what a store holds, when it comes back."""

from datetime import UTC, date, datetime

from central.centre import Centre
from central.estate.service import How, import_stores
from central.leases import expiry
from shared.wire.feed import LeaseRow, store_stream
from tests.central.app.kit import STORES_CSV
from tests.central.chain_kit import balance, books, dump, rows
from tests.central.journal_builder import Journal

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
