"""The centre's lives: a restored centre is another one, so its rows are read into a new file.

What this store has sent since the backup is sent again, and the leases that it holds are reported:
until all stores have done so, the centre leases nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, insert, select
from sqlmodel import Field

from agent.journal import service as journal
from agent.journal import store as facts
from agent.journal import uses
from agent.journal.service import NewFact
from agent.leases import store as leases
from agent.replica import service as replica
from agent.replica import store as rows
from agent.schema import JournalTable, id_field, instant_field, table_of
from agent.station import Doubt, PremisesCache, Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import SessionAnswer
from shared.wire.facts import FactKind, HeldLease, LeasesReported
from shared.wire.feed import GLOBAL
from shared.wire.push import PushAnswer

FIRST_FILE = "replica-1.db"
FILES = "replica-*.db*"
REPORT_LEASES_MAX = 2_000
"""Of one fact."""

log = structlog.get_logger()


class LifeRecord(JournalTable, table=True):
    """A life of the centre that this agent has met, and the file with its rows; the last counts."""

    __tablename__ = "life"

    no: int = Field(primary_key=True)
    incarnation: UUID = id_field(unique=True)
    file: str
    at: datetime = instant_field()


@dataclass(frozen=True, slots=True)
class Life:
    """The life of the centre that was met last, and the file with its rows."""

    no: int
    incarnation: UUID
    file: str


_LIVES = table_of(LifeRecord)
_LAST = (
    select(_LIVES.c.no, _LIVES.c.incarnation, _LIVES.c.file).order_by(_LIVES.c.no.desc()).limit(1)
)


def last(journal: Connection) -> Life | None:
    """Return the life of the centre that was met last, None before the first."""
    row = journal.execute(_LAST).first()
    return Life(*row) if row else None


def current_file(engine: Engine) -> str:
    """Return the name of the file whose rows count, from the journal."""
    with reading(engine) as connection:
        met = last(connection)
    return met.file if met else FIRST_FILE


def sweep(station: Station) -> None:
    """Remove files of rows that do not count any more; one half read is read again."""
    current = current_file(station.journal)
    for path in station.data_dir.glob(FILES):
        if not path.name.startswith(current):
            path.unlink()


def meet(station: Station, session: SessionAnswer) -> None:
    """Note the first life of the centre; for another one read its rows anew and report leases.

    Raises what `replica.catch_up` raises; what has been read by then is not read again.
    """
    with reading(station.journal) as connection:
        met = last(connection)
    if met is None:
        with transaction(station.journal) as connection:
            _note(connection, 1, session, FIRST_FILE)
    elif met.incarnation != session.incarnation:
        _move(station, session, met.no + 1)


def _move(station: Station, session: SessionAnswer, no: int) -> None:
    name = f"replica-{no}-{session.incarnation.hex[-8:]}.db"
    fresh = station.open_replica(name)
    try:
        replica.catch_up_all(_with_rows(station, fresh))
        with reading(fresh) as read:
            cursor = rows.cursor(read, GLOBAL).number
        with station.doubt.lock, transaction(station.journal) as connection:
            _send_again(connection, station, session, cursor)
            _report(connection, station, session.incarnation)
            _note(connection, no, session, name)
    except BaseException:
        fresh.dispose()
        raise
    old, station.replica = station.replica, fresh
    station.premises.forget()
    old.dispose()
    station.wakes.push.set()
    log.warning("centre.restored", incarnation=str(session.incarnation))
    station.events.publish("centre.restored", incarnation=str(session.incarnation))


def _with_rows(station: Station, rows_file: Engine) -> Station:
    """Return the station as it reads rows into another file, which shows nothing yet."""
    nothing_shown = Doubt()
    nothing_shown.open = False
    return replace(station, replica=rows_file, premises=PremisesCache(), doubt=nothing_shown)


def _note(connection: Connection, no: int, session: SessionAnswer, name: str) -> None:
    row = {"no": no, "incarnation": session.incarnation, "file": name, "at": session.now}
    connection.execute(insert(_LIVES), row)


def hear_of(station: Station, answer: PushAnswer) -> None:
    """Let a fenced agent, which meets nobody, send all of its facts to another life again."""
    if not station.is_fenced:
        return
    with transaction(station.journal) as connection:
        met = last(connection)
        if met is not None and met.incarnation != answer.incarnation:
            values = {"incarnation": answer.incarnation, "at": station.clock.now()}
            connection.execute(insert(_LIVES), {"no": met.no + 1, "file": met.file, **values})
            for epoch in station.identity.epochs:
                facts.send_again(connection, epoch, 1)


def _send_again(
    connection: Connection, station: Station, session: SessionAnswer, cursor: int
) -> None:
    """Forget the former centre's word on what this one may lack, and send it again.

    What it expects is said of one branch only: of a barred epoch, or where another copy of this
    disk was faster, that may be anything. `cursor` is where the rows of this life stand: they hold
    what it has of this journal.
    """
    who = station.identity
    facts.uncover(connection, session.began_at)
    last_known = facts.hash_at(connection, who.epoch, session.expects - 1)
    of_this_branch = not station.barred and session.hash in (b"", last_known)
    if of_this_branch:
        facts.trust_rows(connection, who.epoch, session.expects, cursor)
    facts.send_again(connection, who.epoch, session.expects if of_this_branch else 1)
    for epoch in who.former:
        facts.send_again(connection, epoch, 1)


def _report(connection: Connection, station: Station, incarnation: UUID) -> None:
    at = station.clock.now()
    held = tuple(_held(connection, station))
    for start in range(0, max(1, len(held)), REPORT_LEASES_MAX):
        end = start + REPORT_LEASES_MAX
        parts_left = -(-max(0, len(held) - end) // REPORT_LEASES_MAX)
        body = LeasesReported(incarnation, held[start:end], parts_left, at)
        journal.append(connection, station, NewFact(FactKind.LEASES_REPORTED, body), at)


def _held(connection: Connection, station: Station) -> Iterator[HeldLease]:
    """Return the leases of which something is left, with the highest `granted` that was told."""
    who = station.identity
    with reading(station.replica) as read:
        told = {
            row.lot: (row.account, row.granted)
            for row in rows.all_leases(read)
            if (row.agent, row.epoch) == (who.agent, who.epoch)
        }
    for lot, account, granted in leases.all_answered(connection, who.epoch):
        told[lot] = (account, max(granted, told.get(lot, (account, 0))[1]))
    used = uses.every(connection, who.epoch)
    for use in used.values():
        told[use.lot] = (use.account, max(use.kept, told.get(use.lot, (use.account, 0))[1]))
    for lot, (account, granted) in sorted(told.items()):
        if granted > (used[lot].gone if lot in used else 0):
            yield HeldLease(lot, account, granted)
