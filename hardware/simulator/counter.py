"""A whole simulated counter: printer, scanner and control port, started and stopped as one."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hardware.printers.profile import Profile
from hardware.simulator.control import ControlServer, Panel
from hardware.simulator.outbox import Outbox, RollSize
from hardware.simulator.printer_sim import PrinterSim
from hardware.simulator.scanner_sim import ScannerSim
from hardware.simulator.sensors import Build
from hardware.transport.url import TcpAddress
from shared.clock import Clock
from shared.errors import Kind, LoyaltyError

SCANNER_NAME = "scanner"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the counter listens; port 0 takes a free one."""

    host: str = "127.0.0.1"
    printer: int = 0
    control: int = 0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything is: two device URLs for settings, the control port, the directory."""

    printer: str
    scanner: str
    control: str
    out: str


class PortTakenError(LoyaltyError):
    """Another program listens where a simulator should."""

    kind = Kind.UNAVAILABLE
    code = "simulator_port_taken"
    ru = "Порт симулятора занят: {fault}."
    en = "A port of the simulator is taken: {fault}."


class Counter:
    """Use it as a context: inside, the devices are there; afterwards nothing of them is left."""

    def __init__(self, out: Path, profile: Profile, ports: Ports, clock: Clock) -> None:
        self._out = out
        self._profile = profile
        self._ports = ports
        self._opened = ExitStack()
        self._control = ""
        self.quitting = threading.Event()
        self.outbox = Outbox(out, RollSize(profile.roll_mm, profile.dots, profile.columns))
        build = Build(columns=profile.columns, host=ports.host, port=ports.printer)
        self.printer = PrinterSim(build, self.outbox, clock)
        self.scanner = ScannerSim(out / SCANNER_NAME)

    @property
    def addresses(self) -> Addresses:
        """Return where everything is, once it is started."""
        printer = TcpAddress(self._ports.host, self.printer.port, self._profile.name)
        return Addresses(
            printer=str(printer),
            scanner=self.scanner.url,
            control=self._control,
            out=str(self._out.resolve()),
        )

    def __enter__(self) -> Self:
        """Start all of it or nothing; raises PortTakenError."""
        panel = Panel(self.printer, self.scanner, self.outbox, self.quitting.set)
        with ExitStack() as opening:
            try:
                self.printer.start()
                opening.callback(self.printer.stop)
                control = ControlServer(panel, self._ports.host, self._ports.control)
            except OSError as fault:
                raise PortTakenError(fault=str(fault)) from fault
            control.start()
            opening.callback(control.stop)
            self.scanner.plug()
            opening.callback(self.scanner.unplug)
            self._control = control.address
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
