"""The centre's machine: the real centre over a file on a disk that fails."""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import httpx
from sqlalchemy.exc import DatabaseError

from agent.station import Identity
from central.agents.enrolment import enrol
from central.centre import Centre, keys_from
from central.estate.service import How, import_goods, import_stores, issue_enrol_code
from central.feed import service as feed
from central.leases import recovery
from central.migrations.draft import all_tables
from central.packs import keylist, rooting
from central.packs.service import publish
from central.settings import Settings
from shared.clock import Clock
from shared.crypto.keys import KeyPair
from shared.crypto.requests import SignedRequest, sign
from shared.ids import uuid7
from shared.runtime.sqlite import open_engine, transaction
from shared.wire.agents import EnrolRequest
from shared.wire.codec import encode
from tests.simulation.disk import Disk, End, StoppedError, copy_disk
from tests.simulation.programmes import SHELVES, Programme, goods_of
from tests.simulation.wire import answer
from tests.vaults import VAULT

T = TypeVar("T")

CENTRAL = "central.db"
ORDERS_MAX = 20
STORE_COLUMNS = "code,name,address,region,zone,legal_name,tax_number,tills"


class CentreMachine:
    """The centre's disk and the process that runs on it now."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        chance: random.Random,
        counts: Counter[str],
        settings: Settings,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.disk = Disk(folder.resolve(), chance)
        self.counts = counts
        engine = open_engine(self.disk.url(CENTRAL))
        keys = keys_from(chance)
        with transaction(engine) as connection:
            all_tables().create_all(connection)
            incarnation = feed.name_incarnation(connection, uuid7(clock.now(), chance))
            keylist.publish(connection, keys)
        self.centre = Centre(engine, clock, chance, keys, settings, incarnation)
        self.first_root, self.root_version = keys.demand_root(), 0

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer a request; a centre that dies on the way answers nothing and starts again."""
        try:
            return self._once(lambda centre: answer(centre, request))
        except StoppedError as error:
            raise httpx.ReadError("the centre has stopped") from error

    def order(self, work: Callable[[Centre], T]) -> T:
        """Let an operator do something, and repeat it until it is done."""
        for _ in range(ORDERS_MAX):
            try:
                return self._once(work)
            except StoppedError:
                continue
        raise AssertionError("the centre stops whenever it is told to do this")

    def _once(self, work: Callable[[Centre], T]) -> T:
        try:
            done = work(self.centre)
        except DatabaseError:
            if self.disk.ended is None:
                raise
        else:
            if self.disk.ended is None:
                return done
        self.restart()
        raise StoppedError

    def restart(self) -> None:
        """Let a new process open the file that the former one has left."""
        if self.disk.ended is not None:
            self.counts["centre cut" if self.disk.ended is End.CUT else "centre killed"] += 1
        old = self.centre
        old.engine.dispose()
        self.disk.recover()
        engine = open_engine(self.disk.url(CENTRAL))
        self.centre = Centre(engine, old.clock, old.chance, old.keys, old.settings, old.incarnation)

    def back_up(self) -> None:
        """Copy the database as it is now."""
        backup = self._backup
        shutil.rmtree(backup, ignore_errors=True)
        self.centre.engine.dispose()
        copy_disk(self.disk.folder, backup)

    def restore(self) -> bool:
        """Put the backup in the database's place and begin another life; False without one."""
        if not self._backup.exists():
            return False
        self.centre.engine.dispose()
        self.disk.replace(self._backup)
        shutil.rmtree(self._backup)
        self.restart()
        incarnation = self.order(recovery.begin)
        self.centre = replace(self.centre, incarnation=incarnation)
        return True

    def hand_over(self) -> None:
        """Let the root give its place to another one."""
        keys = self.centre.keys
        new = KeyPair.from_seed(bytes([0xA0 + len(keys.roots.handed_over)]) * 32)
        keys = replace(keys, root=new, roots=keys.roots.followed_by(keys.demand_root(), new))
        self.root_version = self.order(lambda centre: rooting.send(centre, keys))
        self.centre = replace(self.centre, keys=keys)

    @property
    def _backup(self) -> Path:
        return self.disk.folder.with_name("backup")

    def furnish(self, zones: dict[str, str], programme: Programme, first_pack: str) -> str:
        """Bring stores by code and zone, goods and the first pack; return the pack's hash."""
        region = SHELVES[programme].region
        rows = [
            f"{code},Магазин {code},Главная ул.,{region},{zone},ООО «Вино»,7701234567,1;2"
            for code, zone in zones.items()
        ]
        stores = "\n".join([STORE_COLUMNS, *rows, ""])
        import_stores(self.centre, stores.encode(), How.APPLY)
        import_goods(self.centre, goods_of(programme).encode(), How.APPLY)
        return publish(self.centre, first_pack).hash

    def enrol(self, store: str) -> Identity:
        """Make a new agent for a store, as its command line does."""
        centre = self.centre
        pair = KeyPair.from_seed(centre.chance.randbytes(32))
        body = encode(
            EnrolRequest(issue_enrol_code(centre, store), pair.public, "0.1.0", pair.wrapping_key)
        )
        nonce = f"{centre.chance.getrandbits(64):x}"
        target = "/v1/enrolments"
        headers = sign("POST", target, body, pair, created=centre.clock.now(), nonce=nonce)
        named = {name.lower(): text for name, text in headers.items()}
        told = enrol(centre, SignedRequest("POST", target, named, body))
        return Identity(
            agent=told.agent,
            epoch=told.epoch,
            store=told.store,
            keys=pair,
            root_key=told.root_key,
            card_prefix=told.card_prefix,
            card_block=told.card_block,
            index_key=told.index_key,
            pin_pepper=told.pin_pepper,
            vault=VAULT,
        )
