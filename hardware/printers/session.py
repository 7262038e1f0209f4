"""One connection to a printer: ask, send, wait, and remember what it said last."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from hardware.printers.outcome import Paper, Reason
from hardware.printers.status import (
    AutoStatus,
    Echo,
    Frame,
    PaperSensor,
    RealTime,
    StatusReader,
    auto_trouble,
    sensor_paper,
    trouble,
)
from hardware.transport.port import Transport
from shared.clock import Clock

CAUSES = 2
"""The `DLE EOT` question that names cover, paper and error in one byte."""
_READ_MAX = 256


Answer = TypeVar("Answer", bound=Frame)


class Patience(Enum):
    """What to do with a job that is on its way."""

    WAIT = "wait"
    GIVE_UP = "give_up"


Watch = Callable[[Reason | None], Patience]
"""Asked every `poll_s` while a job is on its way, with the trouble that the printer reports."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long anything may take, in seconds."""

    connect_s: float = 2.0
    answer_s: float = 1.0
    poll_s: float = 0.5
    job_s: float = 8.0
    """What a job may take beyond the time that its bytes need on the slowest line."""
    hold_max_s: float = 600.0


class Progress(Enum):
    """Where a job stands after one step of waiting."""

    DONE = "done"
    WAITING = "waiting"
    OVERDUE = "overdue"
    GIVEN_UP = "given_up"


class Session:
    """The conversation of one job; it fills its public fields as it goes and raises LinkLostError.

    Time under a reported trouble does not count against the deadline: a printer without paper
    keeps what it has and prints it when a person has helped.
    """

    def __init__(
        self, link: Transport, clock: Clock, limits: Limits, echo: bytes | None = None
    ) -> None:
        """Take the id whose echo is the job's fence, or none if any paper sensor answer is."""
        self._link = link
        self._clock = clock
        self._limits = limits
        self._reader = StatusReader()
        self._echo = echo
        self._fenced = False
        self._poll = b""
        self._overdue_at = 0.0
        self._held_since: float | None = None
        self.sent_bytes = 0
        self.reason: Reason | None = None
        self.paper = Paper.PLENTY

    def ask(self, question: int) -> int | Reason:
        """Return the answer to `DLE EOT question`, or why there is none."""
        until = self._clock.monotonic() + self._limits.answer_s
        request = bytes([0x10, 0x04, question])
        if self._link.write(request, self._limits.answer_s) < len(request):
            return Reason.SILENT
        while (left_s := until - self._clock.monotonic()) > 0:
            for frame in self._listen(left_s):
                if isinstance(frame, RealTime):
                    return frame.status
        return Reason.GARBLED if self._reader.garbage_bytes else Reason.SILENT

    def hear(self, request: bytes, wanted: type[Answer]) -> Answer | None:
        """Send a request and return its answer of one kind, or None within `answer_s`."""
        until = self._clock.monotonic() + self._limits.answer_s
        if self._link.write(request, self._limits.answer_s) < len(request):
            return None
        while (left_s := until - self._clock.monotonic()) > 0:
            for frame in self._listen(left_s):
                if isinstance(frame, wanted):
                    return frame
        return None

    def send(self, stream: bytes, line_s: float, watch: Watch) -> Progress:
        """Hand all bytes over, listening between; a full printer is felt as time that passes.

        The job's time begins here; its bytes need `line_s` on the slowest line.
        """
        self._overdue_at = self._clock.monotonic() + self._limits.job_s + line_s
        while self.sent_bytes < len(stream):
            step_s = min(self._limits.poll_s, self._left_s())
            self.sent_bytes += self._link.write(stream[self.sent_bytes :], step_s)
            self._note(self._listen(0.0))
            stuck = self.sent_bytes < len(stream)
            if stuck and (stop := self._judge(watch)) is not Progress.WAITING:
                return stop
        return Progress.DONE

    def wait(self, watch: Watch) -> Progress:
        """Wait for the fence of what was sent.

        Status is asked for meanwhile; no answer to that means nothing, a busy line is slow.
        """
        while not self._has_proof():
            self._ask_meanwhile()
            until = self._clock.monotonic() + min(self._limits.poll_s, self._left_s())
            while not self._has_proof() and (left_s := until - self._clock.monotonic()) > 0:
                self._note(self._listen(left_s))
            if not self._has_proof() and (stop := self._judge(watch)) is not Progress.WAITING:
                return stop
        return Progress.DONE

    def _ask_meanwhile(self) -> None:
        """Send a question as far as the line takes it now; the rest of it goes next time."""
        self._poll = self._poll or bytes([0x10, 0x04, CAUSES])
        self._poll = self._poll[self._link.write(self._poll, 0.0) :]

    def _listen(self, timeout_s: float) -> list[Frame]:
        return self._reader.feed(self._link.read(_READ_MAX, timeout_s))

    def _note(self, frames: list[Frame]) -> None:
        for frame in frames:
            self._fenced = self._fenced or self._is_fence(frame)
            if isinstance(frame, RealTime):
                self.reason = self._named(trouble(CAUSES, frame.status))
            elif isinstance(frame, AutoStatus):
                self.reason = auto_trouble(frame.status)
                self.paper = sensor_paper(frame.status[2])
            elif isinstance(frame, PaperSensor):
                self.paper = sensor_paper(frame.status)

    def _named(self, reason: Reason | None) -> Reason | None:
        """Keep the name of an error that the printer has told by itself: the answer has none."""
        knows_better = reason is Reason.FAULT and self.reason is Reason.CUTTER_JAM
        return self.reason if knows_better else reason

    def _judge(self, watch: Watch) -> Progress:
        """Decide whether to go on; a trouble stops the job's time and starts the holding time."""
        now = self._clock.monotonic()
        if watch(self.reason) is Patience.GIVE_UP:
            return Progress.GIVEN_UP
        if self.reason is None:
            self._held_since = None
            return Progress.OVERDUE if now >= self._overdue_at else Progress.WAITING
        if self._held_since is None:
            self._held_since = now
        self._overdue_at = max(self._overdue_at, now + self._limits.job_s)
        held_s = now - self._held_since
        return Progress.OVERDUE if held_s >= self._limits.hold_max_s else Progress.WAITING

    def _left_s(self) -> float:
        return max(0.0, self._overdue_at - self._clock.monotonic())

    def _has_proof(self) -> bool:
        return self._fenced

    def _is_fence(self, frame: Frame) -> bool:
        if self._echo is None:
            return isinstance(frame, PaperSensor)
        return isinstance(frame, Echo) and frame.id == self._echo
