"""The judge of time: which pack a receipt may be priced by, and what is told of its clock.

It knows the true time, which no machine does, and when each pack counts.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.simulation import laws
from tests.simulation.files import replica_of, rows_of
from tests.simulation.told import Store, ViolationError

TRUSTED = "receipts on trusted time"
UNTRUSTED = "receipts on untrusted time"
FORMER = "receipts on untrusted time by a former pack"
TIMELY = ("no_pack", "instant_impossible")
"""With what a sale would be refused because of its time."""
DAY = timedelta(days=1)
RIGHT = timedelta(minutes=6)
"""By as much trusted time may be off: a fiscal clock by five minutes, a wait at the till."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A receipt as its till was told it: the pack, the instant, and what is said of it."""

    pack: str
    instant: datetime
    is_trusted: bool


class Times:
    """Counts receipts by what they say of their time, and checks their packs."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._packs: list[tuple[datetime, str]] = []
        self._untrusted: set[str] = set()

    def published(self, effective_from: datetime, pack: str) -> None:
        """Note a pack by the local instant from which it counts."""
        self._packs.append((effective_from, pack))

    def check(self, store: Store, priced: Priced, true: datetime) -> None:
        """Check that trusted time is right and its pack the one in force, and that no pack has come
        into force before its time on another."""
        known = f"store {store.code} at {priced.instant.astimezone(UTC)}, truly {true}"
        if not priced.is_trusted:
            self._counts[UNTRUSTED] += 1
            return self._check_untrusted(store, priced, true, known)
        self._counts[TRUSTED] += 1
        if abs(priced.instant - true) > RIGHT:
            raise ViolationError("time", f"{known}: it is said to be trusted")
        due = self._due(store, priced.instant, priced.pack)
        if due and priced.pack != due:
            raise ViolationError("pack", f"{known}: {priced.pack} is not in force")
        return None

    def _check_untrusted(self, store: Store, priced: Priced, true: datetime, known: str) -> None:
        due = self._due(store, true, priced.pack)
        self._counts[FORMER] += bool(due) and priced.pack != due
        begins = [at for at, pack in self._packs if pack == priced.pack]
        if begins and min(begins) > _local(store, true + RIGHT):
            raise ViolationError("pack", f"{known}: {priced.pack} is not in force yet")

    def refused(self, store: Store, code: str) -> None:
        """Note a receipt that was refused: the time alone is no cause while there is a pack."""
        if code in TIMELY and self._due(store, datetime.max.replace(tzinfo=UTC) - DAY):
            raise ViolationError("refused", f"store {store.code}: a sale was refused with {code}")

    def sold(self, fact: str, *, is_trusted: bool) -> None:
        """Note a sale."""
        if not is_trusted:
            self._untrusted.add(fact)

    def check_counted(self, central: Path) -> None:
        """Check that the centre has counted apart what was not sold on trusted time."""
        posted = {
            fact
            for fact, outcome in rows_of(central, "SELECT id, outcome FROM inbox")
            if outcome in laws.POSTED
        }
        (apart,) = rows_of(central, "SELECT ifnull(sum(untimed), 0) FROM staleness")[0]
        wanted = len(posted & self._untrusted)
        if apart < wanted:
            raise ViolationError("time", f"the centre counts {apart} apart, of {wanted}")

    def _due(self, store: Store, at: datetime, priced_by: str = "") -> str:
        """Return the last pack in force at an instant of those that the store has, or had when it
        priced by one: a power cut may take rows."""
        here = {key.decode() for (key,) in rows_of(replica_of(store), laws.PACK_KEYS)} | {priced_by}
        local = _local(store, at)
        due = [one for one in self._packs if one[0] <= local and one[1] in here]
        return max(due)[1] if due else ""


def _local(store: Store, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(store.zone)).replace(tzinfo=None)
