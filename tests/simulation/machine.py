"""A store's machine: the real agent over files on a disk that fails, stepped loop by loop."""

import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import httpx
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from agent import epochs, history, lives
from agent import identity as identities
from agent.events import Events
from agent.http_link import HttpLink
from agent.journal import store as facts
from agent.leases import service as leases
from agent.meeting import catch_up, meet
from agent.migration import JOURNAL_VERSION, REPLICA_VERSION, migrate
from agent.printing import service as printing
from agent.push import Pushed, hear, push
from agent.replica import service as replica
from agent.reserve import store as claims
from agent.retention import Retention
from agent.schema import JournalTable, ReplicaTable
from agent.settings import AgentSettings
from agent.station import Identity, Station
from agent.vault import guarded
from shared.runtime.sqlite import Synchronous, open_engine, reading
from shared.wire.agents import SessionRequest
from tests.simulation.clocks import MachineClock, TrueTime
from tests.simulation.disk import Disk, End, StoppedError, copy_disk
from tests.simulation.paper import PaperTray
from tests.simulation.told import Store
from tests.simulation.wire import Line, Network, SimTransport
from tests.vaults import VAULT

T = TypeVar("T")

JOURNAL = "journal.db"
STARTS_MAX = 50
PUSHES_MAX = 100
PRINTS_MAX = 1000
TURNS_MAX = 20
KEEP_H = 2
"""How long facts stay that a backup holds."""
VERSION = "0.1.0"


