"""Figures of the whole ledger, worked out by hand."""

from central.centre import Centre
from central.ledger import figures
from shared.runtime.sqlite import reading
from tests.central.chain_kit import balance
from tests.central.journal_builder import Journal


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


def test_turnover_adds_up_by_month_over_all_accounts(centre: Centre, journal: Journal) -> None:
    people = [journal.register(phone=f"+7916000000{no}")[0] for no in range(2)]
    for who, kopecks in ((people[0], 100_00), (people[0], 50_00), (people[1], 7_00)):
        journal.sell(who, turnover=kopecks)
    journal.push_new()

    with reading(centre.engine) as connection:
        both = figures.turnover_by_month(connection, [one.account for one in people])
        nobody = figures.turnover_by_month(connection, [])

    assert both == [("2026-03", 157_00, 3)]
    assert nobody == []
