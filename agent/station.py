"""What every stage of one store's agent works with: files, identity, clock, chance and ports."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from agent.counted import Downtime
from agent.devices import Board, Devices
from agent.disk import DiskWatch
from agent.events import Events
from agent.heard import Told
from agent.link import Link
from agent.packs import PackShelf, Published
from agent.pulses import Pulses
from agent.settings import AgentSettings
from agent.timekeeper import Timekeeper
from hardware.printers.printer import Printer
from shared.clock import Clock
from shared.crypto.keys import KeyPair
from shared.crypto.vault import Vault
from shared.rules.force import Place
from shared.runtime.metrics import Counts
from shared.wire.agents import BackedUp
from shared.wire.rows import KeysRow, PackRow, PublicationRow, SettingsRow

THIN_FOR_S = 60.0
FENCED = "agent_fenced"
"""The centre's word for an agent that another one has replaced."""


KeyName = tuple[str, UUID, int]


class RowsCome(Enum):
    """How rows travel from a centre: encrypted, or plain from one of the version before."""

    PLAIN = auto()
    ENCRYPTED = auto()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this agent is to the centre, and the chain's secrets that it works with."""

    agent: UUID
    epoch: int
    store: str
    keys: KeyPair = field(repr=False)
    root_key: bytes
    card_prefix: str
    card_block: int
    index_key: bytes = field(repr=False)
    pin_pepper: bytes = field(repr=False)
    vault: Vault = field(repr=False)
    """In which its files keep what names people, and its secrets."""
    former: Mapping[int, KeyPair] = field(default_factory=dict, repr=False)
    """Keys of ended epochs: facts of theirs may still be unsent."""

    def keys_of(self, epoch: int) -> KeyPair:
        """Return the key that signs the journal's heads of an epoch."""
        return self.keys if epoch == self.epoch else self.former[epoch]

    @property
    def epochs(self) -> tuple[int, ...]:
        """All epochs of which this machine has the keys, oldest first."""
        return (*sorted(self.former), self.epoch)

    @property
    def lines(self) -> tuple[int, ...]:
        """The journal's chains in the order in which they are sent: its epochs, then what was
        fetched beside a branch of theirs, under negative numbers."""
        return (*self.epochs, *(-epoch for epoch in sorted(self.former)))


@dataclass(frozen=True, slots=True)
class Wakes:
    """Bells that wake the background loops at once instead of at their next tick."""

    push: threading.Event = field(default_factory=threading.Event)
    pull: threading.Event = field(default_factory=threading.Event)
    print: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Premises:
    """The rows by which everything in the store is priced."""

    settings: SettingsRow | None
    packs: tuple[PackRow, ...]
    keys: KeysRow | None
    publications: tuple[PublicationRow, ...] = ()

    def published(self, settings: SettingsRow) -> Published:
        """Return the packs as they count in a store of these settings."""
        place = Place(settings.store, settings.region)
        return Published(self.packs, self.publications, self.keys, place, settings.zone)


class PremisesCache:
    """The premises as last read; what was read before a change of their rows is not kept."""

    def __init__(self) -> None:
        self._held: Premises | None = None
        self._edition = 0
        self.refused_zone = ""
        """A zone of the settings that this machine does not know; the one before it stays."""
        self._lock = threading.Lock()

    def look(self) -> tuple[Premises | None, int]:
        """Return what is held, and the edition that a reader begins to read now."""
        with self._lock:
            return self._held, self._edition

    def keep(self, read: Premises, edition: int) -> None:
        """Hold what was read, unless its rows have changed since."""
        with self._lock:
            if edition == self._edition:
                self._held = read

    def refuse_zone(self, zone: str) -> None:
        """Remember a zone of the settings that this machine does not know; empty for none."""
        self.refused_zone = zone

    def forget(self) -> None:
        """Drop what is held: its rows have changed."""
        with self._lock:
            self._edition += 1
            self._held = None


