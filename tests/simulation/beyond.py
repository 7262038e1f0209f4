"""What stores have spent beyond all that anybody has leased them, as the files and tills tell."""

import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass

from tests.simulation.files import gone_of, granted_to, rows_of
from tests.simulation.told import PassUse, Store, ViolationError

_ACCOUNTS = "SELECT lot, account FROM lease_use"
_USES = "SELECT fact, account, counter, points FROM pass_use"


@dataclass(frozen=True, slots=True)
class Caps:
    """What a programme lets a store spend beyond its leases, in hundredths of a point."""

    receipt: int = 0
    member: int = 0
    store: int = 0


NO_CAPS = Caps()
"""Of a programme that keeps to leases."""


class PassBook:
    """Which passes the centre has issued, and which stores have drawn by which."""

    def __init__(self) -> None:
        self._issued: dict[tuple[str, int], tuple[int, float]] = {}
        """Points, and when it is over, by account and counter."""
        self._forgotten: set[tuple[str, int]] = set()
        self._shown: dict[str, dict[str, int]] = defaultdict(dict)
        """By store and account the highest counter that a sale has drawn by."""
        self._drawn: dict[str, Counter[str]] = defaultdict(Counter)
        self._uses: dict[str, PassUse] = {}
        """By fact."""

    def issued(
        self, account: str, counter: int, points: int, ends_s: float, *, at_s: float, anew: bool
    ) -> None:
        """Note a pass that a member has got; unless it was asked for anew, none of his is good."""
        key, said = (account, counter), (points, ends_s)
        if self._issued.get(key, said) != said:
            raise ViolationError("passes", f"counter {counter} of {account} was issued before")
        known = self._issued.keys() - self._forgotten - {key}
        others = [self._issued[one] for one in known if one[0] == account]
        if any(ends > at_s for _, ends in others) and not anew and key not in self._issued:
            raise ViolationError("passes", f"{account} has another good pass than {counter}")
        self._issued[key] = said

    def restored(self) -> None:
        """Note that the centre may have forgotten passes: they are good beside what it issues."""
        self._forgotten |= self._issued.keys()

    def used(self, store: str, fact: str, use: PassUse) -> None:
        """Note what a sale has drawn by a pass; raises ViolationError where it may not have."""
        said, ends_s = self._issued.get((use.account, use.counter), (0, 0.0))
        what = f"store {store}, pass {use.counter} of {use.account}"
        if use.points > said:
            raise ViolationError("passes", f"{what}: {use.points} of {said}")
        if use.at_s >= ends_s:
            raise ViolationError("passes", f"{what}: drawn by after its end")
        if use.counter <= self._shown[store].get(use.account, -1):
            raise ViolationError("passes", f"{what}: used or replaced there before")
        self._shown[store][use.account] = use.counter
        self._drawn[store][use.account] += use.points
        self._uses[fact] = use

    def cloned(self, original: str, twin: str) -> None:
        """Note that a disk goes on twice: the copy remembers what was drawn up to now."""
        self._shown[twin] = dict(self._shown[original])
        self._drawn[twin] = self._drawn[original].copy()

    def put_back(self, store: str) -> None:
        """Note that a store's disk is an older one: passes may serve there again."""
        self._shown[store].clear()

    @property
    def is_open(self) -> bool:
        """Tell whether anybody may spend beyond leases by a pass."""
        return bool(self._issued)

    def bound(self, account: str) -> int:
        """Return what an account may redeem in one store by all passes that it ever had."""
        return sum(points for (whose, _), (points, _) in self._issued.items() if whose == account)

    def drawn(self, store: str) -> Counter[str]:
        """Return by account what a store has drawn by passes."""
        return self._drawn[store]

    def check_told(self, central: sqlite3.Connection) -> None:
        """Check that the centre knows every use of which it has the fact whole."""
        there = dict(central.execute("SELECT id, outcome FROM inbox WHERE outcome <> 'damaged'"))
        known = {row[0]: tuple(row[1:]) for row in central.execute(_USES)}
        for fact, use in self._uses.items():
            if fact in there and known.get(fact) != (use.account, use.counter, use.points):
                raise ViolationError("passes", f"the centre knows of {use} {known.get(fact)}")


def check_store(
    central: sqlite3.Connection, store: Store, caps: Caps, by_pass: Counter[str]
) -> None:
    """Check what a store has spent beyond its leases and not told: within both caps, or what it has
    drawn by passes of each account.

    What the centre has posted is not seen: its `granted` rises to what has gone.
    """
    granted = granted_to(central, store, even_closed=True)
    accounts = {lot.hex(): account.hex() for lot, account in rows_of(store.journal, _ACCOUNTS)}
    over = Counter[str]()
    for key, gone in gone_of(store).items():
        over[accounts[key[1]]] += max(0, gone - granted[key])
    for account, points in over.items():
        if points > caps.member + by_pass[account]:
            raise ViolationError("limit", f"store {store.code}, {account}: {points} beyond leases")
    if over.total() > caps.store + by_pass.total():
        raise ViolationError("limit", f"store {store.code}: {over.total()} beyond leases")
