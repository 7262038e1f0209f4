"""Ask a printer what it can do, by commands that move no paper: its name proves nothing."""

from dataclasses import dataclass

from hardware.printers.encoder import ECHO, PAPER_SENSOR, RESET, STATUS_BACK, fence_id
from hardware.printers.outcome import Health, Ready, Reason, Unreachable
from hardware.printers.printer import DEFAULT_LIMITS, Printer, look
from hardware.printers.profile import Feature, Provenance, learned
from hardware.printers.session import Limits, Session
from hardware.printers.status import AutoStatus, Echo, PaperSensor, Words
from hardware.transport.port import LinkFailedError, LinkLostError
from shared.clock import Clock

_MAKER, _MODEL = b"\x1dIB", b"\x1dIC"
_QUIET = b"\x1da\x00"
_PROBE_NO = 0


@dataclass(frozen=True, slots=True)
class Findings:
    """What a printer has answered: its state, its own words, what it did."""

    health: Health
    maker: str = ""
    model: str = ""
    features: frozenset[Feature] = frozenset()
    answers_fence: bool = False
    """Whether it answers the question about paper that stands behind a slip without an echo."""


def probe(printer: Printer, *, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> Findings:
    """Ask a ready printer for its name, the echo and automatic status; no paper moves.

    One that is not ready is asked nothing more. Do not call it while a job is on its way.
    """
    try:
        link = printer.connect(limits.connect_s)
    except LinkFailedError:
        return Findings(Unreachable(Reason.NO_LINK))
    try:
        return _ask(Session(link, clock, limits))
    except LinkLostError:
        return Findings(Unreachable(Reason.NO_LINK))
    finally:
        link.close()


def trusted(printer: Printer, findings: Findings) -> Printer:
    """Return the printer with what it has shown in place of what its profile claims.

    Findings of a printer that was not ready change nothing.
    """
    if not isinstance(findings.health, Ready):
        return printer
    return Printer(learned(printer.profile, findings.features), printer.connect)


def needs_probe(printer: Printer) -> bool:
    """Tell whether the profile claims what nobody has seen of this kind of printer."""
    claims = printer.profile.capabilities
    return any(claim.provenance is Provenance.UNVERIFIED for claim in claims)


def _ask(session: Session) -> Findings:
    health = look(session)
    if not isinstance(health, Ready):
        return Findings(health)
    maker, model = (_words(session, question) for question in (_MAKER, _MODEL))
    echo = session.hear(ECHO + fence_id(_PROBE_NO), Echo)
    tells = session.hear(STATUS_BACK, AutoStatus)
    fence = session.hear(_QUIET + RESET + PAPER_SENSOR, PaperSensor)
    found = {
        Feature.ECHO: echo is not None and echo.id == fence_id(_PROBE_NO),
        Feature.STATUS_BACK: tells is not None,
    }
    features = frozenset(feature for feature, answers in found.items() if answers)
    return Findings(health, maker, model, features, answers_fence=fence is not None)


def _words(session: Session, question: bytes) -> str:
    told = session.hear(question, Words)
    return told.text.decode("ascii", errors="replace") if told else ""
