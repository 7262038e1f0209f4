"""What can become of a print job, and why, in words for the cashier."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a printer does not print, the most telling first.

    An open cover, for one, also looks like missing paper and like a printer that is offline.
    """

    COVER_OPEN = "cover_open"
    PAPER_OUT = "paper_out"
    CUTTER_JAM = "cutter_jam"
    FAULT = "fault"
    OFFLINE = "offline"
    NO_LINK = "no_link"
    SILENT = "silent"
    GARBLED = "garbled"

    def sentence(self, locale: str) -> str:
        """Return the reason for people, in Russian for `ru` and in English otherwise."""
        russian, english = _SENTENCES[self]
        return russian if locale == "ru" else english

    def advice(self, locale: str) -> str:
        """Return what to do about it, in Russian for `ru` and in English otherwise."""
        russian, english = _ADVICE[self]
        return russian if locale == "ru" else english


_SENTENCES = {
    Reason.PAPER_OUT: ("Нет бумаги", "Out of paper"),
    Reason.COVER_OPEN: ("Открыта крышка", "The cover is open"),
    Reason.CUTTER_JAM: ("Заклинило отрезчик", "The cutter is jammed"),
    Reason.FAULT: ("Ошибка принтера", "The printer reports an error"),
    Reason.OFFLINE: ("Принтер не готов", "The printer is offline"),
    Reason.NO_LINK: ("Нет связи с принтером", "No link to the printer"),
    Reason.SILENT: ("Принтер не отвечает", "The printer does not answer"),
    Reason.GARBLED: ("Принтер отвечает неразборчиво", "The printer's answers make no sense"),
}


_ADVICE = {
    Reason.PAPER_OUT: ("вставьте новый рулон", "put in a new roll"),
    Reason.COVER_OPEN: ("закройте её до щелчка", "close it until it clicks"),
    Reason.CUTTER_JAM: (
        "выключите принтер, уберите обрывки бумаги, включите снова",
        "switch the printer off, take out scraps of paper, switch it on again",
    ),
    Reason.FAULT: (
        "выключите и включите принтер; если не помогло, зовите мастера",
        "switch the printer off and on; if that does not help, call for service",
    ),
    Reason.OFFLINE: (
        "отпустите кнопку подачи бумаги или перезапустите принтер",
        "release the feed button or restart the printer",
    ),
    Reason.NO_LINK: (
        "проверьте, включён ли он и вставлен ли кабель",
        "see whether it is switched on and its cable is plugged in",
    ),
    Reason.SILENT: (
        "перезапустите его; не печатает ли на нём другая касса?",
        "restart it; does another till print on it?",
    ),
    Reason.GARBLED: (
        "проверьте скорость порта в настройках агента",
        "check the speed of the port in the agent's settings",
    ),
}


class Paper(StrEnum):
    """How much paper the printer says it has."""

    PLENTY = "plenty"
    NEAR_END = "near_end"


class Proof(StrEnum):
    """What shows that a slip was printed: the echo of its id, or the fence behind it."""

    ECHO = "echo"
    FENCE = "fence"


class Doubt(StrEnum):
    """What happened while bytes of a slip were on their way."""

    LINK_LOST = "link_lost"
    DEADLINE = "deadline"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a slip whose end nobody saw, for the person who decides."""

    doubt: Doubt
    sent_bytes: int
    slip_bytes: int
    last_reason: Reason | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The printer would print now."""

    paper: Paper


@dataclass(frozen=True, slots=True)
class Printed:
    """The printer has said that the slip left it."""

    proof: Proof
    paper: Paper


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing was sent: the printer told before that it cannot print."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing was sent: there is no printer to talk to."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Held:
    """The printer has bytes of the slip and says why it waits; it may print them at any time."""

    reason: Reason
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Bytes were sent and nobody saw the end: a person decides between printed and a copy."""

    evidence: Evidence


Outcome = Printed | Blocked | Held | Uncertain | Unreachable
Health = Ready | Blocked | Unreachable
