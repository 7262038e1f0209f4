"""The board of stores: of each one who works for it, what he told last, and what the centre knows.

Everything is read in one state of the database; nothing is changed. What stores hold and what stale
knowledge costs is as of the last count, which would read every lease.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from central.agents import reports, roster
from central.agents.report_store import Heard
from central.agents.store import Agent, agents
from central.auditor.store import Sums
from central.centre import Centre
from central.conflicts import service as conflicts
from central.conflicts.values import ConflictKind
from central.estate import store as estate
from central.estate.rows import Store
from central.estate.service import UnknownStoreError
from central.feed import store as feed
from central.ingest import looking
from central.measures.service import ONLINE_WITHIN
from central.overview import service as overview
from central.overview.service import Held
from central.packs import store as packs
from shared.ledger.books import Holder
from shared.runtime.sqlite import reading
from shared.wire.feed import GLOBAL, region_stream, store_stream

OK = "ok"


@dataclass(frozen=True, slots=True)
class Board:
    """A store as the board shows it."""

    store: Store
    agent: Agent | None
    """The present one."""
    former: tuple[Agent, ...] = ()
    heard: Heard | None = None
    """What its agent told last."""
    behind: int = 0
    """Changes of its streams that it had not applied when it told."""
    lag: int = 0
    """Facts that its journal had when it told last, and that have no word from here."""
    pack: str = ""
    """The rules in force there, by name and version."""
    is_pack_known: bool = True
    conflicts: Mapping[ConflictKind, int] = field(default_factory=dict)
    sums: Sums = field(default_factory=Sums)
    held: Held = field(default_factory=Held)
    counted_at: datetime | None = None
    """When what it holds was counted last."""

    def is_online(self, at: datetime) -> bool:
        """Tell whether its agent was heard lately."""
        return self.agent is not None and at - self.agent.seen_at <= ONLINE_WITHIN

    def unsent_for(self, at: datetime) -> timedelta | None:
        """Return the age of the oldest fact that it had not sent when it told last."""
        oldest = self.agent.oldest_unsent_at if self.agent else None
        if self.heard is not None:
            oldest = self.heard.report.oldest_unsent_at
        return None if oldest is None else max(at - oldest, timedelta())

    @property
    def divergences(self) -> int:
        """Receipts of which the kernel found something else, and nobody has said why."""
        return self.conflicts.get(ConflictKind.DIVERGENCE_FOUND, 0)

    @property
    def broken_devices(self) -> int:
        """Devices that are not ready."""
        if self.heard is None:
            return 0
        return sum(device.condition != OK for device in self.heard.report.devices)

    @property
    def held_points(self) -> int:
        """Points (hundredths) that its agents hold."""
        return self.held.points


def board(centre: Centre) -> list[Board]:
    """Return every store by code."""
    with reading(centre.engine) as connection:
        heard = reports.latest(connection)
        return _board(connection, estate.stores(connection), agents(connection), heard)


def of_store(centre: Centre, code: str) -> Board:
    """Return a store as the board shows it; raises UnknownStoreError."""
    with reading(centre.engine) as connection:
        this = [one for one in estate.stores(connection) if one.code == code]
        if not this:
            raise UnknownStoreError(store=code)
        known = roster.of_store(connection, code)
        told = {one.id: reports.of(connection, one.id) for one in known if one.active_store}
        heard = {agent: one for agent, one in told.items() if one is not None}
        (found,) = _board(connection, this, known, heard)
    return found


def _board(
    connection: Connection,
    stores: Sequence[Store],
    every: Iterable[Agent],
    heard: Mapping[UUID, Heard],
) -> list[Board]:
    by_store: dict[str, list[Agent]] = {}
    for agent in every:
        by_store.setdefault(agent.store, []).append(agent)
    journals, heads = looking.journals(connection), feed.heads(connection)
    names = {one.hash: f"{one.name} {one.version}" for one in packs.editions(connection)}
    open_conflicts = conflicts.open_by_store(connection)
    counted = overview.of_stores(connection)
    found = []
    for store in stores:
        known = by_store.get(store.code, [])
        present = next((one for one in known if one.active_store is not None), None)
        told = heard.get(present.id) if present else None
        pack = told.report.pack if told else ""
        found.append(
            Board(
                store=store,
                agent=present,
                former=tuple(one for one in known if one.active_store is None),
                heard=told,
                behind=0 if told is None else _behind(told, store, heads),
                lag=0 if present is None else _lag(present, told, journals),
                pack=names.get(pack, pack[:8]),
                is_pack_known=not pack or pack in names,
                conflicts=open_conflicts.get(store.code, {}),
                sums=counted.sums.get(store.code, Sums()),
                held=counted.held.get(store.code, Held()),
                counted_at=counted.at,
            )
        )
    return found


def _lag(agent: Agent, told: Heard | None, journals: Mapping[Holder, int]) -> int:
    known = journals.get(Holder(agent.id, agent.epoch), 0)
    not_here = max(0, agent.last_seq - known)
    return not_here if told is None else max(not_here, told.report.queue)


def _behind(told: Heard, store: Store, heads: Mapping[str, int]) -> int:
    there = {one.stream: one.number for one in told.report.cursors}
    names = (GLOBAL, region_stream(store.region), store_stream(store.code))
    return sum(max(0, heads.get(name, 0) - there.get(name, 0)) for name in names)
