"""How devices are, in words for the cashier: what is, and what to do about it."""

from agent.devices import Condition
from hardware.printers.outcome import (
    Blocked,
    Held,
    Outcome,
    Paper,
    Printed,
    Ready,
    Reason,
    Unreachable,
)
from hardware.printers.outcome import Health as PrinterHealth
from hardware.scanners.scanner import LinkState, ScannerHealth

Seen = tuple[Condition, str, str]
"""A condition with its sentence in Russian and in English."""

UNSEEN: Seen = (Condition.UNKNOWN, "Ещё не проверялось", "Not looked at yet")
DOUBT: Seen = (
    Condition.WARN,
    "Неясно, напечатан ли слип: посмотрите на бумагу; если его нет, напечатайте копию",
    "It is not clear whether a slip was printed: look at the paper; if it is not there, print a "
    "copy",
)

SHOWS: Seen = (
    Condition.OK,
    "Дисплей на связи; что он показывает, видно только на нём",
    "The line of the display is open; what it shows is seen on it alone",
)
NO_DISPLAY: Seen = (
    Condition.UNREACHABLE,
    "Дисплей не подключён: проверьте его кабель",
    "The display is not connected: check its cable",
)


def of_printer(health: PrinterHealth) -> Seen:
    """Say how a printer is that was asked."""
    match health:
        case Ready(paper=Paper.NEAR_END):
            return (
                Condition.WARN,
                "Бумага заканчивается: приготовьте новый рулон",
                "Paper is near its end: have a new roll at hand",
            )
        case Ready():
            return Condition.OK, "Принтер готов", "The printer is ready"
        case Blocked(reason):
            return _troubled(Condition.BLOCKED, reason)
        case Unreachable(reason):
            return _troubled(Condition.UNREACHABLE, reason)


def of_outcome(outcome: Outcome) -> Seen:
    """Say how a printer is by what became of a slip."""
    match outcome:
        case Printed(paper=paper):
            return of_printer(Ready(paper))
        case Blocked() | Unreachable():
            return of_printer(outcome)
        case Held(reason, _):
            return _troubled(Condition.BLOCKED, reason)
        case _:
            return DOUBT


def of_scanner(health: ScannerHealth) -> Seen:
    """Say how a scanner is."""
    if health.state is LinkState.UNREACHABLE:
        return (
            Condition.UNREACHABLE,
            "Сканер не подключён: проверьте его кабель",
            "The scanner is not connected: check its cable",
        )
    if health.state is LinkState.UNKNOWN:
        return UNSEEN
    if health.is_noisy:
        return (
            Condition.WARN,
            "Сканер передаёт неразборчиво: проверьте скорость порта в настройках агента",
            "What the scanner sends makes no sense: check the speed of its port in the settings",
        )
    return Condition.OK, "Сканер готов", "The scanner is ready"


def _troubled(condition: Condition, reason: Reason) -> Seen:
    ru, en = (f"{reason.sentence(locale)}: {reason.advice(locale)}" for locale in ("ru", "en"))
    return condition, ru, en
