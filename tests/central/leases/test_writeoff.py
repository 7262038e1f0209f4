"""What a store that will not come back held is free again; what it tells later is debt."""

from uuid import UUID

import pytest

from central.centre import Centre
from central.leases.service import BarredError
from central.leases.writeoff import (
    LOTS_PER_TRANSACTION,
    Stranded,
    UnknownHolderError,
    holdings,
    write_off_store,
)
from shared.ledger.books import Holder
from tests.central.chain_kit import books, dump, kinds
from tests.central.journal_builder import Journal, Person
from tests.central.leases.test_epochs import begin, successor


@pytest.fixture
def anna(journal: Journal) -> tuple[Person, UUID]:
    """A member with 100 points of which store 101 holds 80."""
    person, _ = journal.register()
    lot = journal.sell(person, earn=[100_00], kept=80_00).lots[0]
    journal.push()
    return person, lot


def debt(centre: Centre, person: Person) -> int:
    return books(centre, person.account).accounts[person.account].debt


@pytest.mark.usefixtures("anna")
def test_what_a_store_holds_is_told_before_anything_is_written_off(
    centre: Centre, journal: Journal
) -> None:
    before = dump(centre)

    (held,) = holdings(centre)

    seen_at = journal.clock.now()
    holder = Holder(journal.agent, 1)
    assert held == Stranded("101", holder, 1, 80_00, present=True, reason="", seen_at=seen_at)
    assert dump(centre) == before


def test_a_lot_is_free_again_and_another_store_may_spend_it(
    centre: Centre, other: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna

    assert write_off_store(centre, "101") == (1, 80_00)

    assert books(centre, person.account).lot(lot).free == 100_00
    assert holdings(centre) == []
    assert other.ask(person.account, 100_00)[1].missing == 0


def test_a_store_that_was_written_off_gets_no_leases(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    write_off_store(centre, "101")
    with pytest.raises(BarredError):
        journal.ask(person.account, 10_00)

    journal.sell(person)
    answer = journal.push()

    assert answer.barred == "written_off"
    assert books(centre, person.account).lot(lot).free == 100_00


def test_a_debt_is_settled_from_what_becomes_free(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    clone = journal.twin()
    journal.sell(None)
    journal.push()
    clone.sell(person, spend=[(lot, 50_00)])
    clone.push()
    owed = debt(centre, person)

    write_off_store(centre, "101")

    assert owed == 30_00
    assert debt(centre, person) == 0
    assert books(centre, person.account).lot(lot).balance == 50_00


def test_a_later_give_back_gives_nothing(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    write_off_store(centre, "101")
    journal.give_back(person.account, (lot, 80_00))

    assert kinds(journal.push().outcomes)[-1] == "accepted"

    assert books(centre, person.account).lot(lot).free == 100_00


def test_a_later_spend_takes_the_free_rest_and_what_is_not_there_is_debt(
    centre: Centre, journal: Journal, other: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    write_off_store(centre, "101")
    other.ask(person.account, 70_00)
    journal.sell(person, spend=[(lot, 50_00)])

    journal.push()

    after = books(centre, person.account)
    assert after.lot(lot).free == 0
    assert debt(centre, person) == 20_00
    assert {lease.agent: lease.left for lease in after.leases_of(lot)} == {
        journal.agent: 0,
        other.agent: 70_00,
    }


@pytest.mark.usefixtures("anna")
def test_a_write_off_may_be_repeated(centre: Centre) -> None:
    write_off_store(centre, "101")
    before = dump(centre)

    assert write_off_store(centre, "101") == (0, 0)
    assert dump(centre) == before


def test_more_lots_than_one_transaction_closes_become_free(
    centre: Centre, journal: Journal
) -> None:
    person, _ = journal.register()
    count = LOTS_PER_TRANSACTION + 1
    journal.sell(person, earn=[1_00] * count, kept=1_00)
    journal.push()

    assert write_off_store(centre, "101") == (count, count * 1_00)

    assert holdings(centre) == []


def test_of_a_store_that_works_only_ended_epochs_may_be_written_off(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, _ = anna
    begin(journal)
    new = successor(journal)
    new.ask(person.account, 15_00)
    ended, present = holdings(centre)

    assert write_off_store(centre, "101", only_ended=True) == (1, 80_00)

    assert (ended.reason, ended.present, ended.points) == ("restored", False, 80_00)
    assert (present.reason, present.present, present.points) == ("", True, 15_00)
    assert holdings(centre) == [present]
    assert new.ask(person.account, 20_00)[1].missing == 0


@pytest.mark.usefixtures("journal")
def test_a_store_that_never_had_an_agent_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownHolderError):
        write_off_store(centre, "102")
