"""Devices for the tests: a slip worth printing, a simulated printer of each width, a scanner."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hardware.printers.printer import Printer, printer_at
from hardware.printers.profile import Profile, profile_named
from hardware.printers.session import Limits
from hardware.simulator.counter import Counter, Ports
from hardware.simulator.scanner_sim import ScannerSim
from shared.clock import SystemClock
from shared.slip import (
    Align,
    Barcode,
    Block,
    Divider,
    Feed,
    Qr,
    Row,
    Size,
    Slip,
    SlipKind,
    Text,
    Weight,
)

SlipMaker = Callable[..., Slip]

RECEIPT: tuple[Block, ...] = (
    Text("ВИННЫЙ ДОМ", Align.CENTER, Weight.BOLD, Size.DOUBLE),
    Text("Магазин 0042 · Касса 3 · 14.03.2026 18:42", Align.CENTER),
    Divider(),
    Row("Вино «Шато Тамань» Мерло красное сухое 0,75 л", "1 250,00"),
    Row("Игристое «Абрау-Дюрсо» брют — 2 шт. × 890 ₽", "1 780,00"),
    Divider(),
    Row("ИТОГО", "3 030,00 ₽", Weight.BOLD),
    Row("Ваши бонусы", "1 085,50"),
    Feed(),
    Qr("HTTPS://KOPILKA.EXAMPLE/S/7K2M9Q4X8B1C"),
    Barcode("2912345678905"),
    Text("Спасибо за покупку!", Align.CENTER),
)


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def make_slip() -> SlipMaker:
    def make(*blocks: Block, copy_no: int = 0) -> Slip:
        return Slip(UUID(int=7), SlipKind.SALE, blocks or RECEIPT, copy_no)

    return make


@pytest.fixture(params=["TM-T20III", "generic-58"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return profile_named(str(request.param))


@pytest.fixture
def counter(tmp_path: Path, profile: Profile, clock: SystemClock) -> Iterator[Counter]:
    with Counter(tmp_path / "out", profile, Ports(), clock) as counter:
        yield counter


@pytest.fixture
def printer(counter: Counter) -> Printer:
    return printer_at(counter.addresses.printer)


@pytest.fixture
def hasty() -> Limits:
    """Limits for tests that wait for a time-out."""
    return Limits(connect_s=1.0, answer_s=0.3, poll_s=0.05, job_s=0.4, hold_max_s=0.3)


@pytest.fixture
def scanner_sim(tmp_path: Path) -> Iterator[ScannerSim]:
    scanner = ScannerSim(tmp_path / "scanner")
    scanner.plug()
    yield scanner
    scanner.unplug()
