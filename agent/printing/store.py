"""The spool: print jobs beside the facts that they are of."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlmodel import Field

from agent.schema import JournalTable, closed_field, id_field, instant_field, table_of
from shared.clock import from_milliseconds, milliseconds
from shared.runtime.sqlite import listed, run
from shared.slip import Slip, decode_slip, encode_slip

REASON_CHARS_MAX = 200


class JobState(StrEnum):
    """Where a print job is; only `queued` is ever sent."""

    QUEUED = "queued"
    SENDING = "sending"
    PRINTED = "printed"
    HELD = "held"
    UNCERTAIN = "uncertain"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """It waited for the printer for too long."""
    CANCELLED = "cancelled"
    """A person has seen that it is not there, or does not want it any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """A paper as the spool knows it; `at` is when it was spooled."""

    no: int
    slip: UUID
    copy_no: int
    state: JobState
    reason: str
    at: datetime
    body: bytes = field(repr=False)


class PrintJobRecord(JournalTable, table=True):
    """A slip on its way to paper; its number is the id of the printer's echo."""

    __tablename__ = "print_job"

    job_no: int = Field(primary_key=True)
    slip: UUID = id_field(index=True)
    copy_no: int
    body: bytes = closed_field("slip")
    state: str = Field(index=True)
    reason: str
    attempts: int
    at: datetime = instant_field()


_JOBS = table_of(PrintJobRecord)
_NOT_PRINTED = "SELECT slip FROM print_job WHERE state IN (?, ?) AND slip IN (?*)"
_DOUBTED = """
SELECT count(*) FROM print_job AS last WHERE state IN (?, ?) AND at >= ?
AND NOT EXISTS (SELECT 1 FROM print_job WHERE slip = last.slip AND copy_no > last.copy_no)"""
_OPEN = """
SELECT job_no, slip, copy_no, state, reason, at, opened('slip', body) FROM print_job AS last
WHERE state IN (?*) AND at >= ?
AND NOT EXISTS (SELECT 1 FROM print_job WHERE slip = last.slip AND copy_no > last.copy_no)
ORDER BY job_no DESC LIMIT ?"""
_JOB = """
SELECT job_no, slip, copy_no, state, reason, at, opened('slip', body) FROM print_job
WHERE job_no = ?"""
_EXPIRE = "UPDATE print_job SET state = ?, reason = ? WHERE state = ? AND at < ?"
_FORGET = """
DELETE FROM print_job WHERE slip IN (?*) AND job_no < (SELECT max(job_no) FROM print_job)"""
"""The last number is not given to another job: the printer may still echo it."""
_ENQUEUE = """
INSERT INTO print_job (slip, copy_no, body, state, reason, attempts, at)
SELECT ?1, ?2, closed('slip', ?3), ?4, '', 0, ?5
WHERE NOT EXISTS (SELECT 1 FROM print_job WHERE slip = ?1 AND copy_no = ?2)
"""
_FIND = "SELECT job_no FROM print_job WHERE slip = ? AND copy_no = ?"


def enqueue(connection: Connection, slip: Slip, at: datetime) -> int:
    """Spool a slip in the caller's transaction and return the job's number.

    Repeating is safe: a paper that is spooled already keeps its job and its state.
    """
    job = (slip.id.bytes, slip.copy_no, encode_slip(slip), JobState.QUEUED.value, milliseconds(at))
    entered = run(connection, _ENQUEUE, job)
    if entered.rowcount:
        assert entered.lastrowid is not None
        return entered.lastrowid
    found = run(connection, _FIND, job[:2]).fetchone()
    assert found is not None
    return int(found[0])


def enter_printed(connection: Connection, slip: Slip, at: datetime) -> None:
    """Enter a slip that was printed before the spool lost it."""
    move(connection, enqueue(connection, slip, at), JobState.PRINTED, "told by the centre")


