"""`kopilka agent restore`: a folder from a backup spends no lease and prints no original twice."""

import pytest
from typer.testing import CliRunner, Result

from agent import epochs
from agent import identity as identities
from agent.cli import app
from agent.printing import service as printing
from agent.printing import store as spool
from agent.printing.store import JobState
from shared.runtime.sqlite import transaction
from tests.agent.kit import lot_seen, sell
from tests.builders import Person, PersonLot, Shop, basket


@pytest.fixture
def backup(shop: Shop) -> Shop:
    """A store with one slip in the spool and another half sent."""
    identities.save(shop.station.data_dir, shop.station.identity)
    sell(shop, basket(shop))
    sell(shop, basket(shop))
    with transaction(shop.station.journal) as connection:
        spool.mark_sending(connection, 1)
    return shop


def restore(shop: Shop) -> Result:
    return CliRunner().invoke(app, ["--data-dir", str(shop.station.data_dir), "restore"])


def states(shop: Shop) -> dict[str, int]:
    return printing.queued(shop.station)


def test_a_restored_folder_spends_no_lease_when_the_agent_starts(backup: Shop) -> None:
    lot = PersonLot(50_000, leased=50_000)
    anna = Person(lot)
    backup.member(anna)

    done = restore(backup)
    backup.restart()

    assert done.exit_code == 0
    assert backup.station.barred == epochs.RESTORED
    assert lot_seen(backup, anna, lot).here == 0


def test_slips_of_the_backup_are_not_printed_by_themselves(backup: Shop) -> None:
    restore(backup)

    assert states(backup) == {JobState.UNCERTAIN.value: 2}


def test_it_says_in_both_languages_what_will_happen_and_may_be_repeated(backup: Shop) -> None:
    first, again = restore(backup), restore(backup)

    assert "Эпоха 1 закрыта" in first.stdout
    assert "Слипы под вопросом: 2" in first.stdout
    assert "Epoch 1 is barred" in first.stdout
    assert "Slips in question: 2" in first.stdout
    assert (again.exit_code, "Slips in question: 0" in again.stdout) == (0, True)


def test_a_folder_that_has_an_agent_is_not_enrolled_again(backup: Shop) -> None:
    words = ["--data-dir", str(backup.station.data_dir), "enrol", "--code", "ABCDEFGH"]

    answer = CliRunner().invoke(app, words)

    assert answer.exit_code == 1
    assert "переименуйте папку" in answer.stderr
    assert str(backup.station.data_dir) in answer.stderr


def test_a_folder_without_an_identity_is_refused(shop: Shop) -> None:
    answer = restore(shop)

    assert answer.exit_code == 1
    assert "kopilka agent enrol" in answer.stderr
