"""What an agent tells of itself is kept, the last of it, with when it was heard."""

from datetime import timedelta

import pytest

from central.agents import reports
from central.agents.report_store import Heard
from central.centre import Centre
from shared.runtime.sqlite import reading
from shared.wire.agents import StreamHead
from shared.wire.reports import DEVICES_MAX, PATH, AgentReport, DeviceReport
from tests.central.app.kit import Device, SetClock, enrolled
from tests.fakes import NOON


def report(**more: object) -> AgentReport:
    return AgentReport(NOON, "0.2", **more)  # type: ignore[arg-type]


def latest(centre: Centre) -> list[Heard]:
    with reading(centre.engine) as connection:
        return list(reports.latest(connection).values())


def test_the_last_report_of_an_agent_is_kept(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    first = device.post(PATH, report(queue=7))
    clock.at += timedelta(minutes=1)
    second = device.post(PATH, report(queue=2, cursors=(StreamHead("global", 40),)))

    (heard,) = latest(centre)

    assert (first.status_code, second.status_code) == (204, 204)
    assert heard.report == report(queue=2, cursors=(StreamHead("global", 40),))
    assert heard.heard_at == clock.at
    assert heard.ahead_s == (NOON - clock.at).total_seconds()


def test_a_report_of_a_later_version_is_read(centre: Centre, device: Device) -> None:
    enrolled(centre, device)

    answer = device.post(PATH, {"at": NOON, "version": "9.0", "queue": 1, "mood": "fine"})

    assert answer.status_code == 204
    assert latest(centre)[0].report == AgentReport(NOON, "9.0", queue=1)


@pytest.mark.parametrize(
    "body",
    [
        {"version": "0.2"},
        {"at": NOON, "version": "x" * 81},
        report(devices=(DeviceReport("printer", "ok", NOON, "", ""),) * (DEVICES_MAX + 1)),
        "nothing",
    ],
)
def test_what_is_no_report_changes_nothing(centre: Centre, device: Device, body: object) -> None:
    enrolled(centre, device)
    device.post(PATH, report(queue=7))

    answer = device.post(PATH, body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "malformed"
    assert latest(centre)[0].report == report(queue=7)


def test_an_agent_that_was_replaced_is_told_of_no_more(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    device.post(PATH, report())
    before = len(latest(centre))

    enrolled(centre, Device(device.client, clock, seed=2))

    assert (before, latest(centre)) == (1, [])
    assert device.post(PATH, report()).json()["code"] == "agent_fenced"
