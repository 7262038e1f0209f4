"""What a person gets once, on whichever of his accounts: where it stands, what of it is left."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from tests.simulation import laws
from tests.simulation.files import rows_of
from tests.simulation.told import ViolationError

Gift = tuple[str, str]
"""The rule, and which person gets what by it."""


class Persons:
    """The lots that people get once, as the centre was seen to grant them."""

    def __init__(self, central: Path) -> None:
        self.once: dict[str, int] = {}
        """By rule what a person gets once, in hundredths."""
        self._central = central
        self._lots: dict[str, tuple[str, Gift]] = {}

    @property
    def rules(self) -> tuple[str]:
        """The rules, as the files are asked for them."""
        return (json.dumps(sorted(self.once)),)

    def seen(self, central: sqlite3.Connection, account: str) -> Iterator[tuple[str, int]]:
        """Note what the centre has granted an account once; yield each lot and its points."""
        for lot, rule, what in central.execute(laws.ONCE, (account, *self.rules)):
            self._lots[lot] = account, (rule, what)
            yield lot, self.once[rule]

    def check(self, above: Mapping[str, int], bound_of: Callable[[Collection[str]], int]) -> None:
        """Check that what a person gets once is spent, leased and free once on all his accounts.

        `above` is by lot what is beyond what was told, `bound_of` what accounts may be overspent.
        """
        points, accounts = Counter[Gift](), defaultdict[Gift, set[str]](set)
        for lot, (account, gift) in self._lots.items():
            points[gift] += max(0, above.get(lot, 0))
            accounts[gift].add(account)
        for (rule, what), there in points.items():
            if there > self.once[rule] + bound_of(accounts[rule, what]):
                raise ViolationError("conservation", f"{what}: {there} of {self.once[rule]}")

    def undone(
        self, voids: Collection[str], drawn: Collection[tuple[str, str]], *, is_restored: bool
    ) -> tuple[Counter[str], Counter[str]]:
        """Return how often what a person gets once stands, and by account what was taken of such
        lots: by voids, and whole by a restored centre, to whose former life another account of the
        person had it. What a sale has `drawn` of a lot (by its document) may be a debt as well."""
        standing, taken = Counter[str](), Counter[str]()
        ends = Counter[tuple[str, str, str, str, str]]()
        rows = rows_of(self._central, laws.ONCE_ENTRIES, *self.rules)
        for account, lot, kind, amount, *of in rows:
            if kind == "GRANT":
                standing[of[1]] += 1
            else:  # what is brought back may pay a debt: that takes nothing
                ends[account, lot, *of] += -amount if kind == "CLAWBACK" else amount
        for (account, lot, document, what, rule), amount in ends.items():
            is_whole = amount == self.once[rule] and (document, lot) not in drawn
            if document in voids or (is_restored and is_whole):
                taken[account] += amount
                standing[what] -= amount > 0
        return standing, taken
