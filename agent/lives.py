"""The centre's lives and the files with its rows: rows are read into a new file beside the old.

So it is at the beginning, when the rows are lost or too old to go on from, and when the centre was
restored: a restored centre is another one. Then what this store has sent since the backup is sent
again, and the leases that it holds are reported: until all stores have done so, the centre leases
nothing.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlmodel import Field

from agent.journal import service as journal
from agent.journal import store as facts
from agent.journal import uses
from agent.journal.service import NewFact
from agent.leases import store as leases
from agent.link import RefusedByCentreError
from agent.replica import following
from agent.replica import store as rows
from agent.replica.service import InDoubtError
from agent.replica.snapshot import SORTED_SIZES, size_of
from agent.schema import JournalTable, id_field, instant_field, table_of
from agent.station import Doubt, PremisesCache, Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.agents import LIVES_MAX, LifeBegan, SessionAnswer, parted_at
from shared.wire.facts import FactKind, HeldLease, LeasesReported
from shared.wire.feed import GLOBAL
from shared.wire.push import PushAnswer

FIRST_FILE = "replica-1.db"
FILES = "replica-*.db*"
REPORT_LEASES_MAX = 2_000
"""Of one fact."""
TOO_OLD = "cursor_too_old"
"""The centre's word for a place in a stream from which it keeps no changes any more."""
UNUSABLE = (TOO_OLD, "cursor_ahead")

log = structlog.get_logger()


class LifeRecord(JournalTable, table=True):
    """A life of the centre that this agent has met, and the file with its rows; the last counts."""

    __tablename__ = "life"

    no: int = Field(primary_key=True)
    incarnation: UUID = id_field(unique=True)
    file: str
    at: datetime = instant_field()


class LineRecord(JournalTable, table=True):
    """The centre's lives up to the one that was met last, as that one told them."""

    __tablename__ = "line_of_lives"

    ordinal: int = Field(primary_key=True)
    incarnation: UUID = id_field()
    began_at: int


@dataclass(frozen=True, slots=True)
class Life:
    """The life of the centre that was met last, and the file with its rows."""

    no: int
    incarnation: UUID
    file: str


_LIVES = table_of(LifeRecord)
_LINE = table_of(LineRecord)
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
    """Remove files of rows that do not count any more, but for the newest that is half read."""
    current = current_file(station.journal)
    _remove(station, but=(current, _newest_after(station, current)))


def meet(station: Station, session: SessionAnswer) -> None:
    """Note the first life of the centre; for another one read its rows anew and report leases.

    Raises what `following.catch_up` raises; what has been read by then is not read again.
    """
    with reading(station.journal) as connection:
        met = last(connection)
    if met is None:
        with transaction(station.journal) as connection:
            _note(connection, 1, session, FIRST_FILE)
    elif met.incarnation != session.incarnation:
        _move(station, session, met)
        return
    with reading(station.replica) as read:
        is_empty = rows.cursor(read, GLOBAL).incarnation is None
    if is_empty:
        renew(station)


def renew(station: Station) -> None:
    """Read the rows of the same life anew into another file and go on from it.

    Selling goes on from the old one meanwhile. Raises InDoubtError while a push is unanswered, and
    what `following.catch_up` raises; what has been read by then is not read again.
    """
    with reading(station.journal) as connection:
        met = last(connection)
    assert met is not None, "no life of the centre was met"
    name = _next_file(met.file, met.incarnation)
    fresh = _read_anew(station, name)
    try:
        with station.doubt.lock, transaction(station.journal) as connection:
            _demand_no_doubt(station)
            values = {"file": name}
            connection.execute(update(_LIVES).where(_LIVES.c.no == met.no).values(values))
    except BaseException:
        fresh.dispose()
        raise
    _change_file(station, fresh)
    log.warning("rows.renewed", file=name)
    station.events.publish("rows.renewed")


def _demand_no_doubt(station: Station) -> None:
    """Rows must not come into use that may hold facts which still count as own."""
    if station.doubt.open:
        raise InDoubtError


def _move(station: Station, session: SessionAnswer, met: Life) -> None:
    name = _next_file(met.file, session.incarnation)
    fresh = _read_anew(station, name)
    try:
        with reading(fresh) as read:
            cursor = rows.cursor(read, GLOBAL).number
        with station.doubt.lock, transaction(station.journal) as connection:
            _send_again(connection, station, session, cursor)
            _report(connection, station, session.incarnation)
            _note(connection, met.no + 1, session, name)
    except BaseException:
        fresh.dispose()
        raise
    _change_file(station, fresh)
    log.warning("centre.restored", incarnation=str(session.incarnation))
    station.events.publish("centre.restored", incarnation=str(session.incarnation))


