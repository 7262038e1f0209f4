"""Overviews: what only a look through whole tables tells, counted now and then, read at once.

A count that takes long is made seldom: it rests a hundred times as long as it took, so that all of
them together never cost a database more than some hundredths of its time.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from central.auditor.store import Sums, sums_by
from central.centre import Centre
from central.leases import writeoff
from central.ledger import figures
from central.overview import store
from central.overview.store import Kept
from central.packs import store as packs
from shared.rules.pack import load_canonical
from shared.runtime.retries import retried
from shared.runtime.sqlite import reading, transaction

EVERY: Final = timedelta(seconds=55)
"""At most so often: a tick of the minute is never passed over for some milliseconds."""
REST: Final = 100
LIFETIME: Final = "lifetime"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tier:
    """A level of a programme, from which turnover (kopecks) on, and how many members reach it."""

    ru: str
    en: str
    from_minor: int
    members: int


@dataclass(frozen=True, slots=True)
class Held:
    """What a store's agents hold in leases: lots, and hundredths of a point."""

    lots: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True)
class Liability:
    """Points (hundredths) by the month of their last day, empty for never; as of `at`."""

    at: datetime | None
    months: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Tiers:
    """Members by level, None for a programme whose levels do not follow all turnover."""

    at: datetime | None
    tiers: tuple[Tier, ...] | None = ()


@dataclass(frozen=True, slots=True)
class OfStores:
    """What stores hold, and what stale knowledge has cost in each."""

    at: datetime | None
    held: Mapping[str, Held]
    sums: Mapping[str, Sums]


def count(centre: Centre, at: datetime) -> int:
    """Count what has rested long enough; return how many counts were made. A job."""
    return sum(_count_one(centre, name, at) for name in _COUNTS)


def liability(connection: Connection) -> Liability:
    """Return what members have by when it expires, as it was counted last."""
    at, found = _kept(connection, "liability")
    return Liability(at, tuple((month, points) for month, points in found or ()))


def tiers(connection: Connection) -> Tiers:
    """Return members by level, as they were counted last."""
    at, found = _kept(connection, "tiers")
    if at is not None and found is None:
        return Tiers(at, None)
    return Tiers(at, tuple(Tier(**one) for one in found or ()))


def of_stores(connection: Connection) -> OfStores:
    """Return what stores hold and what stale knowledge has cost, as it was counted last."""
    at, held = _kept(connection, "held")
    _, sums = _kept(connection, "staleness")
    return OfStores(
        at,
        {code: Held(**one) for code, one in (held or {}).items()},
        {code: Sums(**one) for code, one in (sums or {}).items()},
    )


def _count_one(centre: Centre, name: str, at: datetime) -> bool:
    with reading(centre.engine) as connection:
        last = store.kept(connection, name)
        if last is not None and at < last.at + max(EVERY, last.took * REST):
            return False
        began_s = centre.clock.monotonic()
        found = json.dumps(_COUNTS[name](connection), ensure_ascii=False)
        took = timedelta(seconds=centre.clock.monotonic() - began_s)
    _keep(centre, name, Kept(at, took, found))
    log.debug("overview.counted", name=name, duration_ms=int(took.total_seconds() * 1000))
    return True


@retried
def _keep(centre: Centre, name: str, one: Kept) -> None:
    with transaction(centre.engine) as connection:
        store.keep(connection, name, one)


def _kept(connection: Connection, name: str) -> tuple[datetime | None, Any]:
    found = store.kept(connection, name)
    return (None, None) if found is None else (found.at, json.loads(found.found))


def _tiers(connection: Connection) -> list[dict[str, Any]] | None:
    newest = packs.latest(connection)
    track = load_canonical(newest.body).tiers if newest else None
    if track is None or (track.metric, track.window) != ("turnover", LIFETIME):
        return None
    counts = figures.by_turnover(connection, [step.from_minor for step in track.steps])
    return [
        asdict(Tier(step.title.ru, step.title.en, step.from_minor, members))
        for step, members in zip(track.steps, counts, strict=True)
    ]


def _held(connection: Connection) -> dict[str, dict[str, int]]:
    found: dict[str, Held] = {}
    for one in writeoff.held_by(connection):
        before = found.get(one.store, Held())
        found[one.store] = Held(before.lots + one.lots, before.points + one.points)
    return {code: asdict(one) for code, one in found.items()}


def _staleness(connection: Connection) -> dict[str, dict[str, int]]:
    return {code: asdict(sums) for code, sums in sums_by(connection, "store").items()}


_COUNTS: Final[Mapping[str, Callable[[Connection], Any]]] = {
    "liability": figures.liability,
    "tiers": _tiers,
    "held": _held,
    "staleness": _staleness,
}
