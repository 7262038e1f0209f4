"""What offline redemption can cost at most is told in points and rubles, from the database."""

from datetime import timedelta
from uuid import UUID

import pytest

from central.centre import Centre
from central.feed import service as feed
from central.leases import recovery
from central.leases.risk import SILENT_AFTER, Held, Programme, risk
from central.packs.service import publish
from central.passes.service import PassOrder, Renewal, issue
from shared.runtime.sqlite import transaction
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.chain_kit import dump
from tests.central.journal_builder import Journal

LIMIT = """policies:
  offline_redemption: limit
  offline_receipt_points: 200.00
  offline_member_points: 300.00
  offline_store_points: 450.00
"""
TWO_ROUBLES = ("point_value: 1.00", "point_value: 2.00")


def limited(centre: Centre) -> None:
    publish(centre, wine_text().replace("policies:\n", LIMIT).replace(*TWO_ROUBLES))


def only(centre: Centre) -> Programme:
    (programme,) = risk(centre).programmes
    return programme


@pytest.fixture
def anna(journal: Journal) -> UUID:
    """A member with 100 points of which store 101 holds 80; it was heard just now."""
    person, _ = journal.register()
    journal.sell(person, earn=[100_00], kept=80_00)
    journal.push()
    return person.account


@pytest.mark.usefixtures("anna", "other")
def test_the_limit_is_stores_times_members_or_the_stores_cap(centre: Centre) -> None:
    """102 is silent. One member may have 300.00 there, two stores 600.00; nobody else is known,
    so that is also what all may have. A point is worth two rubles."""
    limited(centre)

    found = only(centre)

    assert (found.stores, found.silent) == (("101", "102"), ("102",))
    assert (found.of_member(1), found.of_member(2)) == (300_00, 600_00)
    assert (found.of_all(1), found.of_all(2)) == (300_00, 600_00)
    assert found.rubles(found.of_all(2)) == 1200_00


@pytest.mark.usefixtures("anna", "other")
def test_many_members_are_held_by_the_stores_cap(centre: Centre, journal: Journal) -> None:
    limited(centre)
    for no in (1, 2):
        journal.register(name=f"Борис {no}", phone=f"+7916000001{no}")
    journal.push()

    assert only(centre).of_all(2) == 2 * 450_00


@pytest.mark.usefixtures("anna", "other")
def test_balances_count_up_to_the_cap(centre: Centre, journal: Journal) -> None:
    """Anna has 100.00; Boris has 500.00, of which 300.00 count; who has nothing counts nothing."""
    limited(centre)
    boris, _ = journal.register(name="Борис", phone="+79160000011")
    journal.sell(boris, earn=[500_00])
    journal.register(name="Вера", phone="+79160000012")
    journal.push()

    has = only(centre).balances

    assert (has.accounts, has.members, has.points, has.capped) == (3, 2, 600_00, 400_00)


