"""The cash drawer on a person's command, behind the printer that prints the slips."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct

from agent.cashiers import demand_role
from agent.journal import answers
from agent.station import Station
from hardware.drawer import DrawerState, drawer_state, kick
from hardware.printers.outcome import Reason
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import transaction
from shared.wire.codec import decoder, encode

OPERATION = "drawer"
WAIT_S = 3.0
"""How long the printer may finish what it prints before the cashier is told that it is busy."""

log = structlog.get_logger()


class NoDrawerError(LoyaltyError):
    """No printer is configured, behind which a drawer could be."""

    kind = Kind.NOT_FOUND
    code = "no_drawer"
    ru = "Принтер, к которому подключён денежный ящик, не настроен."
    en = "No printer is set up to which a cash drawer could be connected."


class DrawerBusyError(LoyaltyError):
    """The printer prints, or waits for paper: nothing was sent to the drawer."""

    kind = Kind.UNAVAILABLE
    code = "drawer_busy"
    ru = "Принтер занят, ящику ничего не отправлено. Повторите или откройте ящик ключом."
    en = "The printer is busy, nothing was sent to the drawer. Try again, or open it with its key."


class DrawerSilentError(LoyaltyError):
    """The printer does not answer: nothing was sent to the drawer."""

    kind = Kind.UNAVAILABLE
    code = "drawer_silent"
    ru = "Денежный ящик не отвечает: {reason_ru}. Если нужно, откройте его ключом."
    en = "The cash drawer does not answer: {reason_en}. Open it with its key if need be."


class Opened(Struct, frozen=True):
    """The contact before the kick."""

    contact: str


Ask = Callable[..., DrawerState | Reason]

_decode = decoder(Opened)


def contact(station: Station) -> DrawerState:
    """Return the level of the drawer's contact; opens nothing.

    Raises NoDrawerError, DrawerBusyError, DrawerSilentError.
    """
    return _asked(station, drawer_state)


def open_drawer(station: Station, uid: UUID, cashier: str, at: datetime) -> DrawerState:
    """Open the drawer and return its contact before; repeating a uid opens it no second time.

    Raises NotPermittedError, NoDrawerError, DrawerBusyError, DrawerSilentError, UidReusedError.
    """
    demand_role(station, cashier, station.settings.drawer_opened_by)
    content = cashier.encode()
    with transaction(station.journal) as connection:
        done = answers.recall(connection, uid, OPERATION, content)
    if done is not None:
        return DrawerState(_decode(done).contact)
    before = _asked(station, kick)
    with transaction(station.journal) as connection:
        if answers.recall(connection, uid, OPERATION, content) is None:
            answers.remember(connection, uid, OPERATION, content, encode(Opened(before.value)), at)
    log.info("drawer.opened", cashier=cashier)
    return before


def _asked(station: Station, ask: Ask) -> DrawerState:
    """Speak with the printer while nobody else does; what comes too late is not sent at all."""
    printer = station.printer
    if printer is None:
        raise NoDrawerError
    if not station.at_printer.acquire(timeout=WAIT_S):
        raise DrawerBusyError
    try:
        answer = ask(printer, clock=station.clock)
    finally:
        station.at_printer.release()
    if isinstance(answer, DrawerState):
        return answer
    ru, en = (answer.sentence(locale).lower() for locale in ("ru", "en"))
    raise DrawerSilentError(reason_ru=ru, reason_en=en)
