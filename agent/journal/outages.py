"""When the line was down, as far as anybody saw it: kept through restarts."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from agent.schema import WITHOUT_ROWID, JournalTable, instant_field
from agent.station import Station
from shared.clock import from_milliseconds, milliseconds
from shared.runtime.sqlite import run, transaction


class OutageRecord(JournalTable, table=True):
    """A time without the centre; one that goes on is written anew each minute."""

    __tablename__ = "outage"
    __table_args__ = WITHOUT_ROWID

    began: datetime = instant_field(primary_key=True)
    ended: datetime = instant_field()


_KEEP = "INSERT INTO outage (began, ended) VALUES (?, ?) ON CONFLICT DO UPDATE SET ended = ?2"
_FIND = "SELECT began, ended FROM outage WHERE ended > ? AND began < ?"
_FORGET = "DELETE FROM outage WHERE ended < ?"


def keep(station: Station) -> None:
    """Write down what was seen of the line since it was written last; repeating is safe."""
    seen = station.downtime.to_keep()
    if seen:
        with transaction(station.journal) as connection:
            for began, ended in seen:
                run(connection, _KEEP, (milliseconds(began), milliseconds(ended)))
        station.downtime.kept(seen)


def offline(connection: Connection, station: Station, start: datetime, end: datetime) -> timedelta:
    """Return for how long the line was down between two instants."""
    values = (milliseconds(start), milliseconds(end))
    rows = run(connection, _FIND, values).fetchall()
    found = {from_milliseconds(began): from_milliseconds(ended) for began, ended in rows}
    found |= station.downtime.seen()
    return _within(found, start, end)


def forget(connection: Connection, _after: bytes, before: datetime, _most: int) -> bytes:
    """Forget what is long over; a store has few outages."""
    run(connection, _FORGET, (milliseconds(before),))
    return b""


def _within(outages: Mapping[datetime, datetime], start: datetime, end: datetime) -> timedelta:
    """Sum up, each minute once however many outages overlap it."""
    total, reached = timedelta(), start
    for began, ended in sorted(outages.items()):
        first, last = max(began, reached), min(ended, end)
        if last > first:
            total += last - first
            reached = last
    return total