class Machine:
    """One store: its disk, line, clock and printer, and the agent that runs on it now."""

    def __init__(
        self,
        folder: Path,
        identity: Identity,
        network: Network,
        clock: MachineClock,
        synchronous: Synchronous = Synchronous.FULL,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not identities.is_enrolled(folder):
            identities.save(folder, identity)
        self.network = network
        self.chance = network.chance
        self.clock = clock
        self.synchronous = synchronous
        self.disk = Disk(folder.resolve(), self.chance)
        self.line = Line()
        self.tray = PaperTray()
        self.starts = 0
        self.on_start: Callable[[], None] = lambda: None
        self._boots = 0
        self._engines: list[Engine] = []
        """All that the present process has opened, whatever it goes on with."""
        self.station = self._station()

    def seen_as(self, code: str, zone: str) -> Store:
        """Return the store that it serves, as the judge sees it."""
        agent = self.station.identity.agent.hex
        return Store(code, agent, self.disk.folder, zone, self.tray.papers)

    def run(self, work: Callable[[Station], T]) -> T:
        """Do something on the machine; StoppedError when it stopped on the way, and runs again."""
        try:
            answer = work(self.station)
        except DatabaseError:
            if self.disk.ended is None:
                raise
        else:
            if self.disk.ended is None:
                return answer
        self.restart()
        raise StoppedError

    def restart(self) -> None:
        """Let a new process open the files that the former one has left."""
        for _ in range(STARTS_MAX):
            how = self.disk.ended
            if how is not None:
                self.network.counts["power cut" if how is End.CUT else "killed"] += 1
            self._boots += how is not End.KILL
            self.close()
            self.disk.recover()
            try:
                self.station = self._station()
                self._start()
            except DatabaseError:
                if self.disk.ended is None:
                    raise
            if self.disk.ended is None:
                self.starts += 1
                self.on_start()
                return
        raise AssertionError("the machine stops whenever it starts")

    def clone(self, on_wait: Callable[[], None], time: TrueTime) -> "Machine":
        """Start an image of this machine's disk beside it; its line and printer are its own."""
        home = self.disk.folder.with_name(self.disk.folder.name + "b")
        self.close()
        copy_disk(self.disk.folder, home)
        clock = MachineClock(time, on_wait)
        return Machine(home, identities.load(home, VAULT), self.network, clock, self.synchronous)

    def image(self) -> Path:
        """Copy the disk as it is now; return the folder of the copy."""
        image = self.disk.folder.with_name(f"{self.disk.folder.name}-image")
        shutil.rmtree(image, ignore_errors=True)
        self.close()
        copy_disk(self.disk.folder, image)
        return image

    def put_back(self, image: Path) -> None:
        """Replace the disk by an older copy of it; a restart follows."""
        self.close()
        self.disk.replace(image)

    def put_rows_back(self, image: Path) -> None:
        """Replace the rows by those of an older copy, by none if it has none of this name; start.

        The journal stays as it is.
        """
        name = lives.current_file(self.station.journal)
        self.close()
        self.disk.replace_file(name, image / name)
        self.restart()

    def close(self) -> None:
        """Close the files, also those that the process was opening when it stopped: an open one
        keeps what SQLite knows of its log, and the next process would believe that."""
        for engine in self._engines:
            engine.dispose()

    def push(self, most: int = PUSHES_MAX) -> int:
        """Send what there is to send; return how many batches were answered."""
        for batches in range(most):
            if self.run(push) is Pushed.NOTHING:
                return batches
        return most

    def pull(self, *, by_tail: bool = False) -> None:
        """Fetch and apply what is new, by segments or by the tail, do what the rows ask for, and
        let old facts leave."""
        self.run(lambda station: _follow(station, by_tail=by_tail))
        self.network.counts["facts left"] += self.run(_let_go)

    def print_all(self) -> int:
        """Print what is spooled; return how many slips."""
        printed = 0
        while printed < PRINTS_MAX:
            step, _ = self.run(lambda station: printing.print_next(station, self.tray.printer()))
            if step is not printing.Step.DONE:
                break
            printed += 1
        return printed

    def queue(self) -> int:
        """Return how many facts have no word of the centre yet."""
        with reading(self.station.journal) as connection:
            return facts.queue(connection, self.station.identity.lines).depth

    def _station(self) -> Station:
        self._engines.clear()
        journal = self._opened(JOURNAL, self.synchronous)
        migrate(journal, JournalTable, JOURNAL_VERSION)
        who = identities.load(self.disk.folder, VAULT)
        client = httpx.Client(
            base_url="http://centre",
            transport=SimTransport(self.network, self.line),
            trust_env=False,
        )
        request = SessionRequest(who.agent, who.epoch, VERSION, 0)
        seed = self.chance.getrandbits(64)
        settings = AgentSettings(data_dir=self.disk.folder, keep_facts_days=KEEP_H / 24)
        station = Station(
            identity=who,
            journal=journal,
            replica=self._open_replica(lives.current_file(journal)),
            data_dir=self.disk.folder,
            clock=self.clock,
            chance=self.chance,
            link=HttpLink(client, who.keys, request, self.clock, seed),
            settings=settings,
            events=Events(settings.event_listeners_max),
            open_replica=self._open_replica,
            boot=f"{self.disk.folder.name}/{self._boots}",
        )
        epochs.recall(station)
        return station

    def _open_replica(self, name: str) -> Engine:
        rows = self._opened(name, Synchronous.NORMAL)
        migrate(rows, ReplicaTable, REPLICA_VERSION)
        return rows

    def _opened(self, name: str, synchronous: Synchronous) -> Engine:
        engine = guarded(open_engine(self.disk.url(name), synchronous), VAULT)
        self._engines.append(engine)
        return engine

    def _start(self) -> None:
        """Do what the agent does before its loops begin."""
        lives.sweep(self.station)
        printing.recover(self.station)
        with reading(self.station.journal) as connection:
            reserved = claims.open_receipts(connection)
        leases.cancel_orphans(self.station, reserved, self.station.time.now())


def _follow(station: Station, *, by_tail: bool) -> None:
    if by_tail:
        meet(station)
        for segment in station.link.tail(replica.cursors(station)):
            if segment is not None:
                replica.apply(station, segment)
    else:
        catch_up(station)
    hear(station)
    leases.give_back(station, station.time.now())
    history.fetch(station)


def _let_go(station: Station) -> int:
    """Go through the journal once, as the agent does in its own time."""
    retention, left = Retention(station), 0
    for _ in range(TURNS_MAX):
        turn = retention.turn()
        left += turn
        if not turn:
            break
    return left


def wrong_by(hours: int) -> timedelta:
    """Return by how much a clock is off."""
    return timedelta(hours=hours)


def seeded(*parts: object) -> random.Random:
    """Return a source of chance of its own for a purpose."""
    return random.Random("/".join(map(str, parts)))
