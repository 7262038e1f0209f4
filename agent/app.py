"""Put an agent together: the only place where real adapters are chosen."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine

from agent import identity as identities
from agent.client import open_client
from agent.counted import STORAGE_ERRORS
from agent.epochs import recall
from agent.equipment.service import equipment_of
from agent.events import Events
from agent.http_link import HttpLink
from agent.jobs import Jobs
from agent.link import Link
from agent.lives import current_file
from agent.migration import JOURNAL_VERSION, REPLICA_VERSION, migrate
from agent.mirror import Mirror
from agent.replica.service import prepare
from agent.roots import take_up
from agent.schema import JournalTable, ReplicaTable
from agent.screen.routes import Screen
from agent.settings import AgentSettings
from agent.station import Identity, Station
from agent.till import metrics
from agent.till.fiscal import FiscalTimes
from agent.till.guard import Guard
from agent.till.openapi import describe
from agent.till.place import Places
from agent.till.routes import ROUTERS
from agent.vault import guarded, vault_of
from hardware.printers.printer import printer_at
from shared.clock import SystemClock
from shared.runtime.logs import Answered
from shared.runtime.sqlite import Synchronous, open_file
from shared.runtime.web import BodyLimit, install_problems
from shared.wire.agents import SessionRequest

BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")
JOURNAL_FILE = "journal.db"
NONCE_BITS = 64


def station_of(settings: AgentSettings) -> Station:
    """Open the files of an enrolled agent.

    Raises NotEnrolledError, BrokenIdentityError, NoVaultKeyError, OtherVaultError, NewerFileError.
    """
    clock = SystemClock()
    chance = random.SystemRandom()
    if not identities.is_enrolled(settings.data_dir):
        raise identities.NotEnrolledError
    vault = vault_of(settings.data_dir, settings.vault_key, chance)
    who = identities.load(settings.data_dir, vault)
    journal = guarded(open_file(settings.data_dir / JOURNAL_FILE), vault)
    migrate(journal, JournalTable, JOURNAL_VERSION)

    def open_replica(name: str) -> Engine:
        engine = guarded(open_file(settings.data_dir / name, Synchronous.NORMAL), vault)
        migrate(engine, ReplicaTable, REPLICA_VERSION)
        return engine

    station = Station(
        identity=who,
        journal=journal,
        replica=open_replica(current_file(journal)),
        data_dir=settings.data_dir,
        clock=clock,
        chance=chance,
        link=_link(settings, who, clock, chance),
        settings=settings,
        events=Events(settings.event_listeners_max),
        open_replica=open_replica,
        boot=_boot(),
    )
    recall(station)
    take_up(station)
    prepare(station)
    return station


def create_app(station: Station) -> FastAPI:
    """Return the till API over a station; its loops run as long as the app does."""
    settings = station.settings
    if settings.printer:
        station.printer = printer_at(settings.printer)
    mirror = Mirror(settings.journal_mirror) if settings.journal_mirror else None
    jobs = Jobs(station, equipment_of(station, station.printer), mirror)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        jobs.start()
        yield
        jobs.stop()

    app = FastAPI(
        title="Kopilka till API",
        version=version("kopilka"),
        description="Amounts in kopecks, points in hundredths, quantities in thousandths.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.station = station
    app.state.storage_failed = lambda: station.counts.add(STORAGE_ERRORS)
    install_problems(app)
    for router in (*ROUTERS, metrics.router):
        app.include_router(router)
    if settings.screen:
        Screen(station).serve(app)
    describe(app)
    app.add_middleware(BodyLimit, limit_bytes=settings.body_bytes_max)
    app.add_middleware(FiscalTimes, station=station)
    app.add_middleware(Places, station=station)
    app.add_middleware(Guard, station=station)
    if settings.log_level == "DEBUG":
        app.add_middleware(Answered, clock=station.clock)
    return app


def _boot() -> str:
    """Return what the kernel calls the machine's present boot; empty where it does not say."""
    try:
        return BOOT_FILE.read_text("ascii").strip()
    except OSError:
        return ""


def _link(
    settings: AgentSettings, who: Identity, clock: SystemClock, chance: random.Random
) -> Link:
    client = open_client(settings, settings.tail_silence_max_s)
    request = SessionRequest(who.agent, who.epoch, version("kopilka"), 0)
    return HttpLink(client, who.keys, request, clock, chance.getrandbits(NONCE_BITS))
