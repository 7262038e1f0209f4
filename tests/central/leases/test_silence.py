"""Stores that stay silent are written off, never most of them."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from central.centre import Centre
from central.leases import recovery, silence
from central.leases.writeoff import holdings
from tests.central.app.kit import SetClock
from tests.central.chain_kit import books, dump
from tests.central.journal_builder import Journal, Person

DAYS = 14


@pytest.fixture
def lot(journal: Journal) -> tuple[Person, UUID]:
    """A lot of 100 points of which store 101 holds 80."""
    person, _ = journal.register()
    found = journal.sell(person, earn=[100_00], kept=80_00).lots[0]
    journal.push()
    return person, found


@pytest.fixture
def patient(centre: Centre) -> Centre:
    """The centre of a chain that waits for a fortnight."""
    settings = centre.settings.model_copy(update={"write_off_after_days": DAYS})
    return replace(centre, settings=settings)


def looked(centre: Centre) -> int:
    return silence.run(centre, centre.clock.now())


def _assert_days_count_anew(centre: Centre, present: Journal, clock: SetClock) -> None:
    written_off = [_looked_for_a_day(centre, present, clock) for _ in range(DAYS + 1)]
    assert written_off[: DAYS - 1] == [0] * (DAYS - 1)
    assert sum(written_off) == 1


def _looked_for_a_day(centre: Centre, heard: Journal, clock: SetClock) -> int:
    written_off = 0
    for _ in range(24):
        clock.go(seconds=3600)
        written_off += looked(centre)
    heard.sell(None)
    heard.push()
    return written_off


def test_a_store_that_was_silent_for_longer_is_written_off(
    patient: Centre, other: Journal, clock: SetClock, lot: tuple[Person, UUID]
) -> None:
    person, held = lot
    clock.go(seconds=timedelta(days=DAYS).total_seconds())
    before = looked(patient)
    clock.go(seconds=1)
    other.sell(None)
    other.push()

    assert (before, looked(patient), looked(patient)) == (0, 1, 0)

    assert books(patient, person.account).lot(held).free == 100_00
    assert holdings(patient) == []


@pytest.mark.usefixtures("lot", "other")
def test_where_most_stores_are_silent_the_centre_was_away(patient: Centre, clock: SetClock) -> None:
    clock.go(seconds=timedelta(days=2 * DAYS).total_seconds())
    before = dump(patient)

    assert looked(patient) == 0
    assert dump(patient) == before


@pytest.mark.usefixtures("lot")
def test_after_the_centre_was_away_itself_the_days_of_a_silent_store_count_anew(
    patient: Centre, other: Journal, clock: SetClock
) -> None:
    looked(patient)
    clock.go(seconds=timedelta(days=DAYS + 1).total_seconds())
    other.sell(None)
    other.push()

    assert looked(patient) == 0
    _assert_days_count_anew(patient, other, clock)


@pytest.mark.usefixtures("lot")
def test_after_nobody_could_reach_the_centre_the_days_of_a_silent_store_count_anew(
    patient: Centre, other: Journal, clock: SetClock
) -> None:
    """The centre runs on behind a line that is down; when that is back not all come at once."""
    written_off = 0
    for _ in range(24 * DAYS + 2):
        clock.go(seconds=3600)
        written_off += looked(patient)
    other.sell(None)
    other.push()

    assert (written_off, looked(patient)) == (0, 0)
    _assert_days_count_anew(patient, other, clock)


@pytest.mark.usefixtures("lot")
def test_a_clock_that_jumps_makes_no_store_silent(
    patient: Centre, other: Journal, clock: SetClock
) -> None:
    looked(patient)
    clock.go(seconds=timedelta(days=DAYS + 1).total_seconds())
    other.sell(None)
    other.push()
    ahead = looked(patient)
    clock.go(seconds=-timedelta(days=DAYS + 1).total_seconds())

    assert (ahead, looked(patient)) == (0, 0)


@pytest.mark.usefixtures("lot")
def test_a_restored_centre_writes_nobody_off_before_it_has_heard_of_all(
    patient: Centre, other: Journal, clock: SetClock
) -> None:
    clock.go(seconds=timedelta(days=2 * DAYS).total_seconds())
    restored = replace(patient, incarnation=recovery.begin(patient))
    other.centre = restored
    other.sell(None)
    other.push()

    assert looked(restored) == 0


@pytest.mark.usefixtures("lot")
def test_unless_the_chain_says_so_only_a_person_writes_off(
    centre: Centre, other: Journal, clock: SetClock
) -> None:
    clock.go(seconds=timedelta(days=365).total_seconds())
    other.sell(None)
    other.push()

    assert looked(centre) == 0
