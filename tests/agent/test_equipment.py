"""How devices are told to people: what is, what to do, once for each change, and never a guess."""

import os
import pty
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from agent import counted
from agent.devices import DISPLAY, HISTORY_MAX, PRINTER, SCANNER, Condition, Devices, Health
from agent.equipment.service import BLOCKED_S, IDLE_S, Equipment, equipment_of, on_scan
from agent.equipment.words import of_printer, of_scanner
from agent.events import Event
from agent.printing.service import reprint
from hardware.display import screen
from hardware.printers.outcome import Blocked, Reason
from hardware.scanners.parse import Encoding
from hardware.scanners.scanner import LinkState, ScanEvent, ScannerHealth
from shared.runtime.metrics import page
from shared.runtime.sqlite import transaction
from tests.agent.kit import sell
from tests.agent.till.kit import anna_of
from tests.builders import Shop, basket
from tests.fakes import NOON, FakeClock, FakePrinter

CLEAR, NO_PAPER = FakePrinter.CLEAR, FakePrinter.NO_PAPER
NEAR_END = [b"\x12", b"\x12", b"\x12", b"\x1e"]


@contextmanager
def heard(shop: Shop) -> Iterator[list[dict[str, Any]]]:
    """Collect what is said of devices."""
    told: list[dict[str, Any]] = []

    def listen(event: Event) -> None:
        if event.name == "device.changed":
            told.append(event.details)

    with shop.station.events.listening(listen):
        yield told


def look(shop: Shop, *scripts: list[bytes | None]) -> list[float]:
    """Let the print loop take as many turns as there are scripts; return how long each rests."""
    equipment = Equipment(shop.station)
    printer = FakePrinter(shop.clock, *scripts).printer()
    return [equipment.print_some(printer) for _ in scripts]


def conditions(shop: Shop) -> list[Condition]:
    return [health.condition for health in shop.station.devices.history(PRINTER)]


@pytest.mark.fault(5)
def test_paper_near_its_end_prints_and_is_told_once(shop: Shop) -> None:
    sell(shop, basket(shop))

    with heard(shop) as told:
        rests = look(shop, [*NEAR_END, *FakePrinter.echo(1)], [*NEAR_END], [*NEAR_END])

    assert rests == [0.0, IDLE_S, IDLE_S]
    assert [one["ru"] for one in told] == ["Бумага заканчивается: приготовьте новый рулон"]
    assert conditions(shop) == [Condition.WARN]


def test_a_trouble_says_what_to_do_and_ends_when_it_is_mended(shop: Shop) -> None:
    sell(shop, basket(shop))

    with heard(shop) as told:
        rests = look(shop, [*NO_PAPER], [*NO_PAPER], [*CLEAR, *FakePrinter.echo(1)], [*CLEAR])

    assert rests == [BLOCKED_S, BLOCKED_S, 0.0, IDLE_S]
    assert [(one["condition"], one["ru"]) for one in told] == [
        ("blocked", "Нет бумаги: вставьте новый рулон"),
        ("ok", "Принтер готов"),
    ]
    assert conditions(shop) == [Condition.BLOCKED, Condition.OK]
    measured = page(counted.METRICS, {}, shop.station.counts).decode()
    assert f'{counted.DEVICE_TROUBLES}{{condition="blocked",device="printer"}} 1' in measured


def test_a_slip_in_doubt_is_shown_until_there_is_a_copy_of_it(shop: Shop) -> None:
    done = sell(shop, basket(shop))
    look(shop, [*CLEAR, None], [*CLEAR])
    doubt = shop.station.devices.snapshot()[PRINTER]
    with transaction(shop.station.journal) as connection:
        reprint(connection, done.slip, shop.clock.now())

    look(shop, [*CLEAR, *FakePrinter.echo(2)], [*CLEAR])

    assert doubt.condition is Condition.WARN
    assert "напечатайте копию" in doubt.ru
    assert conditions(shop) == [Condition.WARN, Condition.OK]


def test_an_old_doubt_does_not_stay_on_the_screen_for_ever(shop: Shop) -> None:
    sell(shop, basket(shop))
    look(shop, [*CLEAR, None], [*CLEAR])
    shop.clock.move(minutes=16)

    look(shop, [*CLEAR])

    assert conditions(shop) == [Condition.WARN, Condition.OK]


@pytest.mark.parametrize("reason", list(Reason))
def test_every_trouble_of_a_printer_has_advice_in_both_languages(reason: Reason) -> None:
    _, ru, en = of_printer(Blocked(reason))

    assert ru == f"{reason.sentence('ru')}: {reason.advice('ru')}"
    assert en == f"{reason.sentence('en')}: {reason.advice('en')}"
    assert reason.advice("ru") != reason.advice("en")


