"""Figures of the whole ledger, worked out by hand."""

from datetime import timedelta

from central.centre import Centre
from central.ledger import figures
from central.ledger.figures import Hour
from shared.runtime.sqlite import reading
from tests.central.app.kit import SetClock
from tests.central.chain_kit import balance
from tests.central.journal_builder import NOON, Journal


def test_hours_tell_what_was_paid_redeemed_and_granted(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register(welcome=300_00)
    journal.sell(anna, earn=[50_00], turnover=1_000_00)
    journal.push_new()
    clock.at += timedelta(hours=2)

    with reading(centre.engine) as connection:
        every = figures.hours(connection, NOON - timedelta(hours=1))
        later = figures.hours(connection, clock.at)

    assert every == [Hour("2026-03-01 12", 1_000_00, 0, 350_00)]
    assert later == []


def test_liability_adds_up_to_what_members_have(centre: Centre, journal: Journal) -> None:
    people = [journal.register(phone=f"+7916000000{no}", welcome=100_00)[0] for no in range(2)]
    journal.push_new()

    with reading(centre.engine) as connection:
        found = figures.liability(connection)

    assert found
    assert sum(points for _, points in found) == sum(balance(centre, one.account) for one in people)
    assert [month for month, _ in found] == sorted(month for month, _ in found)


def test_members_stand_at_the_highest_step_that_they_reach(
    centre: Centre, journal: Journal
) -> None:
    for no in range(3):
        who, _ = journal.register(phone=f"+7916000000{no}")
        journal.sell(who, turnover=no * 100_00)
    journal.push_new()

    with reading(centre.engine) as connection:
        assert figures.by_turnover(connection, [0]) == [3]
        assert figures.by_turnover(connection, [0, 100_00, 200_00]) == [1, 1, 1]
        assert figures.by_turnover(connection, [0, 150_00, 200_01]) == [2, 1, 0]
