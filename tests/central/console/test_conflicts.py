"""Conflicts at the console: each is a page that a person can read, with what can be done about it
and nothing else."""

import pytest
from fastapi.testclient import TestClient
from msgspec.structs import replace

from central.app import create_app, full_stages
from central.centre import Centre
from central.conflicts.values import ConflictKind
from central.people.roles import Role
from shared.wire.facts import seal
from tests.central.chain_kit import centre, clock, conflicts, journal
from tests.central.ingest.test_poison import POISONS, _earned
from tests.central.journal_builder import Journal
from tests.central.people.kit import Browser, Staff

__all__ = ["centre", "clock", "journal"]


@pytest.fixture
def vera(centre: Centre, staff: Staff) -> Browser:
    """Somebody of support who is signed in."""
    app = TestClient(create_app(centre, full_stages()))
    return Browser(app, staff, staff.add("vera", Role.SUPPORT))


@pytest.mark.parametrize("poison", ["unknown kind", "kind with a nul", "a deep body"])
def test_whatever_is_set_aside_can_be_read(
    centre: Centre, journal: Journal, vera: Browser, poison: str
) -> None:
    """Also a kind of fact that a later version has made up."""
    person, sold = _earned(journal)
    journal.sell(person, spend=[(sold.lots[0], 30_00)])
    change, _ = POISONS[poison]
    journal.facts[-1] = seal(change(journal, journal.facts[-1]))
    journal.push()
    (found,) = (one for one in conflicts(centre) if one.kind is ConflictKind.QUARANTINED)

    assert vera.get("/console/conflicts").status_code == 200
    assert vera.get(f"/console/conflicts/{found.id}").status_code == 200


def test_what_is_damaged_can_be_ended_and_not_undone(
    centre: Centre, journal: Journal, vera: Browser
) -> None:
    journal.sell(None)
    journal.facts[-1] = replace(journal.facts[-1], body=b"?")
    journal.push()
    (found,) = conflicts(centre)
    assert found.kind is ConflictKind.DAMAGED

    page = vera.get(f"/console/conflicts/{found.id}").text

    assert f"/console/conflicts/{found.id}/correct" in page
    assert f"/console/conflicts/{found.id}/undo" not in page