@pytest.mark.usefixtures("anna")
def test_a_store_that_falls_silent_may_be_written_off_at_what_it_holds(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    limited(centre)
    (heard,) = risk(centre).held
    clock.go(seconds=SILENT_AFTER.total_seconds() + 1)
    (silent,) = risk(centre).held

    seen_at = heard.seen_at
    what = {"points": 80_00, "points_minor": 160_00, "certificates_minor": 0, "uses": 0}
    assert heard == Held("101", 1, seen_at, is_silent=False, lots=1, is_present=True, **what)
    assert silent == Held("101", 1, seen_at, is_silent=True, lots=1, is_present=True, **what)
    assert only(centre).silent == (journal.store,)


@pytest.mark.usefixtures("anna")
def test_looking_changes_nothing(centre: Centre) -> None:
    limited(centre)
    before = dump(centre)

    risk(centre)

    assert dump(centre) == before


@pytest.mark.usefixtures("anna")
def test_a_pack_that_is_not_in_force_yet_is_no_programme(centre: Centre) -> None:
    publish(centre, wine_text())
    later = wine_text().replace("policies:\n", LIMIT).replace("2026-01-01T", "2027-01-01T")
    publish(centre, later.replace("\nversion: 1", "\nversion: 2"))

    assert only(centre).pack.policies.offline_redemption == "lease"


def test_a_former_programme_costs_in_a_store_that_was_not_heard_since(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    """It has heard of two limits, of which the second counts in the evening, and of no more."""
    limited(centre)
    later = wine_text().replace("policies:\n", LIMIT).replace("\nversion: 1", "\nversion: 2")
    publish(centre, later.replace("2026-01-01T00:00", "2026-03-01T18:00"))
    for one in (journal, other):
        one.sell(None)
        one.push()
    clock.go(hours=1)
    without = wine_text().replace("2026-01-01T00:00", "2026-03-02T00:00")
    publish(centre, without.replace("\nversion: 1", "\nversion: 3"))
    clock.go(days=1)
    journal.sell(None)
    journal.push_new()
    clock.go(seconds=1)

    found = {one.pack.version: one for one in risk(centre).programmes}

    assert {no: one.stores for no, one in found.items()} == {
        1: ("102",),
        2: ("102",),
        3: ("101", "102"),
    }
    assert found[2].silent == ("102",)


PASSES = """policies:
  offline_redemption: signed_pass
  offline_pass_points: 50.00
  offline_pass_days: 7
"""


def passing(centre: Centre) -> None:
    publish(centre, wine_text().replace("policies:\n", PASSES).replace(*TWO_ROUBLES))


def restore(centre: Centre) -> None:
    """Let the centre, which has had one life, begin another."""
    with transaction(centre.engine) as connection:
        feed.name_incarnation(connection, centre.incarnation)
    recovery.begin(centre)


def pass_for(centre: Centre, account: UUID, points: int) -> None:
    issue(centre, PassOrder(account, "Ольга", points), centre.clock.now())


@pytest.mark.usefixtures("other")
def test_passes_cost_their_points_in_every_store(
    centre: Centre, anna: UUID, journal: Journal
) -> None:
    """102 is silent. By Anna's pass of 50.00 and Boris's of 30.00 it may redeem 80.00 at two rubles
    each, both stores 160.00; one member 50.00 in a store."""
    passing(centre)
    boris, _ = journal.register(name="Борис", phone="+79160000011")
    journal.sell(boris, earn=[30_00])
    journal.push()
    pass_for(centre, anna, 50_00)
    pass_for(centre, boris.account, 30_00)

    found = only(centre)

    assert found.silent == ("102",)
    assert [found.by_passes(some) for some in (found.silent, found.stores)] == [80_00, 160_00]
    assert found.of_member_by_passes(found.stores) == 100_00
    assert found.rubles(found.by_passes(found.stores)) == 320_00


@pytest.mark.usefixtures("other")
def test_a_pass_that_is_over_costs_where_nobody_was_heard_of_since(
    centre: Centre, anna: UUID, journal: Journal, clock: SetClock
) -> None:
    """After a week 101 is heard again: it cannot redeem by the pass any more, and has told what it
    had. 102 may not have told."""
    passing(centre)
    pass_for(centre, anna, 50_00)
    clock.go(days=7, minutes=2)
    journal.sell(None)
    journal.push()

    found = only(centre)

    assert found.silent == ("102",)
    assert (found.by_passes(["101"]), found.by_passes(["102"])) == (0, 50_00)


@pytest.mark.usefixtures("other")
def test_a_pass_that_was_replaced_costs_beside_the_new_one(centre: Centre, anna: UUID) -> None:
    passing(centre)
    pass_for(centre, anna, 20_00)
    again = PassOrder(anna, "Ольга", 30_00, Renewal.REPLACE)
    issue(centre, again, centre.clock.now())

    assert only(centre).of_member_by_passes(["102"]) == 50_00


@pytest.mark.usefixtures("anna", "other")
def test_passes_that_a_restored_centre_does_not_know_cost_one_a_member_and_store(
    centre: Centre, anna: UUID, clock: SetClock
) -> None:
    """Beside Anna's known one of 20.00 each of the two members may have one of 50.00."""
    passing(centre)
    pass_for(centre, anna, 20_00)
    before = only(centre)
    restore(centre)

    found = only(centre)

    assert before.forgotten is None
    assert before.by_passes(["102"]) == 20_00
    members = found.balances.accounts
    assert found.by_passes(["102"]) == 20_00 + members * 50_00
    assert found.of_member_by_passes(["102"]) == 20_00 + 50_00
    assert found.forgotten is not None
    assert found.forgotten.until == clock.now() + timedelta(days=7)


@pytest.mark.usefixtures("anna", "other")
def test_what_a_restored_centre_does_not_know_is_over_where_a_store_was_heard_since(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    passing(centre)
    restore(centre)
    clock.go(days=7, minutes=2)
    journal.sell(None)
    journal.push()

    found = only(centre)

    assert found.by_passes(["101"]) == 0
    assert found.by_passes(["102"]) == found.balances.accounts * 50_00 > 0


@pytest.mark.usefixtures("anna", "other")
def test_a_restored_centre_without_passes_has_forgotten_none(centre: Centre) -> None:
    limited(centre)
    restore(centre)

    assert only(centre).forgotten is None
