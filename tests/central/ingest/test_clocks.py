"""A clock that is wrong by hours or days, either way: sales go on, it is told, and what was granted
by it has its dates in the customer's favour."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from central.agents import store as agents
from central.agents.store import Session
from central.centre import Centre
from central.conflicts.values import ConflictKind
from shared.crypto.sessions import SESSION_TTL_S
from shared.member import DayCount
from shared.runtime.sqlite import transaction
from tests.central.app.kit import SetClock
from tests.central.chain_kit import books, conflicts, kinds
from tests.central.ingest.test_voids import history, with_uses
from tests.central.journal_builder import NOON, Journal, Person

DAY = timedelta(days=1)


@pytest.fixture
def anna(journal: Journal) -> Person:
    person, _ = journal.register()
    journal.push()
    return person


def contact(centre: Centre, journal: Journal) -> None:
    """Let the store tell where its journal ends, as it does when it opens a session."""
    at = centre.clock.now()
    expires_at = at + timedelta(seconds=SESSION_TTL_S)
    session = Session(journal.new_id(), journal.agent, journal.epoch, b"k" * 32, expires_at)
    with transaction(centre.engine) as connection:
        agents.touch(connection, journal.agent, at, last_seq=len(journal.facts))
        agents.insert_session(connection, session, 8)


def sold(journal: Journal, anna: Person, **off: float) -> UUID:
    """Sell by a clock that is wrong: points of tomorrow that live for three days."""
    journal.clock.go(**off)
    tomorrow, last = journal.clock.now() + DAY, journal.day + 3 * DAY
    sale = journal.sell(anna, earn=[10_00], activates_at=tomorrow, expires_on=last)
    journal.clock.go(**{name: -by for name, by in off.items()})
    return sale.lots[0]


def dates(centre: Centre, anna: Person, lot: UUID) -> tuple[datetime, date | None]:
    found = books(centre, anna.account).lots[lot]
    return found.activates_at, found.expires_on


def told(centre: Centre) -> list[str]:
    return [one.sentence.en for one in conflicts(centre) if one.kind is ConflictKind.CLOCK]


def test_points_of_a_clock_that_is_ahead_activate_by_the_centres_time(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    lot = sold(journal, anna, hours=48)

    assert kinds(journal.push_new())[-1] == "accepted"

    assert dates(centre, anna, lot) == (NOON + DAY, (NOON + 5 * DAY).date())
    (said,) = told(centre)
    assert "it says 2026-03-03 12:00 UTC, at the centre it was 2026-03-01 12:00 UTC" in said


def test_points_of_a_clock_that_is_behind_what_its_journal_says_live_as_long_as_they_should(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    lot = sold(journal, anna, hours=-48)

    assert kinds(journal.push_new())[-1] == "accepted"

    assert dates(centre, anna, lot) == (NOON - DAY, (NOON + 3 * DAY).date())
    (said,) = told(centre)
    assert "it says 2026-02-27 12:00 UTC, an earlier fact of it says 2026-03-01 12:00 UTC" in said


def test_a_clock_is_behind_what_the_store_knew_in_contact(
    centre: Centre, journal: Journal, anna: Person, clock: SetClock
) -> None:
    """For ten days nothing was sold, so that the journal itself proves nothing."""
    clock.go(days=10)
    contact(centre, journal)
    lot = sold(journal, anna, days=-7)

    assert kinds(journal.push_new())[-1] == "accepted"

    assert dates(centre, anna, lot) == (NOON + 4 * DAY, (NOON + 13 * DAY).date())
    (said,) = told(centre)
    assert "in contact with the centre it was 2026-03-11 12:00 UTC" in said


def test_what_was_sold_before_the_contact_proves_nothing(
    centre: Centre, journal: Journal, anna: Person, clock: SetClock
) -> None:
    """It was long on its way: the store had told that its journal goes that far."""
    journal.sell(anna, earn=[10_00])
    clock.go(days=10)
    contact(centre, journal)

    assert kinds(journal.push_new())[-1] == "accepted"

    assert told(centre) == []


def test_a_clock_that_was_ahead_and_is_right_again_moves_no_date_of_what_comes_then(
    centre: Centre, journal: Journal, anna: Person
) -> None:
    """The journal's stamps stay ahead: it is told, but tomorrow is tomorrow."""
    sold(journal, anna, hours=48)
    lot = sold(journal, anna)

    journal.push_new()

    assert dates(centre, anna, lot) == (NOON + DAY, (NOON + 3 * DAY).date())
    assert len(told(centre)) == 1


@pytest.mark.parametrize("minutes", [-4, 4])
def test_minutes_are_no_matter(
    centre: Centre, journal: Journal, anna: Person, minutes: int
) -> None:
    lot = sold(journal, anna, minutes=minutes)

    journal.push_new()

    assert dates(centre, anna, lot)[0] == NOON + DAY + timedelta(minutes=minutes)
    assert told(centre) == []


def test_what_is_bought_years_ahead_counts_on_the_day_on_which_it_comes(
    centre: Centre, journal: Journal, other: Journal, anna: Person, clock: SetClock
) -> None:
    """A day that has not come would make one day of all others, and be in no period for years."""
    first = DayCount(clock.now().date(), 100_00, 0, 1)
    second = DayCount(first.day + 40 * DAY, 100_00, 0, 1)
    today = second.day + 40 * DAY
    for _ in range(2):
        other.sell(anna)
        clock.go(days=40)
    other.push()
    clock.go(days=2000)
    ahead = with_uses(journal, journal.sell(anna))
    clock.go(days=-2000)

    journal.push_new()

    assert history(centre, anna).days == (first, second, DayCount(today, 100_00, 0, 1))
    assert [use.day for use in history(centre, anna).uses] == [today]
    clock.go(days=3)
    journal.void(ahead)
    journal.push_new()
    assert history(centre, anna).days == (first, second)
    assert history(centre, anna).uses == ()


def test_what_comes_back_years_ahead_counts_on_the_day_on_which_it_comes(
    centre: Centre, journal: Journal, anna: Person, clock: SetClock
) -> None:
    """Its points go back where they were: their lot has not expired."""
    lot = journal.sell(anna, earn=[50_00], expires_on=journal.day + 9 * DAY).lots[0]
    sale = journal.sell(anna, spend=[(lot, 10_00)])
    journal.push_new()
    clock.go(days=2000)
    journal.take_back(sale, restored=[(lot, 10_00)], turnover=40_00)
    clock.go(days=-1999)

    journal.push_new()

    today = clock.now().date()
    back = DayCount(today, -40_00)
    assert history(centre, anna).days == (DayCount(today - DAY, 200_00, 0, 2), back)
    assert books(centre, anna.account).lots[lot].balance == 50_00
