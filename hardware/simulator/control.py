"""Turn the simulators' knobs over TCP: one command a line, one JSON line back.

scan CODE            read a code with the scanner
paper in|low|out     cover open|closed     cutter free|jammed
power on|off         mute on|off|garbled
slips                everything printed since the start
status               how printer and scanner are
quit                 stop the simulators
"""

import json
import socketserver
import threading
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import TypeVar

from hardware.simulator.outbox import LandedSlip, Outbox
from hardware.simulator.printer_sim import PrinterSim
from hardware.simulator.scanner_sim import ScannerBusyError, ScannerSim
from hardware.simulator.sensors import Cover, Cutter, Mute, Power, Roll

LINE_MAX = 8_192
IDLE_S = 0.2

Answer = dict[str, object]
_Knob = TypeVar("_Knob", bound=StrEnum)


class Panel:
    """The knobs of one simulated counter; every command gets an answer, a wrong one says why."""

    def __init__(
        self,
        printer: PrinterSim,
        scanner: ScannerSim,
        outbox: Outbox,
        on_quit: Callable[[], None],
    ) -> None:
        self._printer = printer
        self._scanner = scanner
        self._outbox = outbox
        self._on_quit = on_quit
        self._commands: dict[str, Callable[[str], Answer]] = {
            "scan": self._scan,
            "paper": lambda word: _turn(Roll, word, printer.set_roll),
            "cover": lambda word: _turn(Cover, word, printer.set_cover),
            "cutter": lambda word: _turn(Cutter, word, printer.set_cutter),
            "power": lambda word: _turn(Power, word, printer.set_power),
            "mute": lambda word: _turn(Mute, word, printer.set_mute),
            "slips": lambda _: {"slips": [_told(slip) for slip in outbox.slips()]},
            "status": lambda _: self._status(),
            "quit": lambda _: self._quit(),
        }

    def obey(self, line: str) -> Answer:
        """Carry out one line and return the answer: `ok`, and `error` when it is false."""
        word, _, argument = line.strip().partition(" ")
        command = self._commands.get(word)
        if command is None:
            return _refusal(f"unknown command {word!r}; there are: {', '.join(self._commands)}")
        return {"ok": True, **command(argument.strip())}

    def _scan(self, code: str) -> Answer:
        if not code:
            return _refusal("scan what?")
        try:
            self._scanner.scan(code)
        except ScannerBusyError as fault:
            return _refusal(str(fault))
        return {}

    def _status(self) -> Answer:
        return {
            "printer": asdict(self._printer.state()),
            "scanner": self._scanner.url,
            "slips": len(self._outbox.slips()),
        }

    def _quit(self) -> Answer:
        self._on_quit()
        return {}


class ControlServer:
    """Serves a panel on a TCP port, to one program or several."""

    def __init__(self, panel: Panel, host: str, port: int) -> None:
        """Bind the port; port 0 takes a free one."""
        self._server = _Server((host, port), panel)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(IDLE_S,))

    @property
    def address(self) -> str:
        """Return `host:port`."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection; repeating is safe."""
        if self._thread.is_alive():
            self._server.closing.set()
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False

    def __init__(self, address: tuple[str, int], panel: Panel) -> None:
        self.panel = panel
        self.closing = threading.Event()
        super().__init__(address, _Caller)


class _Caller(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer one caller line by line until it hangs up or the server closes."""
        self.request.settimeout(IDLE_S)
        waiting = b""
        while not self.server.closing.is_set() and len(waiting) <= LINE_MAX:
            try:
                chunk = self.request.recv(LINE_MAX)
                *lines, waiting = (waiting + chunk).split(b"\n")
                for line in lines:
                    self._answer(line)
            except TimeoutError:
                continue
            except OSError:
                return
            if not chunk:
                return

    def _answer(self, line: bytes) -> None:
        answer = self.server.panel.obey(line.decode("utf-8", errors="replace"))
        self.request.sendall(json.dumps(answer, ensure_ascii=False).encode() + b"\n")


def _turn(knob: type[_Knob], word: str, turn: Callable[[_Knob], None]) -> Answer:
    try:
        position = knob(word)
    except ValueError:
        return _refusal(f"{word!r} is none of: {', '.join(knob)}")
    turn(position)
    return {}


def _told(slip: LandedSlip) -> Answer:
    return {
        "no": slip.no,
        "ending": slip.ending,
        "codes": list(slip.codes),
        "text": str(slip.text),
        "png": str(slip.png),
        "raw": str(slip.raw),
    }


def _refusal(error: str) -> Answer:
    return {"ok": False, "error": error}
