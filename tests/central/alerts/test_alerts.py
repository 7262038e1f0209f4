"""Alerts: they begin and end once, each channel hears of both, and not too often."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest
from msgspec import structs

from central.alerts import service, store, thresholds
from central.alerts.senders import SHOWN_MAX, Mail, Webhook
from central.alerts.service import PAUSE
from central.alerts.store import Alert
from central.alerts.thresholds import WrongThresholdError
from central.centre import Centre
from shared.runtime.sqlite import reading
from shared.wire.reports import PATH, AgentReport, DeviceReport, RefusedPack
from tests.central.app.kit import NOON, Device, SetClock, enrolled

_ID = UUID(int=1)
NO_PAPER = DeviceReport("printer", "blocked", NOON, "Нет бумаги", "Out of paper")


@dataclass
class Ear:
    """A channel that hears, or fails."""

    name: str = "ear"
    fails: bool = False
    heard: list[list[tuple[str, bool]]] = field(default_factory=list)

    def send(self, alerts: Sequence[Alert], at: datetime) -> None:
        if self.fails:
            raise TimeoutError("no answer")
        assert at >= NOON
        self.heard.append([(one.kind, one.ended_at is not None) for one in alerts])


def report(device: Device, **told: object) -> None:
    body = structs.replace(AgentReport(device.clock.now(), "0.2"), **told)
    assert device.post(PATH, body).status_code == 204


@pytest.fixture
def broken(centre: Centre, device: Device) -> Device:
    """An agent whose printer has no paper."""
    enrolled(centre, device)
    report(device, devices=(NO_PAPER,))
    return device


def kinds(centre: Centre) -> list[str]:
    with reading(centre.engine) as connection:
        return sorted(one.kind for one in store.open_alerts(connection))


def test_what_is_amiss_begins_once_and_ends_once(
    centre: Centre, broken: Device, clock: SetClock
) -> None:
    assert service.look(centre, clock.at) == 1
    assert service.look(centre, clock.at) == 0
    assert kinds(centre) == ["device"]
    (begun,) = service.latest(centre, 9)
    assert begun.ru == "Магазин 101: неисправно устройство: Нет бумаги."
    assert begun.en == "Store 101: a device is broken: Out of paper."

    report(broken)
    clock.go(minutes=1)

    assert service.look(centre, clock.at) == 1
    assert kinds(centre) == []
    (one,) = service.latest(centre, 9)
    assert (one.ended_at, one.store) == (clock.at, "101")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("queue", {"queue": 5_000}),
        ("unsent", {"oldest_unsent_at": NOON - timedelta(hours=3)}),
        ("device", {"devices": (NO_PAPER,)}),
        ("root", {"root_unknown": True}),
        ("clock", {"at": NOON + timedelta(minutes=10)}),
    ],
)
def test_each_threshold_has_its_alert(
    centre: Centre, device: Device, clock: SetClock, kind: str, told: dict[str, object]
) -> None:
    enrolled(centre, device)
    report(device, **told)

    service.look(centre, clock.at)

    assert kinds(centre) == [kind]


def test_a_pack_that_is_refused_says_why(centre: Centre, device: Device, clock: SetClock) -> None:
    enrolled(centre, device)
    why = RefusedPack("a" * 64, "newer_format", "Формат новее агента.", "Its format is newer.")
    report(device, refused=(why,))

    service.look(centre, clock.at)

    (begun,) = service.latest(centre, 9)
    assert begun.ru == "Магазин 101: не принимает правила: Формат новее агента."


def test_silence_is_an_alert_of_its_own(centre: Centre, broken: Device, clock: SetClock) -> None:
    assert broken.me is not None
    clock.go(seconds=centre.settings.alert_silent_s - 1)
    service.look(centre, clock.at)
    assert "silent" not in kinds(centre)

    clock.go(seconds=1)
    service.look(centre, clock.at)
    assert "silent" in kinds(centre)


def test_a_threshold_that_is_chosen_counts_from_the_next_look_on_in_every_process(
    centre: Centre, device: Device, clock: SetClock
) -> None:
    enrolled(centre, device)
    other = replace(centre)
    clock.go(seconds=5_400)
    service.look(other, clock.at)
    assert kinds(centre) == []

    thresholds.choose(centre, {"silent_s": 5_400})
    service.look(other, clock.at)
    (began,) = service.latest(centre, 9)
    thresholds.choose(centre, {})
    service.look(other, clock.at)

    assert (began.kind, began.ru) == ("silent", "Магазин 101: молчит дольше 1 ч 30 мин.")
    assert kinds(centre) == []


@pytest.mark.parametrize("number", [0, 59, 30 * 86_400 + 1])
def test_a_threshold_has_bounds_and_a_wrong_one_changes_nothing(
    centre: Centre, number: int
) -> None:
    thresholds.choose(centre, {"clock_s": 30})

    with pytest.raises(WrongThresholdError):
        thresholds.choose(centre, {"clock_s": 60, "silent_s": number})

    assert thresholds.chosen(centre) == {"clock_s": 30}


def test_a_channel_hears_of_the_beginning_and_of_the_end_and_of_nothing_twice(
    centre: Centre, broken: Device, clock: SetClock
) -> None:
    ear = Ear()
    service.look(centre, clock.at)
    assert service.tell([ear], centre, clock.at) == 1
    assert service.tell([ear], centre, clock.at + PAUSE) == 0
    report(broken)
    clock.at += PAUSE

    service.look(centre, clock.at)
    service.tell([ear], centre, clock.at)

    assert ear.heard == [[("device", False)], [("device", True)]]


def test_a_clock_that_is_put_back_keeps_nothing_from_a_channel(
    centre: Centre, broken: Device, clock: SetClock
) -> None:
    ear, ahead = Ear(), clock.at + timedelta(hours=12)
    service.look(centre, ahead)
    service.tell([ear], centre, ahead)
    report(broken)
    clock.go(minutes=1)

    service.look(centre, clock.at)
    service.tell([ear], centre, clock.at)

    assert ear.heard == [[("device", False)], [("device", True)]]


def test_messages_keep_their_distance(centre: Centre, broken: Device, clock: SetClock) -> None:
    ear = Ear()
    service.look(centre, clock.at)
    service.tell([ear], centre, clock.at)
    report(broken)
    clock.go(minutes=1)
    service.look(centre, clock.at)

    assert service.tell([ear], centre, clock.at) == 0
    assert service.tell([ear], centre, clock.at + PAUSE) == 1


@pytest.mark.usefixtures("broken")
def test_what_could_not_be_told_is_told_later_and_others_hear_at_once(
    centre: Centre, clock: SetClock
) -> None:
    deaf, ear = Ear("deaf", fails=True), Ear()
    service.look(centre, clock.at)

    assert service.tell([deaf, ear], centre, clock.at) == 1
    deaf.fails = False
    assert service.tell([deaf], centre, clock.at) == 0  # it waits
    assert service.tell([deaf], centre, clock.at + PAUSE) == 1
    assert deaf.heard == ear.heard == [[("device", False)]]


def test_a_webhook_is_posted_to_and_what_is_no_success_fails() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200 if len(asked) == 1 else 500)

    hook = Webhook("http://alerts.test/in", httpx.MockTransport(answer))
    one = Alert(id=_ID, kind="silent", store="101", began_at=NOON, ended_at=None, ru="Р", en="E")
    hook.send([one], NOON)
    told = json.loads(asked[0].content)["alerts"][0]
    assert (told["kind"], told["store"], told["state"]) == ("silent", "101", "began")
    with pytest.raises(OSError, match="500"):
        hook.send([one], NOON)


def test_a_letter_says_what_began_and_what_is_over() -> None:
    one = Alert(_ID, "silent", "101", NOON, None, "Магазин 101: молчит.", "Store 101: silent.")
    over = Alert(_ID, "clock", "102", NOON, NOON, "Магазин 102: часы.", "Store 102: clock.")

    letter = Mail("smtp://mail.test:2525", "a@b.test", "c@d.test", "ru").letter([one, over], NOON)

    body = letter.get_content().splitlines()
    assert letter["Subject"] == "Kopilka: тревоги, начались: 1, прошли: 1"
    assert body[0].endswith("Магазин 101: молчит.")
    assert body[1].endswith("(прошло)")


def test_many_at_once_are_one_message_that_says_how_many() -> None:
    many = [Alert(UUID(int=no), "silent", str(no), NOON, None, "Р.", "E.") for no in range(1_500)]

    letter = Mail("smtp://mail.test:2525", "a@b.test", "c@d.test", "en").letter(many, NOON)

    lines = letter.get_content().splitlines()
    assert letter["Subject"] == "Kopilka: alerts, began: 1500, over: 0"
    assert (len(lines), lines[-1]) == (SHOWN_MAX + 1, "+ 1300")
