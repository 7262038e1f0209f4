"""What proves that a fact's clock was wrong, and its dates then, in the customer's favour."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from central.conflicts.values import Sentence
from central.ingest.chain import Standing
from central.ingest.desk import Desk
from central.ingest.reading import Reading

OFF_MAX = timedelta(minutes=5)
"""What a clock may be off; also covers how long a request was on its way."""
FURTHEST_EAST = timedelta(hours=14)
"""By so much that zone is ahead of UTC in which a day begins first."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A clock that said `told` when it was `here` at the latest, or at the earliest if that is
    later; `proof` says by what that is known."""

    told: datetime
    here: datetime
    proof: Sentence


def wrong(desk: Desk, reading: Reading) -> Wrong | None:
    """Return what proves that the clock of a fact's store was wrong; None if nothing does.

    Ahead: the centre had the fact before the instant that it says. Behind: an earlier fact of its
    journal says a later one (then the clock was set back, or had been ahead), or the store had told
    the centre where its journal ends, and the fact stands behind that place.
    """
    told = reading.at if reading.body is None else reading.body.at
    latest = max(told, reading.at)
    if latest - desk.at > OFF_MAX:
        return Wrong(latest, desk.at, _AHEAD)
    if reading.at - told > OFF_MAX:
        return Wrong(told, reading.at, _CHAIN)
    contact = _contact(desk, reading)
    if contact is not None and contact - told > OFF_MAX:
        return Wrong(told, contact, _CONTACT)
    return None


def in_favour(
    desk: Desk, reading: Reading, activates_at: datetime, expires_on: date | None
) -> tuple[datetime, date | None]:
    """Return the dates of a lot that a wrong clock has given: it activates earlier by what the
    clock was ahead, and lives on by what it was behind, as far as that is proved.

    A journal's stamps stay ahead when its clock is right again: that moves no date.
    """
    found = wrong(desk, reading)
    if found is None or reading.body is None:
        return activates_at, expires_on
    ahead = reading.body.at - desk.at
    if ahead > OFF_MAX:
        return activates_at - ahead, expires_on
    days = max(0, (found.here.date() - found.told.date()).days)
    return activates_at, expires_on and expires_on + timedelta(days=days)


def counted_on(day: date, heard_at: datetime) -> date:
    """Return the day on which counts what was done on a day: that of the centre, if it had begun
    nowhere when the centre heard of it.

    For years it would be in no period else, and let all days before it be old.
    """
    return day if day <= (heard_at + FURTHEST_EAST).date() else heard_at.date()


def _contact(desk: Desk, reading: Reading) -> datetime | None:
    """Return when the store had told of its journal's end, if the fact stands behind that."""
    fact, told = reading.fact, desk.ends_told.get(reading.fact.agent)
    if told is None or reading.standing is Standing.BRANCH:
        return None
    return told.at if (told.epoch, told.seq) < (fact.epoch, fact.seq) else None


_AHEAD = Sentence("в центре ещё было", "at the centre it was")
_CHAIN = Sentence("по более раннему факту того же журнала уже было", "an earlier fact of it says")
_CONTACT = Sentence("на связи с центром уже было", "in contact with the centre it was")
