"""Fakes of the ports: a clock that is turned by hand, and a line that is cut by hand."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from agent.heard import Told
from agent.link import LinkDownError, LinkState, RefusedByCentreError
from hardware.printers.encoder import fence_id
from hardware.printers.printer import Printer
from hardware.printers.profile import profile_named
from hardware.transport.port import LinkFailedError, LinkLostError
from shared.crypto.keys import KeyPair
from shared.wire.agents import (
    EpochAnswer,
    EpochRequest,
    LeaseAnswer,
    LeaseAsk,
    LifeBegan,
    SaleAnswer,
    SaleAsk,
    SessionAnswer,
    StreamHead,
)
from shared.wire.codec import pack
from shared.wire.feed import Segment
from shared.wire.push import PushAnswer, PushBatch, PushedFacts
from shared.wire.reports import AgentReport
from shared.wire.snapshot import (
    PART_BITS,
    PartTallies,
    Snapshot,
    SnapshotPiece,
    StoredRow,
    Tally,
    part_of,
    parts_of_piece,
    tally_of,
)

TICK_S = 0.001
NOON = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands until it is moved; a wait moves it."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self.set_by = timedelta()

    def now(self) -> datetime:
        return self.at + self.set_by

    def monotonic(self) -> float:
        return self.at.timestamp()

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.at += timedelta(seconds=timeout_s)
        return event.is_set()

    def move(self, **delta: float) -> None:
        self.at += timedelta(**delta)

    def set_wrong(self, **delta: float) -> None:
        """Set what the clock shows, which moves no deadline."""
        self.set_by = timedelta(**delta)


class FakeLink:
    """A centre that answers what a test tells it to; cut, it raises like a dead line."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.up = True
        self.tells_time = True
        """Whether it tells, while it is up, what time it is."""
        self.told: Told | None = None
        self.pushed: list[PushBatch] = []
        self.asked: list[LeaseAsk] = []
        self.answer_push: Callable[[PushBatch], PushAnswer] | None = None
        self.answer_ask: Callable[[LeaseAsk], LeaseAnswer] | None = None
        self.begun: list[tuple[EpochRequest, KeyPair]] = []
        self.answer_epoch: Callable[[EpochRequest], EpochAnswer] | None = None
        self.speaks_for: tuple[int, KeyPair] | None = None
        self.expects = 1
        self.knows_hash = b""
        self.lives: tuple[LifeBegan, ...] = (LifeBegan(UUID(int=2), 0),)
        self.barred = ""
        self.incarnation = UUID(int=2)
        self.refuses = ""
        """The code with which sessions are refused; empty: they are not."""
        self.segments: dict[str, list[Segment]] = {}
        self.snapshots: dict[str, tuple[int, Sequence[StoredRow]]] = {}
        """By stream the number at which the rows are such."""
        self.bits = 2
        self.keys = b""
        self.forgotten = 0
        """How often a session was given up."""
        self.agains: list[int] = []
        """How often each segment had been asked for before."""
        self.pieces: list[tuple[str, int, int]] = []
        """What pieces were asked for."""
        self.tallies: tuple[Tally, ...] = ()
        self.sales: dict[UUID, SaleAnswer] = {}
        """What the centre has, for other stores to take back."""
        self.asked_for_sales: list[SaleAsk] = []
        self.reports: list[AgentReport] = []
        self.reported: tuple[int, datetime | None] = (0, None)
        self.has_pushed: Callable[[int, int], PushedFacts] = lambda _epoch, after: PushedFacts(
            b"", after, (), ()
        )

    def state(self) -> LinkState:
        if self.up and self.tells_time:
            self.told = Told(self._clock.at, self._clock.monotonic(), self._clock.now())
        return LinkState(self.up, NOON, "" if self.up else "cut", self.told)

    def report(self, last_seq: int, oldest_unsent_at: datetime | None) -> None:
        self.reported = (last_seq, oldest_unsent_at)

    def tell(self, report: AgentReport) -> None:
        self._check()
        self.reports.append(report)

    def session(self) -> SessionAnswer:
        self._check()
        if self.refuses:
            raise refusal(self.refuses)
        streams = tuple(
            StreamHead(name, found[-1].last) for name, found in sorted(self.segments.items())
        )
        now = self._clock.now()
        return SessionAnswer(
            session=UUID(int=1),
            key=b"k" * 32,
            expires_at=now + timedelta(minutes=15),
            now=now,
            incarnation=self.incarnation,
            expects=self.expects,
            lives=self.lives,
            hash=self.knows_hash,
            streams=streams,
            barred=self.barred,
            tallies=self.tallies,
            keys=self.keys,
        )

    def begin_epoch(self, request: EpochRequest, keys: KeyPair) -> EpochAnswer:
        self._check()
        self.begun.append((request, keys))
        assert self.answer_epoch is not None
        return self.answer_epoch(request)

    def become(self, epoch: int, keys: KeyPair) -> None:
        self.speaks_for = (epoch, keys)

    def push(self, batch: PushBatch) -> PushAnswer:
        self._check()
        self.pushed.append(batch)
        assert self.answer_push is not None
        return self.answer_push(batch)

    def ask(self, ask: LeaseAsk, timeout_s: float) -> LeaseAnswer:  # noqa: ARG002
        self._check()
        self.asked.append(ask)
        assert self.answer_ask is not None
        return self.answer_ask(ask)

    def sale(self, ask: SaleAsk, timeout_s: float) -> SaleAnswer:  # noqa: ARG002
        self._check()
        self.asked_for_sales.append(ask)
        return self.sales.get(ask.receipt, SaleAnswer("", b"", ()))

    def forget_session(self) -> None:
        self.forgotten += 1

    def segment(self, stream: str, after: int, again: int = 0) -> Segment | None:
        self._check()
        self.agains.append(again)
        pieces = self.segments.get(stream, [])
        return next((piece for piece in pieces if piece.last > after), None)

    def snapshot(self, stream: str) -> Snapshot:
        self._check()
        number, rows = self.snapshots.get(stream, (0, ()))
        used = {part_of(row.kind, row.key) >> (PART_BITS - self.bits) for row in rows}
        return Snapshot(stream, self.incarnation, number, self.bits, tuple(sorted(used)))

    def piece(self, stream: str, bits: int, no: int, again: int = 0) -> SnapshotPiece:
        self._check()
        self.agains.append(again)
        number, rows = self.snapshots[stream]
        first, last = parts_of_piece(bits, no)
        mine = [row for row in rows if first <= part_of(row.kind, row.key) <= last]
        self.pieces.append((stream, bits, no))
        body = pack(tuple(mine))
        total = tally_of(mine)
        return SnapshotPiece(stream, self.incarnation, number, bits, no, total, body)

    def part_tallies(self, stream: str, after: int) -> PartTallies:
        self._check()
        number, rows = self.snapshots[stream]
        assert number >= after
        parts = {part_of(row.kind, row.key) for row in rows}
        sums = tuple(
            (no, tally_of([row for row in rows if part_of(row.kind, row.key) == no]))
            for no in sorted(parts)
        )
        return PartTallies(stream, self.incarnation, number, sums)

    def history(self, epoch: int, after: int) -> PushedFacts:
        self._check()
        return self.has_pushed(epoch, after)

    def tail(self, after: Mapping[str, int]) -> Iterator[Segment | None]:  # noqa: ARG002
        self._check()
        yield None

    def _check(self) -> None:
        if not self.up:
            raise LinkDownError(reason="cut")


