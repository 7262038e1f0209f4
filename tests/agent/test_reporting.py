"""How an agent is, is told each minute and soon after something has changed."""

import pytest
from msgspec.structs import astuple

from agent.devices import PRINTER, Condition, Health
from agent.jobs import Jobs
from agent.link import CentreBusyError, LinkDownError
from agent.replica import service as replica
from agent.reporting import EVERY_S, Reporter, compose
from shared.wire.codec import encode
from shared.wire.reports import SENTENCE_CHARS_MAX, AgentReport, decode_report
from tests.agent.kit import sell
from tests.builders import Shop, basket


@pytest.fixture
def reporter(shop: Shop) -> Reporter:
    return Reporter(shop.station)


def test_a_report_tells_the_queue_the_rows_the_pack_and_the_devices(shop: Shop) -> None:
    sell(shop, basket(shop))
    long = "Нет бумаги. " * 100
    health = Health(Condition.BLOCKED, long, "No paper.", shop.clock.now())
    shop.station.devices.report(PRINTER, health)

    told = decode_report(encode(compose(shop.station)))

    assert told.queue == 1
    assert told.oldest_unsent_at is not None
    assert dict(map(astuple, told.cursors)) == replica.cursors(shop.station)
    assert told.pack in told.packs
    assert [(one.name, one.condition, one.ru) for one in told.devices] == [
        (PRINTER, "blocked", long[:SENTENCE_CHARS_MAX])
    ]
    assert (told.room, told.time_trusted, told.barred) == ("plenty", True, "")


def test_it_is_told_each_minute(shop: Shop, reporter: Reporter) -> None:
    told = [reporter.turn()]
    sell(shop, basket(shop))
    told.append(reporter.turn())
    shop.clock.move(seconds=EVERY_S)
    told.append(reporter.turn())

    assert told == [True, False, True]
    assert [report.queue for report in shop.link.reports] == [0, 1]


def test_a_change_is_told_at_once_and_only_once(shop: Shop, reporter: Reporter) -> None:
    reporter.turn()
    health = Health(Condition.OK, "Готов.", "Ready.", shop.clock.now())
    shop.station.devices.report(PRINTER, health)

    assert [reporter.turn(), reporter.turn()] == [True, False]


def test_what_the_centre_did_not_hear_is_told_again(shop: Shop, reporter: Reporter) -> None:
    shop.link.up = False
    with pytest.raises(LinkDownError):
        reporter.turn()
    shop.link.up = True

    assert reporter.turn()
    assert len(shop.link.reports) == 1


def test_a_busy_centre_is_told_no_sooner_than_it_says(shop: Shop) -> None:
    jobs, tried_s = Jobs(shop.station), list[float]()

    def busy(report: AgentReport) -> None:  # noqa: ARG001
        tried_s.append(shop.clock.monotonic())
        if len(tried_s) > 1:
            jobs.stopping.set()
        raise CentreBusyError(retry_after_s=25.0)

    shop.link.tell = busy  # type: ignore[method-assign]
    jobs._report()

    assert tried_s[1] - tried_s[0] >= 25
