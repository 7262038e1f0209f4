"""What the centre measures is what happened, and what a scrape reads is a small table."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from central import counted
from central.agents import reports
from central.agents.service import AgentIdentity
from central.agents.sessions import Standing, open_session
from central.centre import Centre
from central.leases.epochs import begin_epoch
from central.leases.writeoff import Stranded, holdings, write_off_store
from central.measures import service as measures
from shared.wire.agents import EpochRequest, SessionRequest
from shared.wire.codec import encode
from shared.wire.reports import AgentReport
from tests.central.app.kit import SetClock
from tests.central.auditor.kit import Shop, audit, compiled, shop
from tests.central.journal_builder import Journal

Found = dict[tuple[str, ...], float]


def scraped(centre: Centre) -> Found:
    """Every number of a page, by its name and the values of its labels."""
    text = measures.metrics(centre, centre.clock.now()).decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def told(centre: Centre, journal: Journal, other: Journal, clock: SetClock) -> Found:
    """One store with a fact that nobody understands, one with a stale receipt; then measured."""
    here, there = shop(centre, journal), Shop(other, compiled())
    anna, _ = journal.register()
    here.sell(anna, 60)
    sold = journal.sell(anna, earn=[500_00], kept=200_00)
    journal.append("unheard.of", b"")
    journal.push_new()
    clock.at += timedelta(hours=1)
    there.sell(anna, 10)
    other.push_new()
    journal.give_back(anna.account, (sold.lots[0], 50_00))
    journal.push_new()
    audit(centre)
    measures.measure(centre, clock.at)
    clock.at += timedelta(seconds=30)
    return scraped(centre)


def test_facts_are_counted_by_outcome(told: Found) -> None:
    assert told["kopilka_central_open_facts", "quarantined"] == 1
    assert told["kopilka_central_open_facts", "damaged"] == 0
    assert told["kopilka_central_facts_answered_total", "quarantined"] == 2
    assert told["kopilka_central_conflicts", "quarantined", "open"] == 1
    assert told["kopilka_central_audit_gaps",] == 1
    assert told["kopilka_central_audit_lag_facts",] == 0


def test_the_cost_of_staleness_is_told_in_rubles_and_points(told: Found) -> None:
    assert told["kopilka_central_stale_receipts",] == 1
    assert told["kopilka_central_staleness_points", "withheld"] == 200
    assert told["kopilka_central_staleness_points", "granted"] == 200
    assert told["kopilka_central_staleness_points", "too_many"] == 0
    assert told["kopilka_central_divergent_receipts", "other_result"] == 0


def test_what_stores_hold_is_told_and_how_old_all_of_it_is(told: Found, centre: Centre) -> None:
    with centre.engine.connect() as connection:
        left = "SELECT sum(granted - gone) FROM lease WHERE granted > gone"
        held = connection.exec_driver_sql(left).scalar_one()
    assert told["kopilka_central_leased_points", "present"] == int(held) / 100 > 150
    assert told["kopilka_central_leased_points", "stranded"] == 0
    assert told["kopilka_central_debt_accounts",] == 0
    assert told["kopilka_central_measured_age_seconds",] == 30
    assert told["kopilka_central_agents", "online"] == 2
    assert told["kopilka_central_agent_seen_age_seconds", "102"] == 30


def test_leases_of_a_store_that_was_written_off_are_not_out_any_more(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    anna, _ = journal.register()
    journal.sell(anna, earn=[500_00], kept=500_00)
    journal.push_new()
    write_off_store(centre, "101")

    measures.measure(centre, clock.at)

    assert scraped(centre)["kopilka_central_leased_points", "present"] == 0


def test_a_session_tells_how_much_of_a_journal_is_not_here_and_since_when(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    request = SessionRequest(journal.agent, 1, "0.1", 7, clock.at - timedelta(hours=2))
    signed = journal.signed("/v1/sessions", encode(request))

    open_session(centre, signed, lambda *_: Standing(1, b"", (), "", ()))

    found = scraped(centre)
    assert found["kopilka_central_journal_lag_facts", "101"] == 7
    assert found["kopilka_central_oldest_unsent_seconds", "101"] == 2 * 3600


def test_what_a_store_has_sent_since_its_session_was_opened_is_not_unsent(
    centre: Centre, journal: Journal, clock: SetClock
) -> None:
    request = SessionRequest(journal.agent, 1, "0.1", 7, clock.at - timedelta(hours=2))
    signed = journal.signed("/v1/sessions", encode(request))
    open_session(centre, signed, lambda *_: Standing(1, b"", (), "", ()))

    who = AgentIdentity(journal.agent, 1, "101")
    reports.take(centre, who, encode(AgentReport(clock.at, "0.2")))

    assert scraped(centre)["kopilka_central_oldest_unsent_seconds", "101"] == 0


def test_nothing_on_the_page_is_personal(centre: Centre, journal: Journal, told: Found) -> None:
    anna, _ = journal.register("Борис Годунов", "+79160000001")
    journal.push_new()

    text = measures.metrics(centre, centre.clock.now()).decode()

    assert told
    assert not [one for one in (anna.name, anna.phone, anna.card, "Борис") if one in text]
    assert {metric.name for metric in counted.METRICS} == {
        line.split()[2] for line in text.splitlines() if line.startswith("# HELP")
    }


def test_a_store_whose_next_epoch_has_begun_lacks_nothing_of_the_one_before(
    centre: Centre, journal: Journal
) -> None:
    journal.sell(None)
    journal.push()
    request = encode(SessionRequest(journal.agent, 1, "0.1", last_seq=1))
    standing = Standing(2, b"", (), "", ())
    open_session(centre, journal.signed("/v1/sessions", request), lambda *_: standing)
    before = scraped(centre)["kopilka_central_journal_lag_facts", "101"]

    again = encode(EpochRequest(journal.agent, 1, bytes(31) + b"n", "restored"))
    begin_epoch(centre, journal.signed("/v1/epochs", again))

    assert (before, scraped(centre)["kopilka_central_journal_lag_facts", "101"]) == (0, 0)


def test_a_job_that_took_long_to_look_through_the_leases_does_not_look_again_at_once(
    centre: Centre, journal: Journal, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    began_s, looked_s = clock.monotonic(), list[float]()

    def slow(centre: Centre) -> list[Stranded]:
        looked_s.append(clock.monotonic() - began_s)
        clock.go(seconds=3)
        return holdings(centre)

    monkeypatch.setattr(measures, "holdings", slow)  # else it takes millions of leases
    anna, _ = journal.register()
    journal.sell(anna, earn=[500_00], kept=200_00)
    journal.push_new()
    job = measures.job()
    for _ in range(10):
        job(centre, clock.now())
        clock.go(minutes=1)

    assert looked_s == [0, 303]
    assert scraped(centre)["kopilka_central_leased_points", "present"] == 300