def next_queued(connection: Connection) -> tuple[int, bytes] | None:
    """Return the job that is first in line, its slip as it is stored."""
    row = connection.execute(
        select(_JOBS.c.job_no, _JOBS.c.body)
        .where(_JOBS.c.state == JobState.QUEUED)
        .order_by(_JOBS.c.job_no)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def open_jobs(
    connection: Connection, states: Collection[JobState], since: datetime, most: int
) -> list[Job]:
    """Return the last papers of slips that are in some states, the newest first."""
    values = (*(state.value for state in states), milliseconds(since), most)
    return [_job(row) for row in run(connection, listed(_OPEN, len(states)), values)]


def job(connection: Connection, job_no: int) -> Job | None:
    """Return a paper by its job's number."""
    row = run(connection, _JOB, (job_no,)).fetchone()
    return _job(row) if row else None


def expire(connection: Connection, before: datetime) -> int:
    """Let jobs that wait since before an instant be printed no more; return how many."""
    reason = "waited for the printer too long"
    values = (JobState.EXPIRED.value, reason, JobState.QUEUED.value, milliseconds(before))
    return run(connection, _EXPIRE, values).rowcount


def move(connection: Connection, job_no: int, state: JobState, reason: str) -> None:
    """Write a job's new state and why."""
    connection.execute(
        update(_JOBS)
        .where(_JOBS.c.job_no == job_no)
        .values(state=state.value, reason=reason[:REASON_CHARS_MAX])
    )


def mark_sending(connection: Connection, job_no: int) -> None:
    """Write that bytes are about to leave: after a crash the job is uncertain."""
    connection.execute(
        update(_JOBS)
        .where(_JOBS.c.job_no == job_no)
        .values(state=JobState.SENDING.value, attempts=_JOBS.c.attempts + 1)
    )


def abandon_sending(connection: Connection) -> int:
    """Mark jobs that a process left half sent as uncertain; return how many."""
    found = connection.execute(
        update(_JOBS)
        .where(_JOBS.c.state == JobState.SENDING)
        .values(state=JobState.UNCERTAIN.value, reason="nobody wrote down what became of it")
    )
    return found.rowcount


def distrust(connection: Connection) -> int:
    """Mark jobs that are not known to be printed as uncertain; return how many."""
    found = connection.execute(
        update(_JOBS)
        .where(_JOBS.c.state.in_((JobState.QUEUED, JobState.SENDING)))
        .values(state=JobState.UNCERTAIN.value, reason="the data folder was restored")
    )
    return found.rowcount


def slip_and_copies(connection: Connection, slip: UUID) -> tuple[Slip, int] | None:
    """Return the first paper of a slip and the number of its copies so far."""
    rows = connection.execute(
        select(_JOBS.c.body, _JOBS.c.copy_no).where(_JOBS.c.slip == slip).order_by(_JOBS.c.job_no)
    ).all()
    return (decode_slip(rows[0][0]), max(row[1] for row in rows)) if rows else None


def job_state(connection: Connection, slip: UUID) -> tuple[JobState, str] | None:
    """Return the state of a slip's first paper and its reason."""
    row = connection.execute(
        select(_JOBS.c.state, _JOBS.c.reason)
        .where(_JOBS.c.slip == slip, _JOBS.c.copy_no == 0)
        .limit(1)
    ).first()
    return (JobState(row[0]), row[1]) if row else None


def counts(connection: Connection) -> dict[str, int]:
    """Count jobs by state."""
    rows = connection.execute(select(_JOBS.c.state, func.count()).group_by(_JOBS.c.state))
    return {row[0]: row[1] for row in rows}


def doubted(connection: Connection, since: datetime) -> int:
    """Count slips spooled since an instant whose last paper is held or uncertain."""
    values = (JobState.HELD.value, JobState.UNCERTAIN.value, milliseconds(since))
    return int(run(connection, _DOUBTED, values).fetchone()[0])


def not_printed(connection: Connection, slips: Collection[UUID]) -> set[UUID]:
    """Return which of some slips are still on their way to paper."""
    keys = [slip.bytes for slip in slips]
    values = (JobState.QUEUED.value, JobState.SENDING.value, *keys)
    return {UUID(bytes=row[0]) for row in run(connection, listed(_NOT_PRINTED, len(keys)), values)}


def forget(connection: Connection, slips: Collection[UUID]) -> None:
    """Forget slips with their facts: no copy of them can be printed here any more."""
    run(connection, listed(_FORGET, len(slips)), [slip.bytes for slip in slips])


def _job(row: tuple[int, bytes, int, str, str, int, bytes]) -> Job:
    no, slip, copy_no, state, reason, at, body = row
    told = JobState(state), reason, from_milliseconds(at)
    return Job(no, UUID(bytes=slip), copy_no, *told, body)
