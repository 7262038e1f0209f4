"""The store's devices at work: slips to the printer, scans to the tills, and how each device is."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy.exc import DatabaseError

from agent.counted import DEVICE_TROUBLES
from agent.devices import DISPLAY, PRINTER, SCANNER, Condition, Health
from agent.equipment.words import (
    DOUBT,
    NO_DISPLAY,
    SHOWS,
    UNSEEN,
    Seen,
    of_outcome,
    of_printer,
    of_scanner,
)
from agent.printing import service as printing
from agent.printing.service import Step
from agent.scan import ScanKind, classify
from agent.station import Station
from hardware.display import show
from hardware.printers.outcome import Blocked, Ready, Reason
from hardware.printers.printer import Printer, examine
from hardware.printers.probe import needs_probe, probe, trusted
from hardware.printers.session import Patience
from hardware.scanners.scanner import Medium, ScanEvent, Scanner
from hardware.transport.port import LinkFailedError, LinkLostError
from hardware.transport.url import parse_device_url
from shared.errors import LoyaltyError

PRINT: Final = "print"
WATCH_SCANNERS: Final = "watch_scanners"
SHOW: Final = "show"
IDLE_S = 1.0
"""A fault is on the screens within two seconds, also when nothing is printed."""
BLOCKED_S = 1.0
WATCH_S = 1.0
SCANNERS_S = 0.5
SHOWN_S = 20.0
"""How long the customer sees the points: the next one in the queue should not."""
DOUBT_SHOWN = timedelta(minutes=15)
"""How long the printer's health reminds of a slip whose end nobody saw."""

log = structlog.get_logger()


