"""Many stores: agents with keys and journals of their own, full of unsent receipts."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from agent import identity as identities
from agent.app import JOURNAL_FILE, NONCE_BITS
from agent.events import Events
from agent.http_link import HttpLink
from agent.journal import store as facts
from agent.lives import current_file
from agent.migration import JOURNAL_VERSION, REPLICA_VERSION, migrate
from agent.schema import JournalTable, ReplicaTable
from agent.settings import AgentSettings
from agent.station import Identity, Station
from agent.vault import guarded, vault_of
from central.agents.store import Agent, insert_agent
from central.centre import Centre
from central.opening import on_this_machine, open_centre
from central.settings import Settings
from shared.crypto.keys import KeyPair
from shared.ids import derived
from shared.runtime.sqlite import Synchronous, open_file, transaction
from shared.wire.agents import SessionRequest
from tests.central.journal_builder import Journal, Person
from tests.figures.book import Book
from tests.figures.estate import CLOCK
from tests.processes.estate import found, plain_client

MEMBERS = 8
"""Of each store, registered at the beginning of its journal."""
EARNED, SPENT = 10_00, 3_00
TIMEOUT_S = 60.0


@dataclass(slots=True)
class Seller:
    """A store's journal and its members, with the lots that the store has kept for them."""

    journal: Journal
    chance: random.Random
    people: list[Person] = field(default_factory=list)
    kept: dict[UUID, UUID] = field(default_factory=dict)
    points: int = 0
    """Granted and not spent."""

    def open(self) -> None:
        """Register the members."""
        store = int(self.journal.store)
        for number in range(MEMBERS):
            phone = f"+79{store:06}{number:03}"
            self.people.append(self.journal.register(f"Имя{number} Ф", phone)[0])

    def sell(self) -> None:
        """Sell a receipt that earns a lot, and spends of the one before."""
        person = self.chance.choice(self.people)
        lot = self.kept.pop(person.account, None)
        spend = [(lot, SPENT)] if lot is not None else []
        sold = self.journal.sell(person, earn=[EARNED], kept=EARNED, spend=spend)
        self.kept[person.account] = sold.lots[0]
        self.points += EARNED - SPENT * len(spend)


@dataclass(frozen=True, slots=True)
class Stores:
    """The folders of many agents, and a centre on SQLite that knows them."""

    folder: Path
    centre: Centre
    codes: tuple[str, ...]
    receipts: int
    points: int
    """What all receipts leave in lots."""

    def data(self, code: str) -> Path:
        """Return an agent's folder."""
        return self.folder / f"store-{code}"


def open_stores(folder: Path, stores: int, receipts: int) -> Stores:
    """Open so many stores, each with so many unsent receipts; build those that are missing."""
    book = Book.open(folder / "stores.json")
    codes = tuple(str(10_001 + no) for no in range(stores))
    data = folder / "centre"
    if "founded" not in book.pieces:
        centre = found(data, "", list(codes))
        know(centre, codes)
        book.put("founded", {"stores": stores, "receipts": receipts})
    else:
        centre = open_centre(Settings(data_dir=data), *on_this_machine())
    assert book.pieces["founded"] == {"stores": stores, "receipts": receipts}, "others live here"
    points = 0
    for code in codes:
        place = folder / f"store-{code}"
        kept = Book.open(place / "receipts.json")
        if "filled" not in kept.pieces:
            kept.put("filled", {"points": _fill(centre, code, place, receipts)})
        points += kept.pieces["filled"]["points"]
    return Stores(folder, centre, codes, receipts, points)


def prepare(centre: Centre, code: str, data: Path) -> None:
    """Give a store's agent its identity and an empty journal."""
    data.mkdir(parents=True, exist_ok=True)
    identities.save(data, identity_of(centre, code, data))
    for file in data.glob("*.db*"):
        file.unlink()


def know(centre: Centre, codes: Sequence[str]) -> None:
    """Let a centre know the agents of stores."""
    at = CLOCK.now()
    with transaction(centre.engine) as connection:
        for code in codes:
            agent = Agent(
                id=agent_of(code),
                store=code,
                active_store=code,
                epoch=1,
                public_key=keys_of(code).public,
                card_block=int(code) % 10_000,
                version=version("kopilka"),
                last_seq=0,
                enrolled_at=at,
                fenced_at=None,
                seen_at=at - timedelta(hours=1),
            )
            insert_agent(connection, agent)


def agent_of(code: str) -> UUID:
    """Return the id of a store's agent."""
    return derived("figures", code)


def keys_of(code: str) -> KeyPair:
    """Return the keys of a store's agent."""
    return KeyPair.from_seed(random.Random(f"keys {code}").randbytes(32))


def seller_of(centre: Centre, code: str) -> Seller:
    """Return what writes a store's journal in memory, from its beginning."""
    clock: Any = CLOCK
    chance = random.Random(f"journal {code}")
    journal = Journal(centre, clock, code, keys_of(code), agent_of(code), chance)
    return Seller(journal, random.Random(f"sales {code}"))


def open_station(data: Path, url: str) -> Station:
    """Open an agent's files and its line as its app does, without reading certificates."""
    vault = vault_of(data, None, random.SystemRandom())
    who = identities.load(data, vault)
    settings = AgentSettings(data_dir=data, centre_url=url, log_level="WARNING")
    journal = guarded(open_file(data / JOURNAL_FILE), vault)
    migrate(journal, JournalTable, JOURNAL_VERSION)

    def open_replica(name: str) -> Engine:
        engine = guarded(open_file(data / name, Synchronous.NORMAL), vault)
        migrate(engine, ReplicaTable, REPLICA_VERSION)
        return engine

    chance = random.SystemRandom()
    request = SessionRequest(who.agent, who.epoch, version("kopilka"), 0)
    client = plain_client(TIMEOUT_S, url)
    return Station(
        identity=who,
        journal=journal,
        replica=open_replica(current_file(journal)),
        data_dir=data,
        clock=CLOCK,
        chance=chance,
        link=HttpLink(client, who.keys, request, CLOCK, chance.getrandbits(NONCE_BITS)),
        settings=settings,
        events=Events(settings.event_listeners_max),
        open_replica=open_replica,
    )


def _fill(centre: Centre, code: str, data: Path, receipts: int) -> int:
    """Write a journal with receipts; return the points that they leave."""
    seller = seller_of(centre, code)
    seller.open()
    for _ in range(receipts):
        seller.sell()
    prepare(centre, code, data)
    vault = vault_of(data, None, random.SystemRandom())
    journal = guarded(open_file(data / JOURNAL_FILE, Synchronous.OFF), vault)
    migrate(journal, JournalTable, JOURNAL_VERSION)
    with transaction(journal) as connection:
        for fact in seller.journal.facts:
            facts.add_fact(connection, fact, CLOCK.now())
    journal.dispose()
    return seller.points


def identity_of(centre: Centre, code: str, data: Path) -> Identity:
    """Return what a store's enrolment would have brought."""
    return Identity(
        agent=agent_of(code),
        epoch=1,
        store=code,
        keys=keys_of(code),
        root_key=centre.keys.root_key,
        card_prefix=centre.settings.card_prefix,
        card_block=int(code) % 10_000,
        index_key=centre.keys.index,
        pin_pepper=centre.keys.pin_pepper,
        vault=vault_of(data, None, random.SystemRandom()),
    )
