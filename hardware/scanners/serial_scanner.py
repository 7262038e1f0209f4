"""Listen to one serial scanner for ever: reconnect by itself, and report each scan once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hardware.scanners.parse import Debounce, Encoding, Framer, decode
from hardware.transport.dial import dial
from hardware.transport.port import LinkFailedError, LinkLostError, Transport
from hardware.transport.url import parse_device_url
from shared.clock import Clock

BACKOFF_FIRST_S = 0.25
BACKOFF_MAX_S = 5.0
_READ_MAX = 512
_READ_S = 0.1
_CONNECT_S = 2.0


class LinkState(StrEnum):
    """Whether the scanner can be heard; unknown, before the first attempt, is never ok."""

    UNKNOWN = "unknown"
    OK = "ok"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class ScanEvent:
    """One code that a scanner has read."""

    device: str
    text: str
    raw: bytes
    encoding: Encoding
    at: datetime


@dataclass(frozen=True, slots=True)
class ScannerHealth:
    """How a scanner does, and what it has done since it was started."""

    state: LinkState
    scans: int
    doubles: int
    torn: int
    connects: int
    fault: str | None


class SerialScanner:
    """A supervised scanner: `on_scan` is called from its own thread, one scan at a time."""

    def __init__(self, url: str, clock: Clock, on_scan: Callable[[ScanEvent], None]) -> None:
        """Raise BadDeviceUrlError when the URL is no device address."""
        self._address = parse_device_url(url)
        self._device = url
        self._clock = clock
        self._on_scan = on_scan
        self._framer = Framer()
        self._debounce = Debounce()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._state = LinkState.UNKNOWN
        self._fault: str | None = None
        self._scans = 0
        self._connects = 0

    def start(self) -> None:
        """Start listening; a scanner is started once."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._run, name=f"scanner {self._device}")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and give the device back; repeating is safe."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def health(self) -> ScannerHealth:
        """Return how the scanner does at this moment."""
        with self._changed:
            return self._health()

    def wait_until(self, holds: Callable[[ScannerHealth], bool], timeout_s: float) -> bool:
        """Wait until something holds of the health; return whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: holds(self._health()), timeout_s)

    def _health(self) -> ScannerHealth:
        return ScannerHealth(
            state=self._state,
            scans=self._scans,
            doubles=self._debounce.dropped,
            torn=self._framer.dropped,
            connects=self._connects,
            fault=self._fault,
        )

    def _run(self) -> None:
        try:
            self._supervise()
        finally:
            self._enter(LinkState.UNKNOWN, "not listening")

    def _supervise(self) -> None:
        backoff_s = BACKOFF_FIRST_S
        while not self._stopping.is_set():
            try:
                link = dial(self._address, _CONNECT_S)
            except LinkFailedError as fault:
                self._enter(LinkState.UNREACHABLE, str(fault))
            else:
                backoff_s = BACKOFF_FIRST_S
                self._listen(link)
            self._clock.wait(self._stopping, backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)

    def _listen(self, link: Transport) -> None:
        """Read until the link breaks or we stop; half a code is forgotten at the end."""
        self._enter(LinkState.OK, None)
        try:
            while not self._stopping.is_set():
                chunk = link.read(_READ_MAX, _READ_S)
                now_s = self._clock.monotonic()
                for code in self._framer.feed(chunk, now_s) if chunk else ():
                    self._report(code, now_s)
                self._framer.expire(now_s)
        except LinkLostError as fault:
            self._enter(LinkState.UNREACHABLE, str(fault))
        finally:
            self._framer.drop()
            link.close()

    def _report(self, code: bytes, now_s: float) -> None:
        if self._debounce.is_double(code, now_s):
            return
        text, encoding = decode(code)
        self._on_scan(ScanEvent(self._device, text, code, encoding, self._clock.now()))
        with self._changed:
            self._scans += 1
            self._changed.notify_all()

    def _enter(self, state: LinkState, fault: str | None) -> None:
        with self._changed:
            self._state = state
            self._fault = fault
            self._connects += state is LinkState.OK
            self._changed.notify_all()
