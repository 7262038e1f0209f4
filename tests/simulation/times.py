"""The judge of time: which pack a receipt may be priced by, and what is told of its clock.

It knows the true time, which no machine does, and when each pack counts.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

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


@dataclass(frozen=True, slots=True)
class Said:
    """A publication as people made it: `effective_from` by stores' clocks, empty for at once;
    without stores for all of them; with `replaces` it takes that pack's place, if only by none."""

    no: int
    pack: str
    replaces: str
    at: datetime
    effective_from: str
    stores: tuple[str, ...]

    def begins(self, store: Store) -> datetime:
        """Return from when it counts by a store's clock."""
        if self.effective_from:
            return datetime.fromisoformat(self.effective_from)
        return _local(store, self.at)

    def counts(self, store: Store, local: datetime) -> bool:
        """Tell whether it is for a store, and has come there."""
        is_here = not self.stores or store.code[:3] in self.stores  # a copy of its disk too
        return is_here and (not self.effective_from or self.begins(store) <= local)


class Times:
    """Counts receipts by what they say of their time, and checks their packs."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._said: set[Said] = set()
        self._untrusted: set[str] = set()

    def published(self, said: Iterable[Said]) -> None:
        """Note what people have published."""
        self._said.update(said)

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
        begins = [one.begins(store) for one in self._said if one.pack == priced.pack]
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
        unjudged = {fact for (fact,) in rows_of(central, laws.NO_PACK)}
        wanted = len((posted & self._untrusted) - unjudged)
        if apart < wanted:
            raise ViolationError("time", f"the centre counts {apart} apart, of {wanted}")

    def _due(self, store: Store, at: datetime, priced_by: str = "") -> str:
        """Return the pack in force at an instant by what the store has, or had when it priced by
        one: a power cut may take rows."""
        rows = rows_of(replica_of(store), laws.SAID)
        here = {_said(*msgspec.msgpack.decode(row)) for (row,) in rows}
        if here - self._said:
            raise ViolationError("pack", f"store {store.code} has what nobody has published")
        local = _local(store, at)
        for no in {one.no for one in self._said - here if one.pack == priced_by}:
            had = here | {one for one in self._said if one.no <= no}
            if _in_force(store, had, local) == priced_by:
                return priced_by
        return _in_force(store, here, local)


def _said(no: int, pack: str, replaces: str, at: Any, begins: str, stores: Any, *_: Any) -> Said:
    return Said(no, pack, replaces, at.astimezone(UTC), begins, tuple(stores))


def _in_force(store: Store, said: Iterable[Said], local: datetime) -> str:
    """Go through publications as people made them, one after another."""
    turns: list[tuple[datetime, int, str]] = []
    for one in sorted(said, key=lambda one: one.no):
        if not one.counts(store, local):
            continue
        if one.replaces:
            turns = [
                (begins, no, one.pack if pack == one.replaces else pack)
                for begins, no, pack in turns
            ]
        else:
            turns.append((one.begins(store), one.no, one.pack))
    return max((turn for turn in turns if turn[2]), default=(local, 0, ""))[2]


def _local(store: Store, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(store.zone)).replace(tzinfo=None)
