"""The cash drawer behind a printer: its contact, and a kick on somebody's command."""

from enum import Enum

from hardware.printers.outcome import Reason
from hardware.printers.printer import DEFAULT_LIMITS, Printer
from hardware.printers.session import Limits, Session
from hardware.transport.port import LinkFailedError, LinkLostError
from shared.clock import Clock

_KICK = b"\x1bp\x00\x32\xfa"
"""Pin 2, 100 ms on, 500 ms off (`ESC p`)."""
_PRINTER_STATUS = 1
_PIN_3_HIGH = 0x04


class DrawerState(Enum):
    """What the drawer's contact says; which level means open depends on the drawer."""

    HIGH = "high"
    LOW = "low"


def drawer_state(
    printer: Printer, *, clock: Clock, limits: Limits = DEFAULT_LIMITS
) -> DrawerState | Reason:
    """Return the level of the drawer's contact, or why it cannot be had; opens nothing."""
    return _ask(printer, clock, limits, command=b"")


def kick(
    printer: Printer, *, clock: Clock, limits: Limits = DEFAULT_LIMITS
) -> DrawerState | Reason:
    """Open the drawer, on a person's command alone; return the contact's level before the kick.

    Returns the reason if it did not go out: a printer that does not answer is sent nothing. No
    slip carries this command; repeating kicks again; only the contact tells what came of it.
    """
    return _ask(printer, clock, limits, command=_KICK)


def _ask(printer: Printer, clock: Clock, limits: Limits, *, command: bytes) -> DrawerState | Reason:
    """Read the contact, then send a command in the same connection."""
    try:
        link = printer.connect(limits.connect_s)
    except LinkFailedError:
        return Reason.NO_LINK
    try:
        answer = Session(link, clock, limits).ask(_PRINTER_STATUS)
        if isinstance(answer, Reason):
            return answer
        if command and link.write(command, limits.answer_s) < len(command):
            return Reason.SILENT
    except LinkLostError:
        return Reason.NO_LINK
    finally:
        link.close()
    return DrawerState.HIGH if answer & _PIN_3_HIGH else DrawerState.LOW