@pytest.mark.parametrize(
    ("health", "condition", "word"),
    [
        (ScannerHealth(LinkState.UNKNOWN, 0, 0, 0, 0, None), Condition.UNKNOWN, "проверялось"),
        (ScannerHealth(LinkState.UNREACHABLE, 0, 0, 0, 0, "x"), Condition.UNREACHABLE, "кабель"),
        (ScannerHealth(LinkState.OK, 1, 0, 0, 1, None), Condition.OK, "готов"),
        (ScannerHealth(LinkState.OK, 1, 0, 0, 1, None, 1, True), Condition.WARN, "скорость"),
    ],
)
def test_a_scanner_is_told_as_it_is(health: ScannerHealth, condition: Condition, word: str) -> None:
    told, ru, en = of_scanner(health)

    assert told is condition
    assert word in ru
    assert en.isascii()


def test_what_is_configured_is_unknown_until_it_is_seen(shop: Shop) -> None:
    settings = shop.station.settings.model_copy(
        update={"scanner": "serial:///dev/absent-1", "more_scanners": ("hidraw:///dev/absent-2",)}
    )
    shop.station.settings = settings
    equipment = equipment_of(shop.station, FakePrinter(shop.clock).printer())

    loops = equipment.start()
    seen = shop.station.devices.snapshot()
    equipment.stop()

    assert set(loops) == {"print", "watch_scanners"}
    assert set(seen) == {PRINTER, SCANNER, "scanner-2"}
    assert {health.condition for health in seen.values()} == {Condition.UNKNOWN}


def test_a_history_is_bounded_and_keeps_changes_alone() -> None:
    devices = Devices()
    states = [Condition.OK, Condition.OK, Condition.BLOCKED] * HISTORY_MAX

    changes = [devices.report("printer", Health(state, state, state, NOON)) for state in states]

    assert changes[:4] == [True, False, True, True]
    assert len(devices.history("printer")) == HISTORY_MAX
    assert devices.history("drawer") == ()


def test_a_code_that_cannot_be_looked_up_is_told_as_unknown_and_the_scanner_goes_on(
    shop: Shop,
) -> None:
    told: list[Event] = []
    shop.station.replica.dispose()
    with transaction(shop.station.replica) as connection:
        connection.exec_driver_sql("DROP TABLE row")

    with shop.station.events.listening(told.append):
        on_scan(shop.station)(ScanEvent("s", "4600", b"4600", Encoding.UTF8, NOON))

    assert [(one.details["kind"], one.details["code"]) for one in told] == [("unknown", "")]


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    yield master, f"serial://{os.ttyname(slave)}"
    os.close(slave)
    os.close(master)


class Closing(FakeClock):
    """A clock that ends the shop's day after some waits."""

    def __init__(self, stopping: threading.Event, waits: int) -> None:
        super().__init__()
        self._stopping = stopping
        self._waits = waits

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self._waits -= 1
        if self._waits <= 0:
            self._stopping.set()
        return super().wait(event, timeout_s)


def read_whole(master: int, length: int) -> bytes:
    """Read what was written to a terminal, which may come in pieces."""
    read = b""
    while len(read) < length:
        read += os.read(master, 1_000)
    return read


def test_the_customer_sees_the_points_after_a_sale_and_the_next_one_does_not(
    shop: Shop, terminal: tuple[int, str]
) -> None:
    master, url = terminal
    equipment = Equipment(shop.station, display=url)
    shop.station.board.say("Спасибо за покупку!", "Бонусы 1 000,00")
    shop.station.board.say("Спасибо за покупку!", "Бонусы 1 085,50")
    shop.station.clock = Closing(equipment.stopping, waits=30)

    equipment.show_lines()

    shown = screen("Спасибо за покупку!", "Бонусы 1 085,50", 17) + screen("", "", 17)
    assert read_whole(master, len(shown)) == shown
    health = shop.station.devices.snapshot()[DISPLAY]
    assert health.condition is Condition.OK


def test_a_sale_puts_the_points_up_and_one_without_a_member_nothing(shop: Shop) -> None:
    sell(shop, basket(shop))
    nobody = shop.station.board.take()
    anna = anna_of(shop, 108_550)

    sell(shop, basket(shop, member=anna))

    assert nobody is None
    shown = shop.station.board.take()
    assert shown is not None
    assert shown[1].startswith("Бонусы 1\u00a0")
    assert shop.station.board.take() is None


def test_a_display_that_is_not_there_is_told_of(shop: Shop) -> None:
    Equipment(shop.station, display="serial:///dev/absent").show_some(("а", "б"))

    health = shop.station.devices.snapshot()[DISPLAY]
    assert (health.condition, "кабель" in health.ru) == (Condition.UNREACHABLE, True)
