"""What a run has met without being planned: counted, so that nothing is believed to be tried that
never happens."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.simulation.till import OpenReceipt
from tests.simulation.wire import LineMode

SILENCES = {"cut off for a day": timedelta(days=1), "cut off for a week": timedelta(days=7)}


class Sightings:
    """Counts zones that changed packs, receipts that crossed, and long silences."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._switched: set[str] = set()
        self._cut_at: dict[str, datetime] = {}

    def opened(self, receipt: OpenReceipt, others: Iterable[OpenReceipt]) -> None:
        """Note a receipt; the store's other till may have one of its own open."""
        here = [one for one in others if one.tills is receipt.tills and one.committed is None]
        till = receipt.claim.receipt.till
        crossed = any(one.claim.receipt.till != till for one in here)
        self._counts["receipts open at both tills"] += crossed

    def repriced(self, zone: str) -> None:
        """Note a receipt that was priced by a later pack than the first."""
        self._switched.add(zone)
        self._counts["pack switch"] += 1
        self._counts["zones that switched packs"] = len(self._switched)

    def line(self, store: str, mode: LineMode, at: datetime) -> None:
        """Note how a store's line is from now on; a silence counts once it is over."""
        if mode is LineMode.DOWN:
            self._cut_at.setdefault(store, at)
        elif (since := self._cut_at.pop(store, None)) is not None:
            for name, least in SILENCES.items():
                self._counts[name] += at - since >= least
