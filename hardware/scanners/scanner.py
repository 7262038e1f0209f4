"""Listen to one scanner for ever: reconnect by itself, and report each scan once."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hardware.scanners.content import is_noise, read_stripe, split_aim
from hardware.scanners.hid_pos import HidPos
from hardware.scanners.parse import Cutter, Debounce, Encoding, Framer, decode
from hardware.scanners.wedge import Wedge
from hardware.transport.dial import dial
from hardware.transport.port import LinkFailedError, LinkLostError, Transport
from hardware.transport.url import DeviceAddress, NodeAddress, NodeKind, parse_device_url
from shared.clock import Clock

BACKOFF_FIRST_S = 0.25
BACKOFF_MAX_S = 5.0
_READ_MAX = 512
_READ_S = 0.1
_CONNECT_S = 2.0
_SETTLE_S = 0.1
_SETTLE_MAX_S = 2.0


class LinkState(StrEnum):
    """Whether the scanner can be heard; unknown, before the first attempt, is never ok."""

    UNKNOWN = "unknown"
    OK = "ok"
    UNREACHABLE = "unreachable"


class Medium(StrEnum):
    """What was read: a printed or shown code, a card's stripe, a payment card that is refused."""

    CODE = "code"
    STRIPE = "stripe"
    PAYMENT_CARD = "payment_card"


@dataclass(frozen=True, slots=True)
class ScanEvent:
    """One code that a scanner has read.

    Of a payment card there is nothing here but that it was one; `aim` is the AIM identifier, if
    the scanner sends it, and is no part of the text.
    """

    device: str
    text: str
    raw: bytes
    encoding: Encoding
    at: datetime
    aim: str = ""
    medium: Medium = Medium.CODE


@dataclass(frozen=True, slots=True)
class ScannerHealth:
    """How a scanner does, and what it has done since it was started."""

    state: LinkState
    scans: int
    doubles: int
    torn: int
    connects: int
    fault: str | None
    noise: int = 0
    is_noisy: bool = False
    """Whether what came last made no sense: the line's speed is wrong, or its cable is bad."""


class Scanner:
    """A supervised scanner: `on_scan` is called from its own thread, one scan at a time."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        on_scan: Callable[[ScanEvent], None],
        open_link: Callable[[DeviceAddress, float], Transport] = dial,
    ) -> None:
        """Take what hears of scans, which must not raise; raises BadDeviceUrlError."""
        self._address = parse_device_url(url)
        self._device = url
        self._clock = clock
        self._on_scan = on_scan
        self._open_link = open_link
        self._cutter = cutter_for(self._address)
        self._debounce = Debounce()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._state = LinkState.UNKNOWN
        self._fault: str | None = None
        self._scans = 0
        self._noise = 0
        self._is_noisy = False
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
            torn=self._cutter.dropped,
            connects=self._connects,
            fault=self._fault,
            noise=self._noise,
            is_noisy=self._is_noisy,
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
                link = self._open_link(self._address, _CONNECT_S)
            except LinkFailedError as fault:
                self._enter(LinkState.UNREACHABLE, str(fault))
            else:
                backoff_s = BACKOFF_FIRST_S
                self._listen(link)
            self._clock.wait(self._stopping, backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)

    def _listen(self, link: Transport) -> None:
        """Read until the link breaks or we stop; half a code is forgotten at the end."""
        try:
            self._settle(link)
            self._enter(LinkState.OK, None)
            while not self._stopping.is_set():
                chunk = link.read(_READ_MAX, _READ_S)
                now_s = self._clock.monotonic()
                for code in self._cutter.feed(chunk, now_s) if chunk else ():
                    self._report(code, now_s)
                self._cutter.expire(now_s)
        except LinkLostError as fault:
            self._enter(LinkState.UNREACHABLE, str(fault))
        finally:
            self._cutter.drop()
            link.close()

    def _settle(self, link: Transport) -> None:
        """Let pass what was on its way when we came: its beginning is not known."""
        began_s = heard_s = self._clock.monotonic()
        while (now_s := self._clock.monotonic()) - heard_s < _SETTLE_S:
            if self._stopping.is_set() or now_s - began_s > _SETTLE_MAX_S:
                return
            if link.read(_READ_MAX, _SETTLE_S):
                heard_s = self._clock.monotonic()

    def _report(self, code: bytes, now_s: float) -> None:
        if self._debounce.is_double(code, now_s):
            return
        event = scanned(self._device, code, self._clock.now())
        if event is not None:
            self._on_scan(event)
        with self._changed:
            self._scans += event is not None
            self._noise += event is None
            self._is_noisy = event is None
            self._changed.notify_all()

    def _enter(self, state: LinkState, fault: str | None) -> None:
        with self._changed:
            self._state = state
            self._fault = fault
            self._connects += state is LinkState.OK
            self._changed.notify_all()


def cutter_for(address: DeviceAddress) -> Cutter:
    """Return what cuts the bytes of an address into codes."""
    kind = address.kind if isinstance(address, NodeAddress) else None
    if kind is NodeKind.WEDGE:
        return Wedge()
    return HidPos() if kind is NodeKind.HID_SCANNER else Framer()


def scanned(device: str, code: bytes, at: datetime) -> ScanEvent | None:
    """Return what a code says; None for noise."""
    text, encoding = decode(code)
    if is_noise(text):
        return None
    aim, text = split_aim(text)
    stripe = read_stripe(text)
    if stripe is None:
        return ScanEvent(device, text, code, encoding, at, aim)
    if stripe.is_payment:
        return ScanEvent(device, "", b"", encoding, at, medium=Medium.PAYMENT_CARD)
    return ScanEvent(device, stripe.number, b"", encoding, at, medium=Medium.STRIPE)