@dataclass(slots=True)
class Equipment:
    """The configured devices of a station; a device that fails or is missing holds up no till."""

    station: Station
    printer: Printer | None = None
    scanners: Mapping[str, Scanner] = field(default_factory=dict)
    display: str = ""
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> dict[str, Callable[[], None]]:
        """Begin to listen and return the loops to run, by name; all is unknown until it is seen."""
        names = [PRINTER] if self.printer is not None else []
        shown = [DISPLAY] if self.display else []
        for name in (*names, *self.scanners, *shown):
            self._report(name, UNSEEN)
        for scanner in self.scanners.values():
            scanner.start()
        loops: dict[str, Callable[[], None]] = {}
        if self.printer is not None:
            loops[PRINT] = self.print_slips
        if self.scanners:
            loops[WATCH_SCANNERS] = self.watch_scanners
        if self.display:
            loops[SHOW] = self.show_lines
        return loops

    def stop(self) -> None:
        """Give the scanners back; the loops end by themselves."""
        self.stopping.set()
        self.station.board.changed.set()
        for scanner in self.scanners.values():
            scanner.stop()

    def print_slips(self) -> None:
        """Print what is spooled until told to stop."""
        assert self.printer is not None
        while not self.stopping.is_set():
            self.station.gets_on(PRINT)
            with self.station.at_printer:
                rest_s = self._learn(self.printer) or self.print_some(self.printer)
            self._rest(rest_s)

    def print_some(self, printer: Printer) -> float:
        """Print the first slip in line, or look how the printer is; return how long to rest."""
        try:
            step, outcome = printing.print_next(self.station, printer, self._while_printing)
            if step is Step.IDLE:
                health = examine(printer, clock=self.station.clock)
                self._report(PRINTER, self._reminded(of_printer(health), health))
                return IDLE_S
        except (LoyaltyError, DatabaseError) as error:
            log.info("print.failed", reason=str(error))
            return BLOCKED_S
        if outcome is not None:
            self._report(PRINTER, of_outcome(outcome))
        return BLOCKED_S if step is Step.BLOCKED else 0.0

    def _learn(self, printer: Printer) -> float:
        """Before the first slip, see what the printer can do; return how long to wait with it."""
        if not needs_probe(printer):
            return 0.0
        findings = probe(printer, clock=self.station.clock)
        self._report(PRINTER, of_printer(findings.health))
        if not isinstance(findings.health, Ready):
            return BLOCKED_S
        self.printer = trusted(printer, findings)
        log.info(
            "printer.probed",
            maker=findings.maker,
            model=findings.model,
            features=sorted(findings.features),
            answers_fence=findings.answers_fence,
        )
        return 0.0

    def watch_scanners(self) -> None:
        """Tell how the scanners are until told to stop."""
        while not self.stopping.is_set():
            self.station.gets_on(WATCH_SCANNERS)
            for name, scanner in self.scanners.items():
                self._report(name, of_scanner(scanner.health()))
            self.station.clock.wait(self.stopping, SCANNERS_S)

    def show_lines(self) -> None:
        """Show the customer what is put up, and after a while nothing, until told to stop."""
        until_s: float | None = None
        clock, board = self.station.clock, self.station.board
        while not self.stopping.is_set():
            self.station.gets_on(SHOW)
            if (lines := board.take()) is not None:
                self.show_some(lines)
                until_s = clock.monotonic() + SHOWN_S
            elif until_s is not None and clock.monotonic() >= until_s:
                self.show_some(("", ""))
                until_s = None
            clock.wait(board.changed, WATCH_S)

    def show_some(self, lines: tuple[str, str]) -> None:
        """Show two lines; a display that is not there is told of and shows nothing later."""
        try:
            show(self.display, *lines)
        except (LinkFailedError, LinkLostError):
            self._report(DISPLAY, NO_DISPLAY)
        else:
            self._report(DISPLAY, SHOWS)

    def _reminded(self, seen: Seen, health: object) -> Seen:
        """Let a ready printer remind of slips whose end nobody saw."""
        since = self.station.time.now() - DOUBT_SHOWN
        doubted = isinstance(health, Ready) and printing.doubted(self.station, since)
        return DOUBT if doubted else seen

    def _while_printing(self, reason: Reason | None) -> Patience:
        """Show what holds a slip up while it does, and do not outstay the agent's stop."""
        self.station.gets_on(PRINT)
        if reason is not None:
            self._report(PRINTER, of_printer(Blocked(reason)))
        return Patience.GIVE_UP if self.stopping.is_set() else Patience.WAIT

    def _report(self, device: str, seen: Seen) -> None:
        """Keep a device's health, and tell the screens when it is another."""
        condition, ru, en = seen
        health = Health(condition, ru, en, self.station.time.now())
        if not self.station.devices.report(device, health):
            return
        if condition in {Condition.BLOCKED, Condition.UNREACHABLE}:
            self.station.counts.add(DEVICE_TROUBLES, device, condition.value)
        self.station.events.publish(
            "device.changed", device=device, condition=condition.value, ru=ru, en=en
        )

    def _rest(self, timeout_s: float) -> None:
        if timeout_s > 0:
            self.station.clock.wait(self.station.wakes.print, timeout_s)
            self.station.wakes.print.clear()


def equipment_of(station: Station, printer: Printer | None) -> Equipment:
    """Return the devices that the settings name, without touching them.

    Raises BadDeviceUrlError for a scanner or a display whose URL is none.
    """
    settings = station.settings
    if settings.display:
        parse_device_url(settings.display)
    urls = [url for url in (settings.scanner, *settings.more_scanners) if url]
    hear = on_scan(station)
    scanners = {
        SCANNER if number == 1 else f"{SCANNER}-{number}": Scanner(url, station.clock, hear)
        for number, url in enumerate(urls, 1)
    }
    return Equipment(station, printer, scanners, settings.display)


def on_scan(station: Station) -> Callable[[ScanEvent], None]:
    """Return what a scanner calls: classify the code and tell the tills.

    A code that cannot be looked up now is told as unknown: the scanner goes on.
    """

    def hear(event: ScanEvent) -> None:
        kind, code = ScanKind.PAYMENT_CARD, ""
        if event.medium is not Medium.PAYMENT_CARD:
            try:
                scan = classify(station, event.text)
                kind, code = scan.kind, scan.code
            except (LoyaltyError, DatabaseError) as error:
                log.warning("scan.failed", reason=type(error).__name__)
                kind = ScanKind.UNKNOWN
        station.events.publish("scan", kind=kind.value, code=code, device=event.device)

    return hear
