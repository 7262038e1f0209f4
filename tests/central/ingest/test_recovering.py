"""After a restore, what a person gets once is where the former life of the centre had given it."""

from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from central.centre import Centre
from central.ingest import recovering
from central.leases import recovery
from shared.wire.facts import FactKind, HeldLease, LeasesReported
from tests.central.chain_kit import balance, books, kinds
from tests.central.journal_builder import Journal, Person, Sold

GIFT = 300_00


@dataclass
class Twins:
    """Two members of one phone: the former life had given it to Anna, this one hears of Boris
    first."""

    anna: Person
    boris: Person
    lot: UUID
    sold: Sold
    """What Anna bought, as the journal of her store has it; it is not sent yet."""


@pytest.fixture
def twins(centre: Centre, journal: Journal, other: Journal) -> Twins:
    anna, _ = journal.register(name="Анна Петрова")
    boris, _ = other.register(name="Борис Сидоров")
    journal.push()
    other.push()
    restored = replace(centre, incarnation=recovery.begin(centre))
    journal.centre = other.centre = restored
    welcome(other, boris)
    assert kinds(other.push(2).outcomes) == ["accepted"]
    report(other)
    return Twins(anna, boris, journal.welcome(anna), welcome(journal, anna))


def welcome(journal: Journal, person: Person) -> Sold:
    lots = [journal.welcome(person)]
    return journal.sell(person, earn=[GIFT], kept=0, kind="welcome", lots=lots)


def report(journal: Journal, *held: HeldLease) -> None:
    body = LeasesReported(journal.centre.incarnation, held, 0, journal.clock.now())
    journal.append(FactKind.LEASES_REPORTED, body)
    journal.push()


def recover(journal: Journal) -> None:
    recovering.run(journal.centre, journal.clock.now())
    assert recovery.look(journal.centre) is None


def left(centre: Centre, twins: Twins) -> int:
    account = books(centre, twins.anna.account)
    return sum(lease.left for lease in account.leases_of(twins.lot))


def owed(centre: Centre, person: Person) -> int:
    return books(centre, person.account).accounts[person.account].debt


def test_what_a_store_has_drawn_was_given_to_that_account(
    centre: Centre, journal: Journal, twins: Twins
) -> None:
    journal.sell(twins.anna, spend=[(twins.lot, 120_00)])
    outcomes = journal.push().outcomes[-2:]
    assert [(one.kind, one.reason) for one in outcomes] == [
        ("adjusted", "granted_before"),
        ("quarantined", "unknown_lot"),
    ]
    report(journal, HeldLease(twins.lot, twins.anna.account, 200_00))

    recover(journal)

    assert kinds(journal.push().outcomes)[-2:] == ["accepted", "accepted"]
    assert (balance(centre, twins.anna.account), left(centre, twins)) == (180_00, 80_00)
    assert balance(centre, twins.boris.account) == 0
    assert (owed(centre, twins.anna), owed(centre, twins.boris)) == (0, 0)
    welcome(journal, twins.boris)
    assert journal.push().outcomes[-1].reason == "granted_before"


def test_what_a_store_only_holds_was_given_to_that_account(
    centre: Centre, journal: Journal, twins: Twins
) -> None:
    journal.push()
    report(journal, HeldLease(twins.lot, twins.anna.account, 200_00))

    recover(journal)

    assert (balance(centre, twins.anna.account), left(centre, twins)) == (GIFT, 200_00)
    assert balance(centre, twins.boris.account) == 0


def test_what_nobody_was_leased_stays_with_whom_this_life_has_heard_of_first(
    centre: Centre, journal: Journal, twins: Twins
) -> None:
    journal.push()
    report(journal)

    recover(journal)

    assert (balance(centre, twins.anna.account), balance(centre, twins.boris.account)) == (0, GIFT)


def test_what_a_store_has_only_activated_nobody_was_leased(
    centre: Centre, journal: Journal, twins: Twins
) -> None:
    """A store activates a gift that it has granted itself before any centre has heard of it."""
    journal.activate(twins.anna.account, twins.lot)
    assert journal.push().outcomes[-1].reason == "unknown_lot"
    report(journal)

    recover(journal)

    assert (balance(centre, twins.anna.account), balance(centre, twins.boris.account)) == (0, GIFT)


def test_what_a_void_has_taken_from_the_first_is_the_others_again(
    centre: Centre, journal: Journal, other: Journal, twins: Twins
) -> None:
    """The store gives its lease back with the void: that it had one tells whose it was."""
    journal.void(twins.sold, given=[(twins.lot, 50_00)])
    assert kinds(journal.push().outcomes)[-1] == "quarantined"
    report(journal)

    recover(journal)

    assert (balance(centre, twins.anna.account), balance(centre, twins.boris.account)) == (0, GIFT)
    welcome(other, twins.boris)
    assert other.push().outcomes[-1].reason == "granted_before"


def test_nothing_moves_while_a_report_is_waited_for(
    centre: Centre, journal: Journal, twins: Twins
) -> None:
    journal.sell(twins.anna, spend=[(twins.lot, 120_00)])
    journal.push()

    recovering.run(journal.centre, journal.clock.now())

    assert balance(centre, twins.boris.account) == GIFT
    assert recovery.look(journal.centre) is not None
