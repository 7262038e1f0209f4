"""A restored centre leases nothing until it knows again what its stores hold."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace as changed

from central.centre import Centre
from central.ingest.service import CentreRestoredError
from central.leases import expiry, recovery
from shared.wire.facts import Fact, FactKind, HeldLease, LeasesReported
from tests.central.chain_kit import books
from tests.central.journal_builder import Journal, Person

LAST = date(2026, 3, 31)
AFTER = datetime(2026, 4, 2, tzinfo=UTC)


@pytest.fixture
def anna(journal: Journal) -> tuple[Person, UUID]:
    """A member with 100 points of which store 101 holds 80."""
    person, _ = journal.register()
    lot = journal.sell(person, earn=[100_00], kept=80_00, expires_on=LAST).lots[0]
    journal.push()
    return person, lot


def restore(centre: Centre, *journals: Journal) -> Centre:
    """Begin another life of the centre."""
    restored = replace(centre, incarnation=recovery.begin(centre))
    for journal in journals:
        journal.centre = restored
    return restored


def part_of_report(
    journal: Journal, *held: tuple[UUID, UUID, int], parts_left: int = 0, life: UUID | None = None
) -> Fact:
    leases = tuple(HeldLease(*one) for one in held)
    life = life or journal.centre.incarnation
    body = LeasesReported(life, leases, parts_left, journal.clock.now())
    return journal.append(FactKind.LEASES_REPORTED, body)


def report(
    journal: Journal, *held: tuple[UUID, UUID, int], parts_left: int = 0, life: UUID | None = None
) -> Fact:
    fact = part_of_report(journal, *held, parts_left=parts_left, life=life)
    journal.push()
    return fact


def run(centre: Centre) -> int:
    return recovery.run(centre, centre.clock.now())


def left(centre: Centre, person: Person) -> dict[UUID, int]:
    return {lease.agent: lease.left for lease in books(centre, person.account).leases.values()}


def test_a_centre_that_was_not_restored_recovers_nothing(centre: Centre) -> None:
    assert recovery.look(centre) is None
    assert run(centre) == 0


def test_every_restore_begins_another_life(centre: Centre) -> None:
    lives = {centre.incarnation, recovery.begin(centre), recovery.begin(centre)}

    assert len(lives) == 3


def test_a_batch_for_the_former_life_is_not_taken(centre: Centre, journal: Journal) -> None:
    journal.sell(None)
    old = changed(journal.batch(), incarnation=centre.incarnation)
    restored = restore(centre, journal)

    with pytest.raises(CentreRestoredError):
        journal.send(old)
    taken = journal.send(changed(old, incarnation=restored.incarnation))
    assert taken.incarnation == restored.incarnation


def test_asks_are_given_nothing_until_all_have_reported(
    centre: Centre, journal: Journal, other: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal, other)
    _, at_first = other.ask(person.account, 10_00)
    report(journal, (lot, person.account, 80_00))
    still = run(restored)
    _, after_one = other.ask(person.account, 10_00)
    report(other)
    run(restored)

    _, at_last = other.ask(person.account, 10_00)

    assert [answer.missing for answer in (at_first, after_one, at_last)] == [10_00, 10_00, 0]
    assert still == 0
    assert recovery.look(restored) is None


def test_neither_sizing_nor_expiry_touches_the_free_rest_meanwhile(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    journal.sell(person, earn=[50_00], kept=0)
    journal.push()

    burnt = expiry.run(restored, AFTER)

    found = books(restored, person.account)
    assert burnt == 0
    assert found.lot(lot).free == 20_00
    assert sorted(one.free for one in found.lots_of(person.account)) == [20_00, 50_00]

    report(journal, (lot, person.account, 80_00))
    run(restored)
    assert expiry.run(restored, AFTER) == 20_00


def test_what_was_leased_after_the_backup_is_leased_again(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 95_00))

    assert run(restored) == 1

    assert left(restored, person) == {journal.agent: 95_00}
    assert books(restored, person.account).lot(lot).free == 5_00


def test_a_report_of_less_takes_nothing_from_a_lease(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 30_00))
    run(restored)

    assert left(restored, person) == {journal.agent: 80_00}


def test_of_a_lease_that_is_short_only_the_free_rest_is_leased_again(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 130_00))
    run(restored)
    journal.sell(person, spend=[(lot, 130_00)])

    journal.push()

    after = books(restored, person.account)
    assert after.accounts[person.account].debt == 30_00
    assert sum(one.balance for one in after.lots_of(person.account)) == 0


def test_a_lot_that_the_backup_lacks_or_that_is_anothers_is_passed_over(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (UUID(int=4), person.account, 10_00), (lot, UUID(int=5), 90_00))

    assert run(restored) == 2
    assert left(restored, person) == {journal.agent: 80_00}


def test_a_report_in_parts_counts_once_its_last_part_is_here(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 90_00), parts_left=1)
    early = run(restored), recovery.look(restored)
    report(journal)

    assert early == (0, recovery.Recovery(("101",), 0, 20_00))
    assert run(restored) == 1


@pytest.mark.parametrize("part", [0, 1, 2], ids=["first", "middle", "last"])
@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "at once"])
@pytest.mark.parametrize("damage", [{"body": b"?"}, {"kind": "leases.repor"}], ids=["body", "kind"])
def test_a_report_of_which_a_part_is_damaged_counts_when_that_comes_whole(
    centre: Centre,
    journal: Journal,
    anna: tuple[Person, UUID],
    part: int,
    damage: dict[str, object],
    *,
    at_once: bool,
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    held = (lot, person.account, 95_00)
    parts = [part_of_report(journal, held, parts_left=left) for left in (2, 1, 0)]
    journal.rewrite(parts[part].seq, **damage)
    if at_once:
        journal.push()
    else:
        for one in parts:
            journal.push(one.seq, one.seq)

    early = run(restored), recovery.look(restored)
    journal.facts[parts[part].seq - 1] = parts[part]
    journal.push()

    assert early == (0, recovery.Recovery(("101",), 0, 20_00))
    assert run(restored) == 1
    assert left(restored, person) == {journal.agent: 95_00}


def test_a_damaged_sale_before_a_report_does_not_hold_it_up(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    journal.sell(person)
    journal.rewrite(3, body=b"?")
    report(journal, (lot, person.account, 95_00))

    assert run(restored) == 1


def test_what_might_have_been_a_part_of_a_report_and_was_none_ends_it_when_it_comes_whole(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    whole = journal.sell(person).fact
    journal.rewrite(3, kind="receipt.committee")
    report(journal, (lot, person.account, 95_00))
    early = run(restored)
    journal.facts[2] = whole

    journal.push(3, 3)

    assert (early, run(restored)) == (0, 1)


def test_a_report_to_another_life_is_none(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 90_00), life=centre.incarnation)

    run(restored)

    assert recovery.look(restored) == recovery.Recovery(("101",), 0, 20_00)


def test_accepting_the_risk_waits_for_nobody(
    centre: Centre, journal: Journal, other: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal, other)
    report(journal, (lot, person.account, 90_00))
    risk = recovery.look(restored)

    accepted = recovery.accept(restored)
    run(restored)

    assert risk == recovery.Recovery(("102",), 1, 20_00)
    assert accepted == 1
    assert left(restored, person) == {journal.agent: 90_00}
    assert other.ask(person.account, 10_00)[1].missing == 0


def test_a_take_over_that_was_interrupted_goes_on(
    centre: Centre, journal: Journal, anna: tuple[Person, UUID]
) -> None:
    person, lot = anna
    restored = restore(centre, journal)
    report(journal, (lot, person.account, 90_00))
    recovery._take_over(restored)  # and the process ends
    waiting = recovery.look(restored)

    assert run(restored) == 0

    assert waiting is not None
    assert recovery.look(restored) is None
    assert left(restored, person) == {journal.agent: 90_00}
