"""Conversations that no simulator holds on purpose: a scripted printer and a clock of its own."""

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.encoder import fence_id
from hardware.printers.outcome import (
    Doubt,
    Evidence,
    Held,
    Outcome,
    Paper,
    Printed,
    Proof,
    Reason,
    Uncertain,
    Unreachable,
)
from hardware.printers.printer import Printer, print_job
from hardware.printers.profile import profile_named
from hardware.transport.port import LinkLostError
from shared.slip import Slip, SlipKind, Text

SlipMaker = Callable[..., Slip]
ECHO = b"\x37\x22" + fence_id(5) + b"\x00"
CLEAR = [b"\x12"] * 4
NO_PAPER = b"\x10\x00\x0c\x0f"
PAPER_AGAIN = b"\x10\x00\x00\x0f"


class IdleClock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 14, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.seconds += timeout_s
        return event.is_set()


class ScriptedLink:
    """Says one line of its script at each read, and waits when there is none; None is a break."""

    def __init__(
        self, clock: IdleClock, script: Iterable[bytes | None], takes: int = 10_000
    ) -> None:
        self._clock = clock
        self._script = iter(script)
        self._takes = takes
        self.written = b""
        self.closed = False

    def write(self, chunk: bytes, timeout_s: float) -> int:
        taken = chunk[: self._takes - len(self.written)]
        if not taken:
            self._clock.seconds += timeout_s
        self.written += taken
        return len(taken)

    def read(self, size_max: int, timeout_s: float) -> bytes:
        line = next(self._script, b"")
        if line is None:
            raise LinkLostError(device="script", fault="torn")
        if not line:
            self._clock.seconds += timeout_s
        return line[:size_max]

    def close(self) -> None:
        self.closed = True


def told(script: Iterable[bytes | None], slip: Slip, takes: int = 10_000) -> Outcome:
    clock = IdleClock()
    link = ScriptedLink(clock, script, takes)
    printer = Printer(profile_named("TM-T20III"), lambda _: link)
    outcome = print_job(printer, slip, job_no=5, clock=clock)
    assert link.closed
    assert clock.seconds < 700
    return outcome


def test_the_echo_of_this_job_proves_it(make_slip: SlipMaker) -> None:
    assert told([*CLEAR, ECHO], make_slip()) == Printed(Proof.ECHO, Paper.PLENTY)


@pytest.mark.fault(19)
@pytest.mark.fault(20)
@pytest.mark.parametrize("at", [1, 5])
def test_an_answer_may_come_in_single_bytes_among_troubles_that_end(
    make_slip: SlipMaker, at: int
) -> None:
    spoken = NO_PAPER + PAPER_AGAIN + b"\x12" + ECHO
    torn = [spoken[:at], *(bytes([byte]) for byte in spoken[at:])]

    assert told([*CLEAR, *torn], make_slip()) == Printed(Proof.ECHO, Paper.PLENTY)


@pytest.mark.fault(18)
def test_the_late_echo_of_an_older_job_proves_nothing(make_slip: SlipMaker) -> None:
    older = b"\x37\x22" + fence_id(4) + b"\x00"

    outcome = told([*CLEAR, older], make_slip())

    assert isinstance(outcome, Uncertain)
    assert outcome.evidence.doubt is Doubt.DEADLINE


@pytest.mark.parametrize("answers", [[], [b"\x12"], [b"\x12"] * 3])
def test_a_question_without_an_answer_stops_before_the_first_byte(
    make_slip: SlipMaker, answers: list[bytes]
) -> None:
    assert told(answers, make_slip()) == Unreachable(Reason.SILENT)


def test_answers_that_make_no_sense_stop_before_the_first_byte(make_slip: SlipMaker) -> None:
    assert told([b"\xff\xfe\x97"], make_slip()) == Unreachable(Reason.GARBLED)


def test_a_link_that_breaks_while_asked_has_sent_nothing(make_slip: SlipMaker) -> None:
    assert told([b"\x12", None], make_slip()) == Unreachable(Reason.NO_LINK)


@pytest.mark.fault(11)
def test_a_printer_that_takes_nothing_is_given_up_at_the_deadline(make_slip: SlipMaker) -> None:
    outcome = told(CLEAR, make_slip(), takes=12 + 100)

    assert isinstance(outcome, Uncertain)
    evidence = outcome.evidence
    assert (evidence.doubt, evidence.sent_bytes, evidence.last_reason) == (
        Doubt.DEADLINE,
        100,
        None,
    )


def test_a_trouble_told_while_the_slip_is_stuck_makes_it_held(make_slip: SlipMaker) -> None:
    outcome = told([*CLEAR, NO_PAPER], make_slip(), takes=12 + 100)

    assert isinstance(outcome, Held)
    assert outcome.reason is Reason.PAPER_OUT


@pytest.mark.fault(2)
def test_time_without_paper_does_not_count(make_slip: SlipMaker) -> None:
    waiting = [b""] * 100

    outcome = told([*CLEAR, NO_PAPER, *waiting, PAPER_AGAIN, ECHO], make_slip())

    assert outcome == Printed(Proof.ECHO, Paper.PLENTY)


@pytest.mark.fault(13)
def test_a_link_lost_without_paper_is_in_doubt_and_says_why(make_slip: SlipMaker) -> None:
    outcome = told([*CLEAR, NO_PAPER, None], make_slip())

    assert isinstance(outcome, Uncertain)
    evidence = outcome.evidence
    assert evidence == Evidence(
        Doubt.LINK_LOST, evidence.slip_bytes, evidence.slip_bytes, Reason.PAPER_OUT
    )


@given(some.lists(some.binary(max_size=12), max_size=40))
def test_whatever_a_printer_says_there_is_an_outcome(script: list[bytes]) -> None:
    told(script, Slip(UUID(int=1), SlipKind.SALE, (Text("Чек"),)))
