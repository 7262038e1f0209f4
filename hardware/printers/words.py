"""What a printer has said and what became of a job, as sentences for people in two languages."""

from collections.abc import Iterable
from dataclasses import dataclass

from hardware.printers.outcome import (
    Blocked,
    Health,
    Held,
    Outcome,
    Paper,
    Printed,
    Proof,
    Ready,
    Reason,
    Uncertain,
    Unreachable,
)
from hardware.printers.probe import Findings
from hardware.printers.profile import Feature


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence in Russian and in English."""

    ru: str
    en: str

    def __str__(self) -> str:
        return f"{self.ru} / {self.en}"


_NEAR_END = Said("бумага кончается", "paper near its end")
_READY = Said("готов", "ready")
_PROOF = {
    Proof.ECHO: Said(
        "напечатано: принтер подтвердил это эхом", "printed: the printer has echoed it"
    ),
    Proof.FENCE: Said(
        "напечатано: принтер ответил на вопрос, стоявший за слипом",
        "printed: the printer has answered the question that stood behind the slip",
    ),
}
_FEATURES = {
    Feature.ECHO: Said("эхо напечатанного слипа", "an echo of the slip that it has printed"),
    Feature.STATUS_BACK: Said(
        "сам сообщает о бумаге и крышке", "tells of paper and cover by itself"
    ),
}
_FENCE = Said("отвечает на вопрос за слипом", "answers a question behind a slip")
_MAY_PRINT = Said(
    "принтер может допечатать сам, не печатайте ещё раз",
    "the printer may print the rest by itself, do not print again",
)


def of_health(health: Health) -> Said:
    """Say how a printer is, and what to do if it is not well."""
    match health:
        case Ready(paper):
            return _with_paper(_READY, paper)
        case Blocked(reason) | Unreachable(reason):
            return _advised(reason)


def of_findings(findings: Findings) -> Iterable[Said]:
    """Say what a probe has found, a sentence at a time; of a printer that is not ready, why."""
    yield of_health(findings.health)
    if not isinstance(findings.health, Ready):
        return
    name = " ".join(word for word in (findings.maker, findings.model) if word)
    yield Said(f"называет себя: {name or 'никак'}", f"calls itself: {name or 'nothing'}")
    for feature, words in _FEATURES.items():
        yield _answered(words, feature in findings.features)
    yield _answered(_FENCE, findings.answers_fence)


def of_outcome(outcome: Outcome) -> Said:
    """Say what became of a print job."""
    match outcome:
        case Printed(proof, paper):
            return _with_paper(_PROOF[proof], paper)
        case Blocked(reason) | Unreachable(reason):
            why = _advised(reason)
            return Said(f"не напечатано. {why.ru}", f"not printed. {why.en}")
        case Held(reason):
            why = _advised(reason)
            return Said(f"{why.ru}; {_MAY_PRINT.ru}", f"{why.en}; {_MAY_PRINT.en}")
        case Uncertain(evidence):
            sent, whole = evidence.sent_bytes, evidence.slip_bytes
            return Said(
                f"отправлено {sent} байт из {whole}, конца никто не видел: посмотрите на бумагу",
                f"{sent} of {whole} bytes were sent and nobody saw the end: look at the paper",
            )


def _with_paper(said: Said, paper: Paper) -> Said:
    if paper is not Paper.NEAR_END:
        return said
    return Said(f"{said.ru}, {_NEAR_END.ru}", f"{said.en}, {_NEAR_END.en}")


def _advised(reason: Reason) -> Said:
    ru, en = (f"{reason.sentence(one)}: {reason.advice(one)}" for one in ("ru", "en"))
    return Said(ru, en)


def _answered(words: Said, can: object) -> Said:
    return Said(f"{words.ru}: {'да' if can else 'нет'}", f"{words.en}: {'yes' if can else 'no'}")