def _read_anew(station: Station, name: str) -> Engine:
    """Read all rows into a file, going on where a former attempt has stopped.

    A half-read file whose beginning the centre does not remember any more is begun again. None is
    begun for which the disk has no room beside the file in use: raises RowsWaitError.
    """
    _remove(station, but=(current_file(station.journal), name))
    if not (station.data_dir / name).exists():
        station.disk.demand_for_snapshot((1 + SORTED_SIZES) * size_of(station.replica))
    fresh = station.open_replica(name)
    try:
        following.catch_up_all(_with_rows(station, fresh))
    except RefusedByCentreError as refusal:
        fresh.dispose()
        if refusal.details["refusal"] in UNUSABLE:
            _remove(station, but=(current_file(station.journal),))
        raise
    except BaseException:
        fresh.dispose()
        raise
    return fresh


def _change_file(station: Station, fresh: Engine) -> None:
    old, station.replica = station.replica, fresh
    station.premises.forget()
    old.dispose()
    station.wakes.push.set()


def _remove(station: Station, but: tuple[str, ...]) -> None:
    for path in station.data_dir.glob(FILES):
        if path.name.partition(".db")[0] + ".db" not in but:
            path.unlink()


def _next_file(current: str, incarnation: UUID) -> str:
    return f"replica-{_count(current) + 1}-{incarnation.hex[-8:]}.db"


def _newest_after(station: Station, current: str) -> str:
    """Return the file that a former process has begun to read, or the current one."""
    names = {path.name.partition(".db")[0] + ".db" for path in station.data_dir.glob(FILES)}
    return max((name for name in names if _count(name) > _count(current)), key=_count, default="")


def _count(name: str) -> int:
    return int(name.removesuffix(".db").split("-")[1])


def _with_rows(station: Station, rows_file: Engine) -> Station:
    """Return the station as it reads rows into another file, which shows nothing yet."""
    nothing_shown = Doubt()
    nothing_shown.open = False
    reader = replace(station, replica=rows_file, premises=PremisesCache(), doubt=nothing_shown)
    reader.disk = station.disk
    return reader


def _note(connection: Connection, no: int, session: SessionAnswer, name: str) -> None:
    _put_last(connection, Life(no, session.incarnation, name), session.now)
    connection.execute(delete(_LINE))
    line = [
        {"ordinal": ordinal, "incarnation": life.incarnation, "began_at": life.began_at}
        for ordinal, life in enumerate(session.lives[-LIVES_MAX:])
    ]
    if line:
        connection.execute(insert(_LINE), line)


def _put_last(connection: Connection, life: Life, at: datetime) -> None:
    """Write the life that was met last: one that was met before counts from now on again, as when
    the centre goes on from the database that it had left for a backup."""
    connection.execute(delete(_LIVES).where(_LIVES.c.incarnation == life.incarnation))
    connection.execute(insert(_LIVES), {**asdict(life), "at": at})


def _line(connection: Connection) -> list[LifeBegan]:
    query = select(_LINE.c.incarnation, _LINE.c.began_at).order_by(_LINE.c.ordinal)
    return [LifeBegan(*row) for row in connection.execute(query)]


def hear_of(station: Station, answer: PushAnswer) -> None:
    """Let a fenced agent, which meets nobody, send all of its facts to another life again."""
    if not station.is_fenced:
        return
    with transaction(station.journal) as connection:
        met = last(connection)
        if met is not None and met.incarnation != answer.incarnation:
            now = Life(met.no + 1, answer.incarnation, met.file)
            _put_last(connection, now, station.time.now())
            for line in station.identity.lines:
                facts.send_again(connection, line, 1)


def _send_again(
    connection: Connection, station: Station, session: SessionAnswer, cursor: int
) -> None:
    """Forget the former centre's word on what this one may lack, and send it again.

    What it expects is said of one branch only, where another copy of this disk was faster not of
    this one: the hash before that place tells. `cursor` is where the rows of this life stand: they
    hold what it has of this journal.
    """
    who = station.identity
    facts.uncover(connection, parted_at(_line(connection), session.lives))
    last_known = facts.hash_at(connection, who.epoch, session.expects - 1)
    of_this_branch = session.hash == last_known if session.hash else not station.barred
    if of_this_branch:
        facts.trust_rows(connection, who.epoch, session.expects, cursor)
    facts.send_again(connection, who.epoch, session.expects if of_this_branch else 1)
    for line in who.lines:
        if line != who.epoch:
            facts.send_again(connection, line, 1)


def _report(connection: Connection, station: Station, incarnation: UUID) -> None:
    at = station.time.now()
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
