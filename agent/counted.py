"""What an agent measures: each metric by its name, and how long the line was down today.

docs/operations.md says of each when to worry and what to do.
"""

import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from shared.runtime.metrics import Metric, Sort

LEVEL, COUNT, TIMING = Sort.LEVEL, Sort.COUNT, Sort.TIMING
OUTAGES_KEPT: Final = 1000
KEEP_EVERY: Final = timedelta(minutes=1)
"""How often an outage that goes on is written down."""

Outage = tuple[datetime, datetime]

INFO: Final = "kopilka_agent_info"
QUEUE: Final = "kopilka_agent_queue_facts"
OLDEST_UNSENT: Final = "kopilka_agent_oldest_unsent_seconds"
FACTS: Final = "kopilka_agent_facts"
ONLINE: Final = "kopilka_agent_online"
CONTACT_AGE: Final = "kopilka_agent_contact_age_seconds"
OFFLINE_MINUTES: Final = "kopilka_agent_offline_minutes_today"
TIME_TRUSTED: Final = "kopilka_agent_time_trusted"
CURSOR: Final = "kopilka_agent_stream_number"
PACK: Final = "kopilka_agent_pack_info"
REFUSED_PACKS: Final = "kopilka_agent_refused_packs"
ROOT_UNKNOWN: Final = "kopilka_agent_root_unknown"
BARRED: Final = "kopilka_agent_barred"
RESERVES: Final = "kopilka_agent_open_reserves"
SPOOL: Final = "kopilka_agent_spool_jobs"
DEVICE: Final = "kopilka_agent_device_ok"
DEVICE_TROUBLES: Final = "kopilka_agent_device_troubles_total"
ASKS: Final = "kopilka_agent_asks_total"
OVER_LEASE: Final = "kopilka_agent_over_lease_total"
STALLS: Final = "kopilka_agent_stalls_total"
STORAGE_ERRORS: Final = "kopilka_agent_storage_errors_total"
QUOTE_SECONDS: Final = "kopilka_agent_quote_seconds"
COMMIT_SECONDS: Final = "kopilka_agent_commit_seconds"

METRICS: Final = (
    Metric(INFO, LEVEL, "Always 1: who this agent is.", ("version", "store", "agent", "epoch")),
    Metric(QUEUE, LEVEL, "Facts that the centre has not answered yet."),
    Metric(OLDEST_UNSENT, LEVEL, "Age of the oldest of them; 0 when there is none."),
    Metric(FACTS, LEVEL, "Facts by the centre's last word on them.", ("outcome",)),
    Metric(ONLINE, LEVEL, "1 while the last exchange with the centre succeeded."),
    Metric(CONTACT_AGE, LEVEL, "How long ago the centre was heard last."),
    Metric(OFFLINE_MINUTES, LEVEL, "Minutes without the centre on the store's day so far."),
    Metric(TIME_TRUSTED, LEVEL, "1 while the time is trusted, by who told it.", ("source",)),
    Metric(CURSOR, LEVEL, "Up to where the rows of a stream are applied.", ("stream",)),
    Metric(PACK, LEVEL, "Always 1: the pack in force.", ("name", "version", "hash")),
    Metric(REFUSED_PACKS, LEVEL, "Published packs that this agent does not use."),
    Metric(ROOT_UNKNOWN, LEVEL, "1 while a list of keys waits whose root is not trusted."),
    Metric(BARRED, LEVEL, "1 while the epoch may spend no leases, with the reason.", ("reason",)),
    Metric(RESERVES, LEVEL, "Receipts that are reserved and not ended."),
    Metric(SPOOL, LEVEL, "Print jobs by state.", ("state",)),
    Metric(DEVICE, LEVEL, "1 if a device is ready, with its condition.", ("device", "condition")),
    Metric(DEVICE_TROUBLES, COUNT, "Times a device began to fail.", ("device", "condition")),
    Metric(ASKS, COUNT, "Asks for points for a receipt: full, part or none given.", ("result",)),
    Metric(OVER_LEASE, COUNT, "Receipts refused because other stores hold the points."),
    Metric(STALLS, COUNT, "Times a loop hung and the agent began anew."),
    Metric(STORAGE_ERRORS, COUNT, "Requests that the database failed."),
    Metric(QUOTE_SECONDS, TIMING, "How long pricing a receipt takes."),
    Metric(COMMIT_SECONDS, TIMING, "How long a sale takes until it is durable."),
)


class Downtime:
    """When the line was down since this process began, as it was seen; safe for threads."""

    def __init__(self) -> None:
        self._outages: deque[tuple[datetime, datetime]] = deque(maxlen=OUTAGES_KEPT)
        self._seen_up: bool | None = None
        self._kept: dict[datetime, datetime] = {}
        self._lock = threading.Lock()

    def note(self, at: datetime, *, up: bool) -> None:
        """Note how the line is; between two looks it was as at the first of them."""
        with self._lock:
            if self._seen_up is False and self._outages:
                began, _ = self._outages.pop()
                self._outages.append((began, max(began, at)))
            if not up and self._seen_up is not False:
                self._outages.append((at, at))
            self._seen_up = up

    def seen(self) -> dict[datetime, datetime]:
        """Return the outages by when they began, with when they were seen last."""
        with self._lock:
            return dict(self._outages)

    def to_keep(self) -> list[Outage]:
        """Return what has changed since it was kept; of an outage that goes on, once a minute."""
        with self._lock:
            is_down = self._seen_up is False
            last = self._outages[-1][0] if self._outages and is_down else None
            return [
                (began, ended)
                for began, ended in self._outages
                if ended - self._kept.get(began, began)
                >= (KEEP_EVERY if began == last else timedelta(microseconds=1))
            ]

    def kept(self, outages: Iterable[Outage]) -> None:
        """Note what is written down."""
        with self._lock:
            known = {began for began, _ in self._outages}
            self._kept = {began: end for began, end in self._kept.items() if began in known}
            self._kept.update(outages)
