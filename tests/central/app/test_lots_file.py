"""Points from a file reach the ledger once, and a file with faults names each of them."""

import pytest

from central.centre import Centre
from central.estate.rows import BadFileError
from central.lots_file import import_file
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance
from tests.central.journal_builder import Journal, make_journal

HEADING = "identifier,points,wallet,expires_on\n"
PHONE = "+79161234567"


@pytest.fixture
def journal(centre: Centre, clock: SetClock) -> Journal:
    return make_journal(centre, clock, "101")


def test_points_are_granted_once(centre: Centre, journal: Journal) -> None:
    person, _ = journal.register()
    journal.push()
    content = f"{HEADING}{PHONE},500.00,bonus,2026-12-31\n".encode()

    first, again = import_file(centre, content), import_file(centre, content)

    assert (first.granted, first.points, again.repeated) == (1, 500_00, 1)
    assert balance(centre, person.account) >= 500_00


def test_faults_are_named_by_row_and_nothing_is_granted(centre: Centre) -> None:
    lines = f"{PHONE},1.00,bonus,\n{PHONE},much,bonus,\nx,1.00,bonus,\n{PHONE},1.00,bonus,soon\n"

    with pytest.raises(BadFileError) as caught:
        import_file(centre, (HEADING + lines).encode())

    sentence = caught.value.sentence("en")
    assert "row 2: identifier: no such member" in sentence
    assert "row 3: points" in sentence
    assert "row 4: identifier" in sentence
    assert "row 5: expires_on" in sentence


def test_a_row_with_a_field_too_few_is_named(centre: Centre) -> None:
    with pytest.raises(BadFileError) as caught:
        import_file(centre, f"{HEADING}{PHONE},1.00\n".encode())

    assert "row 2" in caught.value.sentence("en")
