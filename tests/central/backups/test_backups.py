"""A backup counts once it is confirmed, for what the centre had when it was begun."""

from dataclasses import replace

import pytest

from central.agents.service import AgentIdentity
from central.backups import service as backups
from central.backups.service import UnknownBackupError
from central.centre import Centre
from central.leases import recovery
from central.measures import service as measures
from shared.runtime.sqlite import reading
from shared.wire.agents import BackedUp
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal

NUMBER_OF_NOON = 20260301120000


def told(centre: Centre, journal: Journal) -> tuple[BackedUp, ...]:
    """What a session tells the agent of a journal."""
    with reading(centre.engine) as connection:
        identity = AgentIdentity(journal.agent, journal.epoch, journal.store)
        return backups.backed_up(connection, identity)


def begin(centre: Centre) -> int:
    return backups.begin(centre, centre.clock.now())


def confirm(centre: Centre, number: int) -> None:
    backups.confirm(centre, number, centre.clock.now())


def place(journal: Journal) -> BackedUp:
    """The end of a journal."""
    last = journal.facts[-1]
    return BackedUp(journal.epoch, last.seq, last.hash)


def sell(journal: Journal) -> None:
    journal.sell(None)
    journal.push(1)


def test_what_is_only_begun_holds_nothing(centre: Centre, journal: Journal) -> None:
    sell(journal)

    begin(centre)

    assert told(centre, journal) == ()


def test_a_confirmed_backup_holds_what_was_there_when_it_was_begun(
    centre: Centre, journal: Journal, other: Journal
) -> None:
    sell(journal)
    number, there = begin(centre), place(journal)
    sell(journal)
    sell(other)

    confirm(centre, number)

    assert told(centre, journal) == (there,)
    assert told(centre, other) == ()


def test_every_epoch_of_an_agent_is_told(centre: Centre, journal: Journal) -> None:
    sell(journal)
    former = place(journal)
    number = begin(centre)
    confirm(centre, number)

    later = replace(journal, epoch=2)

    assert told(centre, later) == (former,)


def test_the_newest_confirmed_one_counts_in_whatever_order_they_are_confirmed(
    centre: Centre, journal: Journal
) -> None:
    sell(journal)
    first = begin(centre)
    sell(journal)
    second, there = begin(centre), place(journal)
    confirm(centre, second)

    confirm(centre, first)

    assert told(centre, journal) == (there,)


def test_confirming_again_changes_nothing(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    sell(journal)
    number = begin(centre)
    confirm(centre, number)
    before = backups.list_newest(centre)
    clock.go(hours=1)

    confirm(centre, number)

    assert backups.list_newest(centre) == before


def test_two_that_begin_in_one_second_have_two_numbers(centre: Centre) -> None:
    assert [begin(centre), begin(centre)] == [NUMBER_OF_NOON, NUMBER_OF_NOON + 1]


def test_a_number_that_nobody_began_is_refused(centre: Centre) -> None:
    with pytest.raises(UnknownBackupError):
        confirm(centre, NUMBER_OF_NOON)


def test_what_was_begun_before_a_restore_is_not_confirmed_after_it(
    centre: Centre, journal: Journal
) -> None:
    sell(journal)
    number = begin(centre)
    restored = replace(centre, incarnation=recovery.begin(centre))

    with pytest.raises(UnknownBackupError):
        confirm(restored, number)

    assert told(restored, journal) == ()


def test_the_age_of_the_last_backup_is_measured(centre: Centre, clock: SetClock) -> None:
    name = b"\nkopilka_central_backup_age_seconds "
    assert name not in measures.metrics(centre, clock.now())
    number = begin(centre)
    clock.go(hours=2)
    confirm(centre, number)

    assert name + b"7200" in measures.metrics(centre, clock.now())
