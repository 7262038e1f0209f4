"""Overviews: what a count finds is kept, and one that takes long is made seldom."""

from datetime import timedelta

from central.centre import Centre
from central.leases.writeoff import holdings
from central.ledger import figures
from central.overview import service as overview
from central.overview import store
from central.overview.service import EVERY, REST, Liability, Tiers
from central.overview.store import Kept
from central.packs.service import publish
from shared.runtime.sqlite import reading, transaction
from tests.builders import wine_text
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal


def test_before_the_first_count_nothing_is_told(centre: Centre) -> None:
    with reading(centre.engine) as connection:
        assert overview.liability(connection) == Liability(None)
        assert overview.tiers(connection) == Tiers(None)
        assert overview.of_stores(connection).at is None


def test_what_is_told_is_what_the_ledger_has(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    """Two members have 100 points each; one of them has bought for 60 000.00: the second level."""
    publish(centre, wine_text())
    people = [journal.register(phone=f"+7916000000{no}", welcome=100_00)[0] for no in range(2)]
    journal.sell(people[0], turnover=60_000_00)
    journal.push_new()

    assert overview.count(centre, clock.at) == 4

    with reading(centre.engine) as connection:
        found, tiers = overview.liability(connection), overview.tiers(connection)
        assert found.months == tuple(figures.liability(connection))
        stores = overview.of_stores(connection)
    assert (found.at, tiers.at, stores.at) == (clock.at,) * 3
    assert sum(points for _, points in found.months) == 200_00
    assert [(one.ru, one.members) for one in tiers.tiers or ()] == [
        ("Стартовый", 1),
        ("Серебряный", 1),
        ("Золотой", 0),
    ]
    held = [(one.store, one.lots, one.points) for one in holdings(centre)]
    assert [(code, one.lots, one.points) for code, one in stores.held.items()] == held != []


def test_a_programme_without_levels_by_all_turnover_has_none(
    centre: Centre, clock: SetClock
) -> None:
    overview.count(centre, clock.at)

    with reading(centre.engine) as connection:
        assert overview.tiers(connection) == Tiers(clock.at, None)


def test_a_count_rests_as_many_times_as_long_as_it_took(centre: Centre, clock: SetClock) -> None:
    took = timedelta(seconds=30)
    with transaction(centre.engine) as connection:
        store.keep(connection, "liability", Kept(clock.at, took, "[]"))

    def at(after: timedelta) -> int:
        return overview.count(centre, clock.at + after)

    assert at(EVERY) == 3  # the others
    assert at(2 * EVERY) == 3
    assert at(took * REST - timedelta(seconds=1)) == 3
    assert at(took * REST) == 1
    with reading(centre.engine) as connection:
        assert overview.liability(connection).at == clock.at + took * REST
