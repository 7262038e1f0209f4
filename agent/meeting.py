"""The agent meets the centre: what the session's answer means for its epoch and its rows."""

from agent import epochs, lives
from agent.link import RefusedByCentreError
from agent.station import FENCED, Identity, Station


def meet(station: Station) -> None:
    """Open or take up a session and obey what it says; raises what the link raises."""
    who = station.identity
    try:
        session = station.link.session(last_seq=0)
    except RefusedByCentreError as refused:
        _take_refusal(station, who, str(refused.details["refusal"]))
        raise
    epochs.heed(station, who.epoch, session.expects, session.barred)
    lives.meet(station, session)


def _take_refusal(station: Station, who: Identity, refusal: str) -> None:
    if who is not station.identity:
        return  # the refused session was of the epoch before
    if refusal == FENCED:
        epochs.bar(station, FENCED, station.clock.now())
        epochs.send_last_again(station)
    elif refusal == epochs.UNKNOWN:
        epochs.rejoin(station)
