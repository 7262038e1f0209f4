"""The nightly look at the ledger's laws: once a night, kept, told to whoever has to know."""

from datetime import timedelta

from sqlalchemy import text

from central.alerts import service as alerts
from central.centre import Centre
from central.ledger import nightly
from central.measures import service as measures
from shared.runtime.sqlite import reading, transaction
from tests.central.app.kit import SetClock
from tests.central.journal_builder import Journal


def sell(journal: Journal) -> None:
    who, _ = journal.register()
    journal.sell(who, earn=[300_00])
    journal.push_new()


def shift_lots(centre: Centre, by: int) -> None:
    """Let the balance of every lot be other than its entries say."""
    with transaction(centre.engine) as connection:
        connection.execute(
            text("UPDATE lot SET balance = balance + :by, free = free + :by"), {"by": by}
        )


def measured(centre: Centre) -> str:
    return measures.metrics(centre, centre.clock.now()).decode()


def open_laws(centre: Centre) -> list[str]:
    return [one.en for one in alerts.latest(centre, 10) if one.kind == "laws" and not one.ended_at]


def test_what_breaks_a_law_is_counted_and_told_until_it_is_mended(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    sell(journal)
    shift_lots(centre, 1)

    assert nightly.run(centre, clock.now()) == 1
    alerts.look(centre, clock.now())

    assert "kopilka_central_broken_laws 1.0" in measured(centre)
    assert open_laws(centre) == [
        "The ledger's laws are broken in 1 places. Log: ledger.law_broken."
    ]
    shift_lots(centre, -1)
    clock.go(days=1)
    assert nightly.run(centre, clock.now()) == 0
    alerts.look(centre, clock.now())
    assert "kopilka_central_broken_laws 0.0" in measured(centre)
    assert open_laws(centre) == []


def test_it_looks_once_a_night(centre: Centre, journal: Journal, clock: SetClock) -> None:
    at = clock.now().replace(hour=centre.settings.check_at_hour, minute=0) + timedelta(days=1)
    nightly.run(centre, at - timedelta(hours=1))
    sell(journal)
    shift_lots(centre, 1)

    assert nightly.run(centre, at - timedelta(seconds=1)) == 0
    assert nightly.run(centre, at) == 1
    assert nightly.run(centre, at + timedelta(hours=23)) == 0

    with reading(centre.engine) as connection:
        assert nightly.last(connection) == nightly.LawCheck(at, 1)
    shift_lots(centre, -1)


def test_before_the_first_look_nothing_is_said_of_the_laws(centre: Centre) -> None:
    assert "kopilka_central_broken_laws" not in [
        line.split(" ")[0] for line in measured(centre).splitlines()
    ]
    with reading(centre.engine) as connection:
        assert nightly.last(connection) is None
