"""Compare the rows with the centre's by their sums, and read again only the parts that differ."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from agent.replica import service, store, sums
from agent.replica.following import catch_up_to
from agent.replica.snapshot import fetch_piece
from agent.replica.sums import Held
from agent.station import Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.feed import Change
from shared.wire.rows import RowKind
from shared.wire.snapshot import PART_BITS, SnapshotPiece, StoredRow, Tally

PARTS_MAX = 256
"""Of 4,096: with more that differ, a whole snapshot costs less."""

TEND = "tend"
"""The loop that adds the rows up."""
SCRUB_EVERY = timedelta(hours=20)
SCRUB_OVERDUE = timedelta(days=3)
NIGHT = range(2, 5)
"""Hours of the store."""
NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class Verdict(Enum):
    """What comparing a stream's rows came to."""

    SAME = auto()
    DIFFERENT = auto()
    UNKNOWN = auto()
    """The centre's sum is of a number that this replica has not stood at, or cannot remember."""


def compare(station: Station, told: Iterable[Tally]) -> list[str]:
    """Compare what the centre says its rows sum up to; return the streams that differ."""
    verdicts: dict[str, set[Verdict]] = {}
    for one in told:
        verdict = _verdict(station, one)
        verdicts.setdefault(one.stream, set()).add(verdict)
        if verdict is Verdict.SAME:
            with transaction(station.replica) as connection:
                sums.note_check(connection, one.stream, one.number, station.time.now())
    return sorted(name for name, found in verdicts.items() if Verdict.DIFFERENT in found)


def tend(station: Station) -> None:
    """Do what the loop does every few seconds, however long the rows take."""
    station.gets_on(TEND)
    station.disk.look()


def scrub(station: Station) -> list[str]:
    """Add up all stored rows; return the streams whose rows are not those that were written.

    Each stream is read in one view, so that it may run beside the pull. What is damaged stays due
    until it is repaired, also when the agent starts again meanwhile.
    """
    found = []
    for stream in service.streams(station):
        with reading(station.replica) as connection:
            held = sums.held(connection, stream)
            total = sums.whole(sums.part_sums(connection, stream, partial(tend, station)))
        is_damaged = held is not None and held.sum != total
        if is_damaged:
            log.error("rows.damaged", stream=stream)
            found.append(stream)
        with transaction(station.replica) as connection:
            sums.note_scrub(connection, stream, None if is_damaged else station.time.now())
    return found


def is_scrub_due(station: Station, at: datetime) -> bool:
    """Tell whether the rows were not added up for a day, at night; or for three days."""
    settings = service.premises(station).settings
    if settings is None:
        return False
    with reading(station.replica) as connection:
        done = {one.stream: one.scrubbed_at for one in sums.checks(connection)}
    oldest = [done.get(stream) or NEVER for stream in service.streams(station)]
    is_night = NIGHT.start <= at.astimezone(ZoneInfo(settings.zone)).hour < NIGHT.stop
    return at - min(oldest) > (SCRUB_EVERY if is_night else SCRUB_OVERDUE)


def repair(station: Station, stream: str) -> int | None:
    """Read again the parts of a stream that differ from the centre's; return how many.

    None when too many differ: the whole stream is to be read anew. Raises what `catch_up` raises.
    """
    with reading(station.replica) as connection:
        number = store.cursor(connection, stream).number
    told = station.link.part_tallies(stream, number)
    number = catch_up_to(station, stream, told.number)
    gets_on = partial(station.gets_on, service.PULL)
    with reading(station.replica) as connection:
        mine = sums.part_sums(connection, stream, gets_on)
    theirs = dict(told.sums)
    wrong = [no for no in sorted(mine.keys() | theirs) if mine.get(no) != theirs.get(no)]
    if len(wrong) > PARTS_MAX:
        return None
    with reading(station.replica) as connection:
        former = sums.keys_of_parts(connection, stream, wrong, gets_on)
    for no in wrong:
        piece, rows = fetch_piece(station, stream, (PART_BITS, no), least=number)
        number = catch_up_to(station, stream, piece.number)
        _replace(station, piece, rows, former[no])
    _count_again(station, stream, len(wrong))
    log.warning("rows.repaired", stream=stream, parts=len(wrong))
    return len(wrong)


def _verdict(station: Station, told: Tally) -> Verdict:
    with reading(station.replica) as connection:
        at = store.cursor(connection, told.stream).number
        held = sums.held(connection, told.stream)
        if held is None or told.number < held.whole_from:
            return Verdict.UNKNOWN
        mine = held.sum if at == told.number else sums.mark(connection, told.stream, told.number)
    if mine is None:
        return Verdict.UNKNOWN
    if mine == told.sum:
        return Verdict.SAME
    log.error("rows.differ", stream=told.stream, number=told.number)
    return Verdict.DIFFERENT


def _replace(
    station: Station,
    piece: SnapshotPiece,
    rows: Sequence[StoredRow],
    former: Sequence[tuple[str, bytes]],
) -> None:
    """Put a part's rows in the place of those that were here, but for the list of keys, of which
    only a newer one is taken.

    What has come since `former` was read is the centre's: it is among the new rows, or gone again.
    """
    gone = [(kind, key) for kind, key in former if kind != RowKind.KEYS]
    removals = [Change(0, kind, key, b"") for kind, key in gone]
    changes = [Change(piece.number, row.kind, row.key, row.row) for row in rows]
    with transaction(station.replica) as connection:
        store.forget_rows(connection, gone)
        sums.take_from_aside(connection, piece.stream, removals)
        service.put(connection, station, piece.stream, changes)
    service.forget_premises(station, [*changes, *removals])


def _count_again(station: Station, stream: str, repaired_parts: int) -> None:
    """Add the rows up, which nobody else changes meanwhile, and go on from what they come to."""
    with reading(station.replica) as connection:
        number = store.cursor(connection, stream).number
        gets_on = partial(station.gets_on, service.PULL)
        total = sums.whole(sums.part_sums(connection, stream, gets_on))
    with transaction(station.replica) as connection:
        sums.put_held(connection, stream, Held(total, number))
        sums.forget_marks(connection, stream)
        sums.note_check(connection, stream, number, station.time.now(), repaired_parts)
        sums.note_scrub(connection, stream, station.time.now())
