"""Follow the centre's streams: a snapshot where there are no rows yet, then piece after piece."""

from functools import partial

import structlog

from agent.keyring import FormerKeyError
from agent.replica import service, store, sums
from agent.replica.snapshot import read_snapshot
from agent.replica.sums import Held
from agent.station import Station
from shared.runtime.sqlite import reading, transaction
from shared.wire.codec import MalformedError
from shared.wire.feed import AGAIN_MAX, BrokenSegmentError, Segment

log = structlog.get_logger()

PIECES_MAX = 10_000
"""Bound on one catch-up; the rest is taken up at the next."""


def catch_up(station: Station, stream: str) -> int:
    """Fetch and apply pieces of a stream until there is nothing newer; return the cursor.

    A stream without any rows here begins with its snapshot. Raises what `read_snapshot`, `apply`
    and the link raise; what has been applied stays.
    """
    with reading(station.replica) as connection:
        at = store.cursor(connection, stream)
        is_counted = sums.held(connection, stream) is not None
    if at.incarnation is None:
        return _apply_all(station, stream, read_snapshot(station, stream), None)
    if not is_counted:
        _count_now(station, stream)
    return _apply_all(station, stream, at.number, None)


def catch_up_to(station: Station, stream: str, number: int) -> int:
    """Fetch and apply what a stream has up to a number and no further; return the cursor."""
    with reading(station.replica) as connection:
        at = store.cursor(connection, stream).number
    return _apply_all(station, stream, at, number)


def catch_up_all(station: Station) -> None:
    """Catch up with every stream of the store; its region may become known on the way."""
    done: set[str] = set()
    while missing := [stream for stream in service.streams(station) if stream not in done]:
        for stream in missing:
            catch_up(station, stream)
            done.add(stream)


def _apply_all(station: Station, stream: str, number: int, up_to: int | None) -> int:
    for _ in range(PIECES_MAX):
        if up_to is not None and number >= up_to:
            break
        applied = _apply_next(station, stream, number, up_to)
        if applied is None:
            break
        number = applied
    return number


def _apply_next(station: Station, stream: str, number: int, up_to: int | None) -> int | None:
    """Fetch and apply the piece after a number; what comes damaged, under a key of long ago or is
    another piece than was asked for is asked for again.

    None when there is nothing newer.
    """
    for again in range(AGAIN_MAX + 1):
        try:
            segment = _fetch(station, stream, number, again)
            return None if segment is None else service.apply(station, segment, up_to)
        except (BrokenSegmentError, FormerKeyError, MalformedError) as damage:
            log.warning("segment.damaged", stream=stream, after=number, reason=str(damage))
            if again == AGAIN_MAX:
                raise
    raise AssertionError("the last try returns or raises")


def _fetch(station: Station, stream: str, number: int, again: int) -> Segment | None:
    found = station.link.segment(stream, number, again)
    if found is None or (found.stream == stream and found.first <= number + 1 <= found.last):
        return found
    raise BrokenSegmentError(stream=found.stream, first=found.first, last=found.last)


def _count_now(station: Station, stream: str) -> None:
    """Count rows that were written before there were tallies."""
    with transaction(station.replica) as connection:
        gets_on = partial(station.gets_on, service.PULL)
        total = sums.whole(sums.part_sums(connection, stream, gets_on))
        number = store.cursor(connection, stream).number
        sums.put_held(connection, stream, Held(total, number))
