"""The agent meets the centre: what the session's answer means for its epoch and its rows."""

from agent import epochs, keyring, lives
from agent.journal import store as facts
from agent.keyring import UnknownKeyError
from agent.link import RefusedByCentreError
from agent.replica import following, repair
from agent.replica import service as replica
from agent.station import FENCED, Identity, Station
from shared.runtime.sqlite import reading
from shared.wire.agents import SessionAnswer


def catch_up(station: Station) -> None:
    """Meet the centre, bring the rows up to where it is, and mend those that are not its own.

    Rows that are too old to go on from are read anew; a key that was renewed since the session was
    opened comes with the next one. Raises what the link raises, InDoubtError, UnknownKeyError, and
    what damage raises; what has been applied stays.
    """
    session = meet(station)
    try:
        _follow(station)
    except UnknownKeyError:
        session = meet(station)
        _follow(station)
    # A store that has moved since may not ask for its former region, whose rows are gone.
    station.suspects.intersection_update(replica.streams(station))
    for stream in sorted({*repair.compare(station, session.tallies), *station.suspects}):
        if repair.repair(station, stream) is None:
            lives.renew(station)
        station.suspects.discard(stream)
    replica.settle(station)


def _follow(station: Station) -> None:
    try:
        following.catch_up_all(station)
    except RefusedByCentreError as refused:
        if refused.details["refusal"] != lives.TOO_OLD:
            raise
        lives.renew(station)


def meet(station: Station) -> SessionAnswer:
    """Open or take up a session and obey what it says; raises what the link raises."""
    who = station.identity
    _report(station)
    try:
        session = station.link.session()
    except RefusedByCentreError as refused:
        _take_refusal(station, who, str(refused.details["refusal"]))
        raise
    keyring.take(station, who, session)
    epochs.heed(station, who.epoch, session.expects, session.barred)
    lives.meet(station, session)
    station.time.keep()
    station.backed_up = session.backed_up
    return session


def _report(station: Station) -> None:
    who = station.identity
    with reading(station.journal) as connection:
        queue = facts.queue(connection, who.lines)
        last_seq = facts.tip(connection, who.epoch).seq
    station.link.report(last_seq, queue.oldest_at)


def _take_refusal(station: Station, who: Identity, refusal: str) -> None:
    if who is not station.identity:
        return  # the refused session was of the epoch before
    if refusal == FENCED:
        epochs.bar(station, FENCED, station.time.now())
        epochs.send_last_again(station)
    elif refusal == epochs.UNKNOWN:
        epochs.rejoin(station)
