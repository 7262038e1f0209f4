"""A receipt printer on a TCP port: one client, a small buffer, paper that runs out, a plug."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import replace

from hardware.simulator.mechanism import Mechanism
from hardware.simulator.outbox import Outbox
from hardware.simulator.sensors import (
    Build,
    Cover,
    Cutter,
    Drawer,
    Mishap,
    Mute,
    Power,
    PrinterState,
    Roll,
    Sensors,
    after,
    automatic,
    real_time,
)
from shared.clock import Clock

_TICK_S = 0.05
_SETTLE_S = 5.0
_CHUNK_BYTES = 256
_QUESTION = b"\x10\x04"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class PrinterSim:
    """Two threads: one takes bytes from the client while there is room, one prints them.

    Like a real printer it answers `DLE EOT` as soon as the bytes arrive, even without paper, and
    prints what it has received even when its client has gone.
    """

    def __init__(self, build: Build, outbox: Outbox, clock: Clock) -> None:
        self._build = build
        self._outbox = outbox
        self._clock = clock
        self._mechanism = Mechanism(build.columns, build.firmware)
        self._port = build.port
        self._stopping = threading.Event()
        self._changed = threading.Condition(threading.RLock())
        self._buffer = bytearray()
        self._head = threading.Lock()
        """Held while paper moves; taken before `_changed`, never after."""
        self._first: socket.socket | None = None
        self._client: socket.socket | None = None
        self._listening = False
        self._mains = threading.Lock()
        """Held until the port has followed: who plugs in again waits for what was pulled out."""
        self._power = Power.ON
        self._mute = Mute.OFF
        self._sensors = Sensors()
        self._printed_bytes = 0
        self._reset_after: int | None = None
        self._mishap: tuple[int, Mishap] | None = None
        self._threads = [
            threading.Thread(target=self._serve, name="printer-sim port"),
            threading.Thread(target=self._print, name="printer-sim head"),
        ]

    @property
    def port(self) -> int:
        """Return the TCP port, which stays the same when the power goes and comes."""
        return self._port

    def start(self) -> None:
        """Plug in; clients can connect when this returns. Raises OSError when the port is taken."""
        self._first = self._listen()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop for good and give the port back; repeating is safe."""
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def state(self) -> PrinterState:
        """Return what can be seen from outside."""
        with self._changed:
            return PrinterState(
                power=self._power,
                roll=self._sensors.roll,
                cover=self._sensors.cover,
                cutter=self._sensors.cutter,
                drawer=self._sensors.drawer,
                mute=self._mute,
                buffered_bytes=len(self._buffer),
                printed_bytes=self._printed_bytes,
            )

    def set_roll(self, roll: Roll) -> None:
        """Take paper out, put it in, or let it run low."""
        self._feel(replace(self._sensors, roll=roll))

    def set_cover(self, cover: Cover) -> None:
        """Open or close the cover."""
        self._feel(replace(self._sensors, cover=cover))

    def set_cutter(self, cutter: Cutter) -> None:
        """Jam or free the cutter."""
        self._feel(replace(self._sensors, cutter=cutter))

    def set_drawer(self, drawer: Drawer) -> None:
        """Open the drawer by hand, or push it shut."""
        self._feel(replace(self._sensors, drawer=drawer))

    def set_mute(self, mute: Mute) -> None:
        """Stop, garble or resume answering."""
        with self._changed:
            self._mute = mute

    def set_power(self, power: Power) -> None:
        """Pull or plug the mains; what was not printed is lost, what hangs out is torn off."""
        with self._mains:
            with self._head:
                with self._changed:
                    if power is self._power:
                        return
                    self._power = power
                    self._buffer.clear()
                    self._changed.notify_all()
                for sheet in self._mechanism.power_off():
                    self._outbox.land(sheet)
            self._settle(power)

    def reset_after(self, received_bytes: int) -> None:
        """Reset the link of the next client that has sent so many bytes, once."""
        with self._changed:
            self._reset_after = received_bytes

    def suffer_after(self, printed_bytes: int, mishap: Mishap) -> None:
        """Let a mishap befall the printer after so many further bytes, once."""
        with self._changed:
            self._mishap = (printed_bytes, mishap)

    def _feel(self, sensors: Sensors) -> None:
        with self._changed:
            self._sensors = sensors
            if self._mechanism.status_back:
                self._say(automatic(sensors))
            self._changed.notify_all()

    def _settle(self, power: Power) -> None:
        with self._changed:
            settled = self._changed.wait_for(
                lambda: self._stopping.is_set() or self._listening is (power is Power.ON),
                _SETTLE_S,
            )
            assert settled, f"the printer port {self._port} did not go {power}"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._plugged() or self._stopping.is_set())
            if self._plugged():
                with self._first or self._listen() as listener:
                    self._first = None
                    while self._plugged():
                        self._accept(listener)
            with self._changed:
                self._listening = False
                self._changed.notify_all()

    def _plugged(self) -> bool:
        return self._power is Power.ON and not self._stopping.is_set()

    def _listen(self) -> socket.socket:
        listener = socket.create_server((self._build.host, self._port), backlog=4)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._build.buffer_bytes)
        listener.settimeout(_TICK_S)
        with self._changed:
            self._port = listener.getsockname()[1]
            self._listening = True
            self._changed.notify_all()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except TimeoutError:
            return
        with client:
            client.settimeout(_TICK_S)
            with self._changed:
                self._client = client
            with suppress(ConnectionError):
                self._attend(client)
            with self._changed:
                self._client = None

    def _attend(self, client: socket.socket) -> None:
        """Take what the client sends while there is room; return when it has gone."""
        received = 0
        tail = b""
        while self._plugged():
            if self._reset_after is not None and received >= self._reset_after:
                self._reset_after = None
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                return
            if (room := self._room(received)) == 0:
                continue
            try:
                chunk = client.recv(room)
            except TimeoutError:
                continue
            if not chunk:
                return
            received += len(chunk)
            self._take(chunk, tail)
            tail = (tail + chunk)[-2:]

    def _room(self, received: int) -> int:
        """Wait a tick for room in the buffer; return how much there is, up to a reset's moment."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._buffer) < self._build.buffer_bytes or not self._plugged(), _TICK_S
            )
            room = self._build.buffer_bytes - len(self._buffer)
            if self._reset_after is not None:
                room = min(room, max(1, self._reset_after - received))
            return room if self._plugged() else 0

    def _take(self, chunk: bytes, tail: bytes) -> None:
        """Put bytes into the buffer and answer the status questions among them at once."""
        heard = tail + chunk
        at = heard.find(_QUESTION)
        with self._changed:
            while 0 <= at < len(heard) - 2:
                self._say(real_time(heard[at + 2], self._sensors))
                at = heard.find(_QUESTION, at + 1)
            self._buffer += chunk
            self._changed.notify_all()

    def _say(self, answer: bytes) -> None:
        """Answer the client if there is one; what it does not take is lost, as on paper."""
        with self._changed, suppress(OSError):
            if self._client is None or self._mute is Mute.ON:
                return
            garbled = self._mute is Mute.GARBLED
            self._client.sendall(bytes(byte | 0x80 for byte in answer) if garbled else answer)

    def _print(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._can_print() or self._stopping.is_set())
            with self._head:
                printed = self._print_some()
            self._suffer()
            if self._build.bytes_s:
                self._clock.wait(self._stopping, printed / self._build.bytes_s)

    def _can_print(self) -> bool:
        return self._plugged() and bool(self._buffer) and self._sensors.can_print

    def _print_some(self) -> int:
        """Print the head of the buffer; return how many bytes that was."""
        with self._changed:
            chunk = self._take_printable() if self._can_print() else b""
            sensors = self._sensors
            self._changed.notify_all()
        kicks = self._mechanism.kicks
        happenings = self._mechanism.feed(chunk, sensors)
        if self._mechanism.kicks > kicks:
            self.set_drawer(Drawer.HIGH)
        for happening in happenings:
            if isinstance(happening, bytes):
                self._say(happening)
            else:
                self._outbox.land(happening)
        return len(chunk)

    def _suffer(self) -> None:
        """Let the mishap happen whose moment has come."""
        with self._changed:
            if self._mishap is None or self._mishap[0] > 0:
                return
            (_, mishap), self._mishap = self._mishap, None
        if mishap is Mishap.POWER_OFF:
            self.set_power(Power.OFF)
        elif mishap is Mishap.LINK_RESET:
            self.reset_after(0)
        else:
            self._feel(after(mishap, self._sensors))

    def _take_printable(self) -> bytes:
        step = max(1, int(self._build.bytes_s * _TICK_S)) if self._build.bytes_s else _CHUNK_BYTES
        if self._mishap is not None:
            step = min(step, self._mishap[0])
        chunk = bytes(self._buffer[:step])
        del self._buffer[:step]
        self._printed_bytes += len(chunk)
        if self._mishap is not None:
            self._mishap = (self._mishap[0] - len(chunk), self._mishap[1])
        return chunk