def refusal(code: str) -> RefusedByCentreError:
    """The centre says no."""
    return RefusedByCentreError(status=403, refusal=code, reason="Refused")


class FakePrinter:
    """Printers that answer from a script, one script for each connection; None breaks the line.

    A script that has run out is silence; `heard` keeps what each connection was sent.
    """

    CLEAR: ClassVar[list[bytes]] = [b"\x12"] * 4
    NO_PAPER: ClassVar[list[bytes]] = [b"\x12", b"\x32", b"\x12", b"\x72"]
    BREAK: ClassVar[list[bytes | None]] = [None]

    def __init__(self, clock: FakeClock, *scripts: Sequence[bytes | None]) -> None:
        self._clock = clock
        self._scripts = list(scripts)
        self.heard: list[bytes] = []
        self.on_write: Callable[[], None] = lambda: None

    @staticmethod
    def echo(job_no: int) -> list[bytes]:
        """What the printer says when a job has left it."""
        return [b"\x37\x22" + fence_id(job_no) + b"\x00"]

    def printer(self) -> Printer:
        """Return the port over the scripts; without a script there is no printer."""
        return Printer(profile_named("TM-T20III"), self._connect)

    def _connect(self, _timeout_s: float) -> "ScriptedDevice":
        if not self._scripts:
            raise LinkFailedError(device="script", fault="off")
        self.heard.append(b"")
        return ScriptedDevice(self, self._clock, self._scripts.pop(0))


class ScriptedDevice:
    """One connection to a scripted device."""

    def __init__(
        self, printer: FakePrinter, clock: FakeClock, script: Sequence[bytes | None]
    ) -> None:
        self._printer = printer
        self._clock = clock
        self._script = iter(script)

    def write(self, chunk: bytes, timeout_s: float) -> int:  # noqa: ARG002
        self._printer.on_write()
        self._printer.heard[-1] += chunk
        return len(chunk)

    def read(self, size_max: int, timeout_s: float) -> bytes:
        line = next(self._script, b"")
        if line is None:
            raise LinkLostError(device="script", fault="torn")
        if not line:
            self._clock.move(seconds=max(timeout_s, TICK_S))
        return line[:size_max]

    def close(self) -> None:
        """Nothing to give back."""
