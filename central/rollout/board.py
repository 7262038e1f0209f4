"""The readiness board: which stores have a pack, which refuse it and why, which are silent."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from central.agents import reports, roster
from central.agents.report_store import Heard
from central.centre import Centre
from central.estate import store as estate
from central.packs.library import catalogue, in_force
from central.packs.store import Edition, StoredPublication
from central.rollout.service import named
from shared.rules.force import Place
from shared.rules.moment import Moment
from shared.runtime.sqlite import reading


class Readiness(StrEnum):
    """How far a pack has come in a store."""

    EFFECTIVE = "effective"
    LOADED = "loaded"
    REFUSED = "refused"
    AWAITED = "awaited"
    """The store has told how it is since the pack was published, and does not have it."""
    SILENT = "silent"
    """The store has told nothing since."""
    NO_AGENT = "no_agent"


@dataclass(frozen=True, slots=True)
class OfStore:
    """A pack in a store, as it told last, `heard_at`; `reason_*` say why it refuses the pack.

    `is_due` says whether the pack is in force there by the centre's reckoning.
    """

    store: str
    region: str
    readiness: Readiness
    is_due: bool
    heard_at: datetime | None = None
    reason_ru: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A pack in all stores, and all acts that concern it."""

    pack: Edition
    stores: tuple[OfStore, ...]
    acts: tuple[StoredPublication, ...]
    editions: dict[str, Edition] = field(default_factory=dict)
    """All that is published, by hash."""

    def count(self, *readiness: Readiness) -> int:
        """Return in how many stores it stands so."""
        return sum(one.readiness in readiness for one in self.stores)

    @property
    def loaded(self) -> int:
        """In how many stores it is ready, or in force already."""
        return self.count(Readiness.LOADED, Readiness.EFFECTIVE)

    @property
    def due(self) -> int:
        """In how many stores it should be in force now."""
        return sum(one.is_due for one in self.stores)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of so many stores: how many have loaded each pack, have it in force, and should have."""

    stores: int
    loaded: Counter[str]
    effective: Counter[str]
    due: Counter[str]


def counts(centre: Centre) -> Counts:
    """Count stores by what they told last, for every published pack by its hash."""
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        known, stores = catalogue(connection), estate.stores(connection)
        told = reports.latest(connection).values()
    moments = {zone: Moment(at, zone) for zone in {one.zone for one in stores}}
    due = Counter(in_force(known, Place(one.code, one.region), moments[one.zone]) for one in stores)
    effective = Counter(one.report.pack for one in told)
    loaded = Counter(pack for one in told for pack in {one.report.pack, *one.report.packs} if pack)
    return Counts(len(stores), loaded, effective, due)


def board(centre: Centre, pack: str) -> Board:
    """Return how a pack stands in every store of the chain; raises UnknownPackError."""
    at = centre.clock.now()
    with reading(centre.engine) as connection:
        known = catalogue(connection)
        this = named(known, pack)
        stores = estate.stores(connection)
        agents = roster.present(connection, [one.code for one in stores])
        told = reports.latest(connection)
    rows = []
    for one in stores:
        place, moment = Place(one.code, one.region), Moment(at, one.zone)
        blank = OfStore(
            one.code,
            one.region,
            Readiness.NO_AGENT,
            is_due=in_force(known, place, moment) == this.hash,
        )
        agent = agents.get(one.code)
        rows.append(blank if agent is None else _told(blank, told.get(agent.id), this))
    acts = tuple(act for act in known.acts if this.hash in (act.pack, act.replaces))
    return Board(this, tuple(rows), acts, {one.hash: one for one in known.editions})


def _told(blank: OfStore, heard: Heard | None, pack: Edition) -> OfStore:
    if heard is None:
        return replace(blank, readiness=Readiness.SILENT)
    report, at = heard.report, heard.heard_at
    refused = {one.hash: one for one in report.refused}
    if report.pack == pack.hash:
        return replace(blank, readiness=Readiness.EFFECTIVE, heard_at=at)
    if pack.hash in report.packs:
        return replace(blank, readiness=Readiness.LOADED, heard_at=at)
    if (word := refused.get(pack.hash)) is not None:
        found = replace(blank, readiness=Readiness.REFUSED, heard_at=at)
        return replace(found, reason_ru=word.ru, reason_en=word.en)
    readiness = Readiness.SILENT if at < pack.published_at else Readiness.AWAITED
    return replace(blank, readiness=readiness, heard_at=at)
