"""What an agent measures: the queue, the line, the rules, devices, and how long a till waits."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent import counted
from agent.counted import Downtime
from agent.devices import Condition, Health
from agent.journal import outages
from agent.link import RefusedByCentreError
from shared.wire.agents import LeaseAnswer, LeaseAsk
from tests.agent.kit import sell
from tests.agent.till.kit import Till, anna_of
from tests.builders import basket
from tests.fakes import NOON

MINUTE = timedelta(minutes=1)
Found = dict[tuple[str, ...], float]


def scraped(till: Till) -> Found:
    answer = till.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.capability("SPIRITS-29")
def test_support_sees_how_a_store_is(till: Till) -> None:
    shop = till.shop
    shop.link.up = False
    shop.station.downtime.note(shop.clock.now(), up=False)
    sell(shop, basket(shop))
    shop.clock.move(minutes=5)
    health = Health(Condition.BLOCKED, "Нет бумаги", "No paper", shop.clock.now())
    shop.station.devices.report("printer", health)

    told = scraped(till)

    assert told["kopilka_agent_queue_facts",] == 1
    assert told["kopilka_agent_oldest_unsent_seconds",] == 300
    assert told["kopilka_agent_online",] == 0
    assert told["kopilka_agent_offline_minutes_today",] == 5
    assert told["kopilka_agent_device_ok", "blocked", "printer"] == 0
    assert told["kopilka_agent_quote_seconds_count",] >= 1
    assert told["kopilka_agent_commit_seconds_count",] == 1
    assert told["kopilka_agent_barred", ""] == 0
    assert told["kopilka_agent_spool_jobs", "queued"] == 1
    pack = [key for key in told if key[0] == "kopilka_agent_pack_info"]
    assert [(name, version) for _, _, name, version in pack] == [("wine", "1")]


def test_the_status_tells_how_a_device_is_and_how_it_was_before(till: Till) -> None:
    shop = till.shop
    for condition, words in (
        (Condition.UNKNOWN, "Ещё не проверялось"),
        (Condition.OK, "Принтер готов"),
        (Condition.BLOCKED, "Нет бумаги: вставьте новый рулон"),
    ):
        shop.clock.move(minutes=1)
        health = Health(condition, words, "in English", shop.clock.now())
        shop.station.devices.report("printer", health)

    told = till.get("/v1/status").json()["devices"]["printer"]

    assert (told["condition"], told["sentence"]["ru"]) == (
        "blocked",
        "Нет бумаги: вставьте новый рулон",
    )
    assert [one["condition"] for one in told["before"]] == ["ok", "unknown"]
    assert told["before"][0]["since"] < told["since"]


def test_a_redemption_over_the_lease_and_the_ask_before_it_are_counted(till: Till) -> None:
    def refuse(_ask: LeaseAsk) -> LeaseAnswer:
        raise RefusedByCentreError(status=403, refusal="fenced", reason="Fenced.")

    anna = anna_of(till.shop, leased=20_000)
    till.shop.link.answer_ask = refuse

    till.reserve(till.receipt(member=anna, redeem={"mode": "exact", "points": 50_000}))

    told = scraped(till)
    assert told["kopilka_agent_asks_total", "none"] == 1
    assert told["kopilka_agent_over_lease_total",] == 1


def test_every_metric_is_named_on_the_page(till: Till) -> None:
    text = till.get("/metrics").text

    assert {metric.name for metric in counted.METRICS} == {
        line.split()[2] for line in text.splitlines() if line.startswith("# HELP")
    }


def test_downtime_is_what_lies_between_a_look_that_found_none_and_the_next() -> None:
    down = Downtime()
    for minute, up in ((0, True), (10, False), (20, False), (30, True), (50, False)):
        down.note(NOON + minute * MINUTE, up=up)
    down.note(NOON + 55 * MINUTE, up=True)

    assert down.seen() == {
        NOON + 10 * MINUTE: NOON + 30 * MINUTE,
        NOON + 50 * MINUTE: NOON + 55 * MINUTE,
    }


def test_minutes_offline_of_the_day_go_on_in_a_new_process(till: Till) -> None:
    shop = till.shop
    shop.link.up = False
    shop.station.downtime.note(shop.clock.now(), up=False)
    shop.clock.move(minutes=10)
    shop.station.downtime.note(shop.clock.now(), up=False)
    outages.keep(shop.station)

    shop.station.downtime = Downtime()
    shop.clock.move(minutes=5)
    told = scraped(till)["kopilka_agent_offline_minutes_today",]
    shop.clock.move(minutes=5)

    assert (told, scraped(till)["kopilka_agent_offline_minutes_today",]) == (10, 15)
