"""Print what is spooled: one job at a time, at most one original of each slip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

import structlog
from sqlalchemy import Connection

from agent.printing import store
from agent.printing.store import JobState
from agent.station import Station
from hardware.printers.outcome import (
    Blocked,
    Held,
    Outcome,
    Paper,
    Printed,
    Uncertain,
    Unreachable,
)
from hardware.printers.printer import Printer, print_job, wait_patiently
from hardware.printers.session import Watch
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading, transaction
from shared.slip import DamagedSlipError, Slip, copy_of, decode_slip

log = structlog.get_logger()


class UnknownSlipError(LoyaltyError):
    """Nothing was printed for this receipt."""

    kind = Kind.NOT_FOUND
    code = "unknown_slip"
    ru = "Для чека {receipt} слипа нет."
    en = "There is no slip for receipt {receipt}."


class Step(Enum):
    """What one step of the printing loop has met."""

    IDLE = auto()
    DONE = auto()
    BLOCKED = auto()
    """The job is still first in line: the printer cannot print now."""


@dataclass(frozen=True, slots=True)
class Reprint:
    """A further paper: its number among the copies of the slip."""

    copy_no: int
    job_no: int


def print_next(
    station: Station, printer: Printer, watch: Watch = wait_patiently
) -> tuple[Step, Outcome | None]:
    """Print the first job in line and write down what became of it.

    The mark `sending` is durable before the first byte. A job that was blocked or unreachable has
    sent nothing and stays first, until it has waited for `print_hours`; any other end is final for
    this paper. A slip that cannot be read
    is rejected with its reason, so that those behind it are printed. Nobody else sends: a job that
    is still marked, because a full disk took no later word on it, is uncertain.
    """
    with transaction(station.journal) as connection:
        store.abandon_sending(connection)
        _expire(station, connection)
        found = store.next_queued(connection)
        if found is None:
            return Step.IDLE, None
        job_no, stored = found
        slip = _readable(connection, job_no, stored)
        if slip is None:
            return Step.DONE, None
        store.mark_sending(connection, job_no)
    outcome = print_job(printer, slip, job_no=job_no, clock=station.clock, watch=watch)
    state, reason = _verdict(outcome)
    with transaction(station.journal) as connection:
        store.move(connection, job_no, state, reason)
    log.info("slip.printed" if state is JobState.PRINTED else "slip.not_printed", state=state)
    station.events.publish("print.changed", slip=str(slip.id), state=state.value, reason=reason)
    return (Step.BLOCKED if state is JobState.QUEUED else Step.DONE), outcome


def expire(station: Station) -> int:
    """Let slips that have waited for `print_hours` wait no more, also where there is no printer.

    A fact stays in the journal for as long as its slip waits.
    """
    with transaction(station.journal) as connection:
        return _expire(station, connection)


def _expire(station: Station, connection: Connection) -> int:
    before = station.time.now() - timedelta(hours=station.settings.print_hours)
    return store.expire(connection, before)


def recover(station: Station) -> int:
    """At start: what a former process was sending has an unknown end and is never resent."""
    with transaction(station.journal) as connection:
        return store.abandon_sending(connection)


def distrust(station: Station) -> int:
    """Print nothing of the spool by itself: after the backup it may have been; return how many."""
    with transaction(station.journal) as connection:
        return store.distrust(connection)


def reprint(connection: Connection, slip: UUID, at: datetime) -> Reprint:
    """Spool a further paper, headed «КОПИЯ n»; raises UnknownSlipError."""
    found = store.slip_and_copies(connection, slip)
    if found is None:
        raise UnknownSlipError(receipt=slip)
    first, copies = found
    return Reprint(copies + 1, store.enqueue(connection, copy_of(first, copies + 1), at))


def doubted(station: Station, since: datetime) -> int:
    """Count the slips since an instant whose end nobody saw and of which there is no copy."""
    with reading(station.journal) as connection:
        return store.doubted(connection, since)


def queued(station: Station) -> dict[str, int]:
    """Count the spool's jobs by state."""
    with reading(station.journal) as connection:
        return store.counts(connection)


def _readable(connection: Connection, job_no: int, stored: bytes) -> Slip | None:
    try:
        return decode_slip(stored)
    except DamagedSlipError as error:
        reason = str(error)
    store.move(connection, job_no, JobState.REJECTED, reason)
    log.error("slip.damaged", job=job_no, reason=reason)
    return None


def _verdict(outcome: Outcome) -> tuple[JobState, str]:
    match outcome:
        case Printed(paper=Paper.NEAR_END):
            return JobState.PRINTED, "paper near its end"
        case Printed():
            return JobState.PRINTED, ""
        case Blocked(reason) | Unreachable(reason):
            return JobState.QUEUED, reason.value
        case Held(reason, _):
            return JobState.HELD, reason.value
        case Uncertain(evidence):
            return JobState.UNCERTAIN, evidence.doubt.value
