"""Print one slip on one printer, and say honestly what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from hardware.printers.encoder import encode, fence_id
from hardware.printers.outcome import (
    Blocked,
    Doubt,
    Evidence,
    Health,
    Held,
    Outcome,
    Printed,
    Proof,
    Ready,
    Reason,
    Uncertain,
    Unreachable,
)
from hardware.printers.profile import Feature, Profile, profile_named, with_page
from hardware.printers.session import Limits, Patience, Progress, Session, Watch
from hardware.printers.status import roll_of, trouble
from hardware.transport.dial import dial
from hardware.transport.port import LinkFailedError, LinkLostError, Transport
from hardware.transport.url import parse_device_url
from shared.clock import Clock
from shared.slip import Slip

DEFAULT_LIMITS = Limits()
_SLOW_LINE = 2
"""Twice the time that the bytes take on the slowest line, since printing takes time too."""
_ROLL_SENSOR = 4
_QUESTIONS = (1, 2, 3, _ROLL_SENSOR)


@dataclass(frozen=True, slots=True)
class Printer:
    """A configured printer: what it is and how to reach it; `connect` takes seconds."""

    profile: Profile
    connect: Callable[[float], Transport]


def printer_at(url: str) -> Printer:
    """Return the printer of a device URL, without touching it.

    Raises BadDeviceUrlError, or UnknownProfileError for a `profile=` that is not built in.
    """
    address = parse_device_url(url)
    profile = profile_named(address.profile)
    if address.page is not None:
        profile = with_page(profile, address.page)
    return Printer(profile, lambda timeout_s: dial(address, timeout_s))


def wait_patiently(_reason: Reason | None) -> Patience:
    """Watch nothing and wait as long as the limits allow."""
    return Patience.WAIT


def print_job(
    printer: Printer,
    slip: Slip,
    *,
    job_no: int,
    clock: Clock,
    watch: Watch = wait_patiently,
    limits: Limits = DEFAULT_LIMITS,
) -> Outcome:
    """Print a slip and wait until the printer says that it is done.

    Never repeats by itself: after Held or Uncertain a further paper is a copy, and a person's
    decision. Blocked and Unreachable mean that no byte of the slip was sent, so that the same job
    may be tried again. `watch` hears of trouble while the job is on its way, and may give up.
    A broken device is an outcome here, not an exception.
    """
    stream = encode(slip, printer.profile, job_no=job_no)
    return print_stream(printer, stream, job_no=job_no, clock=clock, watch=watch, limits=limits)


def print_stream(
    printer: Printer,
    stream: bytes,
    *,
    job_no: int,
    clock: Clock,
    watch: Watch = wait_patiently,
    limits: Limits = DEFAULT_LIMITS,
) -> Outcome:
    """Print bytes that end in the profile's fence for a job; see `print_job`."""
    try:
        link = printer.connect(limits.connect_s)
    except LinkFailedError:
        return Unreachable(Reason.NO_LINK)
    echo = fence_id(job_no) if printer.profile.has(Feature.ECHO) else None
    session = Session(link, clock, limits, echo)
    try:
        health = look(session)
        if not isinstance(health, Ready):
            return health
        line_s = _SLOW_LINE * len(stream) / printer.profile.slowest_bytes_s
        progress = session.send(stream, line_s, watch)
        if progress is Progress.DONE:
            progress = session.wait(watch)
        if progress is Progress.DONE:
            return Printed(Proof.ECHO if echo else Proof.FENCE, session.paper)
        return _unfinished(session, stream, progress)
    except LinkLostError:
        return _lost(session, stream)
    finally:
        link.close()


def examine(printer: Printer, *, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> Health:
    """Ask a printer how it is, without printing; do not call it while a job is on its way."""
    try:
        link = printer.connect(limits.connect_s)
    except LinkFailedError:
        return Unreachable(Reason.NO_LINK)
    try:
        return look(Session(link, clock, limits))
    except LinkLostError:
        return Unreachable(Reason.NO_LINK)
    finally:
        link.close()


def look(session: Session) -> Health:
    """Ask all four questions: only a full set of clear answers is ready.

    One trouble shows in several answers; the reason that comes first in `Reason` names it best.
    """
    reasons: set[Reason] = set()
    for question in _QUESTIONS:
        answer = session.ask(question)
        if isinstance(answer, Reason):
            return Unreachable(answer)
        if (reason := trouble(question, answer)) is not None:
            reasons.add(reason)
        if question == _ROLL_SENSOR:
            session.paper = roll_of(answer)
    return Blocked(min(reasons, key=list(Reason).index)) if reasons else Ready(session.paper)


def _unfinished(session: Session, stream: bytes, progress: Progress) -> Outcome:
    doubt = Doubt.GIVEN_UP if progress is Progress.GIVEN_UP else Doubt.DEADLINE
    evidence = Evidence(doubt, session.sent_bytes, len(stream), session.reason)
    return Held(session.reason, evidence) if session.reason else Uncertain(evidence)


def _lost(session: Session, stream: bytes) -> Outcome:
    if session.sent_bytes == 0:
        return Unreachable(Reason.NO_LINK)
    return Uncertain(Evidence(Doubt.LINK_LOST, session.sent_bytes, len(stream), session.reason))