class Thin:
    """Accounts and lots of which the centre had not enough when a receipt asked: quotes count on no
    more than could be had then.

    It is forgotten after a while, or a restart: then a receipt asks once more. Instants are those
    of the monotonic clock, in seconds: a receipt may be priced for an earlier day too.
    """

    def __init__(self) -> None:
        self._known: dict[UUID, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def note(self, had: Mapping[UUID, int], now_s: float) -> None:
        """Remember how much could be had of these; nothing of an account beyond what is here."""
        with self._lock:
            self._known.update({one: (amount, now_s + THIN_FOR_S) for one, amount in had.items()})

    def now(self, now_s: float) -> Mapping[UUID, int]:
        """Return what can be had of whom."""
        with self._lock:
            self._known = {
                one: (amount, until_s)
                for one, (amount, until_s) in self._known.items()
                if now_s < until_s
            }
            return {one: amount for one, (amount, _) in self._known.items()}


class Doubt:
    """Whether a push was sent whose answer is not known: the rows may hold facts that count as own.

    A piece of the global stream is applied only when there is no doubt, or what a fact changed
    would be shown twice until its answer came.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held from the sending of a push until its answer is written down, and by an apply."""
        self.open = True
        """A new process does not know what the one before it had sent."""


@dataclass(slots=True)
class Station:
    """One store's agent, put together by `app.py`.

    A new epoch replaces `identity` as a whole, under the journal's write lock; a rebuilt replica
    replaces `replica`. `barred` says why the epoch may spend no leases; empty: it may.
    """

    identity: Identity
    journal: Engine
    replica: Engine
    data_dir: Path
    clock: Clock
    chance: random.Random
    link: Link
    settings: AgentSettings
    events: Events
    open_replica: Callable[[str], Engine]
    """Open a file of rows by its name, a new one with its tables."""
    boot: str = ""
    """Names the machine's boot, to tell a restart of the process from one of the machine."""
    devices: Devices = field(default_factory=Devices)
    board: Board = field(default_factory=Board)
    printer: Printer | None = None
    """The printer of the slips, which has the cash drawer behind it."""
    at_printer: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever has a connection to the printer: it serves one at a time."""
    packs: PackShelf = field(default_factory=PackShelf)
    premises: PremisesCache = field(default_factory=PremisesCache)
    doubt: Doubt = field(default_factory=Doubt)
    thin: Thin = field(default_factory=Thin)
    wakes: Wakes = field(default_factory=Wakes)
    counts: Counts = field(default_factory=Counts)
    downtime: Downtime = field(default_factory=Downtime)
    barred: str = ""
    suspects: set[str] = field(default_factory=set)
    """Streams whose stored rows are not those that were written: the pull mends them."""
    backed_up: tuple[BackedUp, ...] = ()
    """What of each epoch a backup of the centre holds, as the last session told."""
    stream_keys: dict[KeyName, bytes] = field(default_factory=dict, repr=False)
    """By stream, life of the centre and number: those that were needed since the start."""
    rows_come: RowsCome = RowsCome.PLAIN
    """How rows travel, as the last session told."""
    pulses: Pulses = field(default_factory=Pulses)
    disk: DiskWatch = field(init=False)
    time: Timekeeper = field(init=False)

    def __post_init__(self) -> None:
        """Watch the disk that the station's files are on, and the time."""
        self.disk = DiskWatch(self.data_dir, self.settings)
        self.time = Timekeeper(self.journal, self.clock, self.boot, self._told)

    def _told(self) -> Told | None:
        return self.link.state().told

    def gets_on(self, loop: str) -> None:
        """Note that a background loop makes progress."""
        self.pulses.beat(loop, self.clock.monotonic())

    @property
    def is_fenced(self) -> bool:
        """Whether another machine works for this store, so that the centre opens no session."""
        return self.barred == FENCED
