"""Sales by the hour: every receipt counts once, however often it is looked at."""

from datetime import timedelta

from central.auditor import hour_store
from central.auditor.hour_store import KEPT, Sold
from central.centre import Centre
from shared.runtime.sqlite import reading
from tests.central.app.kit import SetClock
from tests.central.auditor.kit import audit, shop
from tests.central.journal_builder import NOON, Journal

HOUR = timedelta(hours=1)


def told(centre: Centre, first: int, last: int, store: str = "") -> dict[int, Sold]:
    """Return what was sold between two hours, counted from noon."""
    span = (NOON + first * HOUR, NOON + last * HOUR)
    with reading(centre.engine) as connection:
        found = hour_store.by_hour(connection, *span, store)
    return {(at - NOON) // HOUR: sold for at, sold in found.items()}


def test_a_receipt_counts_in_its_hour(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    """Cheese of 10 000.00 earns 3 %: 300 points; without a member nothing."""
    person, _ = journal.register()
    here = shop(centre, journal)
    here.sell(person, 10)
    clock.go(minutes=59)
    here.sell(None, 5)
    clock.go(minutes=1)
    here.sell(None, 7)
    journal.push_new()
    there = shop(centre, other)
    there.sell(None, 2)
    other.push_new()

    audit(centre)

    first, second = Sold(2, 15_000_00, 0, 300_00), Sold(1, 7_000_00)
    assert told(centre, 0, 9) == {0: first, 1: second.plus(Sold(1, 2_000_00))}
    assert told(centre, 0, 9, "101") == {0: first, 1: second}
    assert told(centre, 1, 1) == {}


def test_a_receipt_that_is_looked_at_again_counts_once(
    centre: Centre, journal: Journal, other: Journal, clock: SetClock
) -> None:
    """A sale of another store that comes late puts the later one into another light."""
    person, _ = journal.register()
    journal.push_new()
    late = shop(centre, other)
    late.sell(person, 60)
    clock.go(hours=2)
    shop(centre, journal).sell(person, 10)
    journal.push_new()
    audit(centre)
    other.push_new()

    audit(centre)
    audit(centre)

    assert told(centre, 0, 9) == {
        0: Sold(1, 60_000_00, 0, 1_800_00),
        2: Sold(1, 10_000_00, 0, 300_00),
    }


def test_hours_are_kept_for_some_weeks(centre: Centre, journal: Journal, clock: SetClock) -> None:
    here = shop(centre, journal)
    here.sell(None, 1)
    journal.push_new()
    audit(centre)
    assert told(centre, 0, 1) == {0: Sold(1, 1_000_00)}
    clock.at += KEPT + HOUR
    here.sell(None, 1)
    here.sell(None, 1, at=NOON)
    journal.push_new()

    audit(centre)

    assert told(centre, 0, 1) == {}
