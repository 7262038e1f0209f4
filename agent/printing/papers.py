"""Papers in front of a person: whose end nobody saw, or that wait, until somebody says what is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import Connection

from agent.printing import store
from agent.printing.service import reprint
from agent.printing.store import Job, JobState
from agent.station import Station
from hardware.printers.layout import as_text
from shared.errors import Kind, LoyaltyError
from shared.runtime.sqlite import reading
from shared.slip import DamagedSlipError, decode_slip

SLIP_COLUMNS = 48
SHOWN_MAX = 20
SHOWN_FOR = timedelta(days=2)
"""After that nobody comes for a paper; a copy can be had of its receipt."""
DOUBTFUL: Final = (JobState.HELD, JobState.UNCERTAIN)
UNPRINTED: Final = (JobState.QUEUED, JobState.EXPIRED, JobState.REJECTED)

log = structlog.get_logger()


class Verdict(StrEnum):
    """What a person says of a paper."""

    PRINTED = "printed"
    """It is there, whole."""
    COPY = "copy"
    """It is not there, or torn: a copy is wanted."""
    CANCEL = "cancel"
    """Nobody wants it any more."""


_OF: Final = {
    Verdict.PRINTED: DOUBTFUL,
    Verdict.COPY: (*DOUBTFUL, JobState.EXPIRED),
    Verdict.CANCEL: (*DOUBTFUL, *UNPRINTED),
}
"""Of what papers each can be said."""


class UnknownPaperError(LoyaltyError):
    """A job of the spool that is not there."""

    kind = Kind.NOT_FOUND
    code = "unknown_paper"
    ru = "Задания печати {job} нет."
    en = "There is no print job {job}."


class PaperSettledError(LoyaltyError):
    """A paper of which nothing is to be decided: it was printed, is being printed, or settled."""

    kind = Kind.CONFLICT
    code = "paper_settled"
    ru = "О слипе {job} решать нечего: он напечатан, печатается или уже разобран."
    en = "Nothing is to be decided of slip {job}: it is printed, being printed, or settled."


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that somebody has to look for, as text; `is_doubtful` if it may be there."""

    job: int
    copy_no: int
    state: JobState
    reason: str
    at: datetime
    text: str

    @property
    def is_doubtful(self) -> bool:
        """Whether some of it may be on paper."""
        return self.state in DOUBTFUL


def open_papers(station: Station) -> list[Paper]:
    """Return the papers that are in front of a person, the newest first, bounded."""
    since = station.time.now() - SHOWN_FOR
    with reading(station.journal) as connection:
        found = store.open_jobs(connection, (*DOUBTFUL, *UNPRINTED), since, SHOWN_MAX)
    return [Paper(job.no, job.copy_no, job.state, job.reason, job.at, _text(job)) for job in found]


def doubtful(station: Station) -> int:
    """Count the papers of which somebody has to say whether they are there."""
    since = station.time.now() - SHOWN_FOR
    with reading(station.journal) as connection:
        return store.doubted(connection, since)


def settle(connection: Connection, job_no: int, verdict: Verdict, person: str, at: datetime) -> int:
    """Write down what a person says of a paper; return the number of the copy, 0 for none.

    A copy is spooled in the same transaction. Raises UnknownPaperError, PaperSettledError.
    """
    job = store.job(connection, job_no)
    if job is None:
        raise UnknownPaperError(job=job_no)
    if job.state not in _OF[verdict]:
        raise PaperSettledError(job=job_no)
    state = JobState.PRINTED if verdict is Verdict.PRINTED else JobState.CANCELLED
    store.move(connection, job_no, state, f"{verdict}: said by {person}")
    log.info("paper.settled", job=job_no, verdict=verdict.value, was=job.state.value)
    return reprint(connection, job.slip, at).copy_no if verdict is Verdict.COPY else 0


def _text(job: Job) -> str:
    """Return a paper as text; empty when its slip cannot be read."""
    try:
        return as_text(decode_slip(job.body), SLIP_COLUMNS)
    except DamagedSlipError:
        return ""
