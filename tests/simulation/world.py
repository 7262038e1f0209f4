"""The world of a run: stores, centre, people and the judge, taken through a plan step by step."""

import hashlib
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DatabaseError

from agent.keyring import UnknownKeyError
from agent.link import CentreBusyError, LinkDownError, RefusedByCentreError
from agent.replica import repair, sums
from agent.replica.service import GapError, InDoubtError, OtherIncarnationError
from agent.station import Station
from central.auditor import service as auditor
from central.ingest import recovering
from central.ingest import service as ingest
from central.leases.writeoff import holdings
from central.packs import keyring
from central.settings import Settings
from shared.errors import LoyaltyError
from shared.runtime.sqlite import Synchronous, reading
from shared.wire.feed import BrokenSegmentError
from tests.simulation import editing
from tests.simulation.beyond import Caps
from tests.simulation.carried import Carried
from tests.simulation.centre import CENTRAL, CentreMachine
from tests.simulation.clocks import MachineClock, TrueTime
from tests.simulation.disk import StoppedError
from tests.simulation.machine import Machine
from tests.simulation.oracle import Oracle
from tests.simulation.passes import Purses
from tests.simulation.plan import Options, Step, instant
from tests.simulation.programmes import once_of, pack_text
from tests.simulation.rolling import said
from tests.simulation.sightings import Sightings
from tests.simulation.steps import STEPS, office, visits
from tests.simulation.till import (
    OpenReceipt,
    StoreClosedError,
    Tills,
)
from tests.simulation.told import SURPRISE, ViolationError
from tests.simulation.wire import LineMode, Network

HEAL_ROUNDS_MAX = 40
STILL_ROUNDS = 2
"""A round may end without a visible move: an agent asks a restored centre for its epoch again."""
HELPERS_MAX = 3
"""Other stores that work while one waits for points to be called back."""

_NO_LINE = (
    LinkDownError,
    CentreBusyError,
    RefusedByCentreError,
    GapError,
    InDoubtError,
    OtherIncarnationError,
    BrokenSegmentError,
    UnknownKeyError,
)
"""What a loop meets on a bad line: it tries again later."""


class World:
    """One estate in one process: everything that happens follows from the options and the steps."""

    def __init__(
        self, folder: Path, options: Options, synchronous: Synchronous = Synchronous.FULL
    ) -> None:
        self.options = options
        self.chance = random.Random(f"world/{options.seed}")
        self.counts: Counter[str] = Counter()
        self.time = TrueTime()
        self.story = hashlib.sha256()
        self.steps = 0
        self.customers = options.customers
        self.receipts: dict[str, OpenReceipt] = {}
        self.sightings = Sightings(self.counts)
        self.carried = Carried()
        self.purses = Purses()
        self.lists: dict[str, int] = {}
        """The highest version of the list of keys that each store has gone by."""
        self.edited: set[int] = set()
        """Customers whose profiles were changed."""
        self._helping = False
        self._audited = auditor.job()
        clock, settings = MachineClock(self.time), Settings(first_need=options.first_need)
        central = CentreMachine(folder / "centre", clock, self.chance, self.counts, settings)
        self.central = central
        first_pack = pack_text(options.programme, caps=options.caps, of_pass=options.of_pass)
        self.first_pack = central.furnish(options.zones, options.programme, first_pack)
        self.network = Network(self.time, self.chance, self.counts, central.serve)
        self.oracle = Oracle(central.disk.folder / CENTRAL, Caps(*options.caps), self.counts)
        self.oracle.persons.once = once_of(options.programme)
        self.oracle.times.published(said(central.centre))
        self.tills: list[Tills] = []
        self.twins: dict[int, Tills] = {}
        self.images: dict[int, Path] = {}
        self.ordered: list[Callable[[], object]] = []
        """What people have brought and done, to be done again after a restore."""
        for code, zone in options.zones.items():
            self.add_store(folder / code, code, zone, synchronous)
        central.order(lambda centre: keyring.publish(centre, centre.clock.now()))

    def add_store(self, folder: Path, code: str, zone: str, synchronous: Synchronous) -> None:
        """Enrol a machine for a store, also one more for the same."""
        clock = MachineClock(self.time, self.meanwhile)
        identity = self.central.enrol(code)
        machine = Machine(folder, identity, self.network, clock, synchronous)
        self.oracle.stores[code] = machine.seen_as(code, zone)
        machine.on_start = lambda: self.oracle.check_restart(code)
        self.tills.append(Tills(code, machine, self.oracle))

    def close(self) -> None:
        """Close all files."""
        for tills in self.everywhere():
            tills.machine.close()
            tills.machine.disk.forget()
        self.central.centre.engine.dispose()
        self.central.disk.forget()

    def facts(self) -> int:
        """Count the facts in all journals."""
        return sum(len(tills.facts()) for tills in self.everywhere())

    def stranded(self) -> tuple[int, int]:
        """Return how many leases and points (hundredths) ended or barred epochs hold."""
        held = holdings(self.central.centre)
        lost = [one for one in held if one.reason or not one.present]
        return sum(one.lots for one in lost), sum(one.points for one in lost)

    def everywhere(self) -> list[Tills]:
        """Return the tills of all stores, and those of cloned machines."""
        return [*self.tills, *(self.twins[no] for no in sorted(self.twins))]

    def at(self, store: int) -> Tills:
        """Return where something happens at a store: one machine, or by chance its clone."""
        twin = self.twins.get(store)
        return self.tills[store] if twin is None or self.chance.random() < 0.5 else twin

    def pass_shown(self, customer: int | None) -> str:
        """Return the code of the pass that a customer shows."""
        if not self.options.of_pass or customer is None:
            return ""
        return self.purses.shown(customer, self.chance)

    def run(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Take the steps one by one, yielding each that is done; then heal and judge everything.

        Raises ViolationError.
        """
        for step in steps:
            self.take(step)
            yield step
        self.heal()

    def take(self, step: Step) -> None:
        """Do one step; the same step at the same place of the same run does the same."""
        self.steps += 1
        self.chance.seed(f"step/{self.options.seed}/{step.no}")
        self.time.reach(instant(step))
        with self._judged(f"step {step.no} {step.do} at {step.store} {step.args}"):
            self.network.deliver_late()
            told = STEPS[step.do](self, step)
            self._tell(step.no, step.do, step.store, told)
            self._judge_touched()

    def heal(self) -> None:
        """Mend lines, clocks and disks, end open receipts, sync until nothing moves, judge all."""
        self.chance.seed(f"heal/{self.options.seed}")
        self.network.busy = False
        with self._judged("healing"):
            for tills in self.everywhere():
                tills.machine.line.mode, tills.machine.line.misfortune = LineMode.UP, 0.0
                tills.machine.line.cache = 0.0
                tills.machine.clock.offset = timedelta()
                tills.machine.disk.full_writes = 0
            if self.counts["older list"]:
                self.central.order(lambda centre: office.renew_keys(centre, self.tills[0].code))
            self._end_receipts()
            for tills in self.everywhere():
                tills.repeat(_scrub)
            still = 0
            for _ in range(HEAL_ROUNDS_MAX):
                still = 0 if self._heal_once() else still + 1
                if still == STILL_ROUNDS:
                    break
            else:
                raise ViolationError("stall", f"no rest after {HEAL_ROUNDS_MAX} rounds")
            self.oracle.check_healed()
            self._check_profiles()
            self._check_repairs()
        self._tell("healed")

    def _check_profiles(self) -> None:
        """Let every cashier look at those whose profiles were changed."""
        for tills in self.everywhere():
            if tills.machine.station.is_fenced:
                continue
            for no in sorted(self.edited):
                seen = editing.shown(tills, self.customers[no].cards[0])
                if seen is not None:
                    self.oracle.check_shown_profile(tills.code, *seen)

    def _check_repairs(self) -> None:
        """Check that no rows were mended where no disk has changed any."""
        if self.counts["row rotten"] or self.counts["rows put back"]:
            return
        for tills in self.everywhere():
            with reading(tills.machine.station.replica) as connection:
                mended = sum(one.repaired_parts for one in sums.checks(connection))
            if mended:
                raise ViolationError("mended", f"store {tills.code} had {mended} wrong parts")

    def digest(self) -> str:
        """Return the digest of everything that has happened."""
        return self.story.hexdigest()

    def _end_receipts(self) -> None:
        """Let a person end what is still open at the end of the shift."""
        for receipt in list(self.receipts.values()):
            if receipt.committed is None:
                visits.finish(self, receipt, self.chance.choice(("pay", "cancel")))
        for tills in self.everywhere():
            tills.end_shift()

    def _heal_once(self) -> bool:
        """Let every store sync once; tell whether anything moved."""
        moved = False
        for tills in self.everywhere():
            self.time.pass_by(61)
            before = self._state(tills.machine)
            self.loop(tills.machine.push)
            self.loop(tills.machine.pull)
            self.loop(tills.machine.print_all)
            tills.repeat(_scrub_if_due)
            moved = moved or before != self._state(tills.machine)
        taken_over = self.central.order(lambda centre: recovering.run(centre, centre.clock.now()))
        return moved or taken_over > 0 or self.audit() > 0

    def _state(self, machine: Machine) -> tuple[int, ...]:
        with machine.station.journal.connect() as connection:
            facts = connection.exec_driver_sql("SELECT count(*) FROM fact").scalar_one()
        with machine.station.replica.connect() as connection:
            cursor = connection.exec_driver_sql("SELECT sum(number) FROM cursor").scalar_one()
        return (facts, machine.queue(), cursor or 0)

    @contextmanager
    def _judged(self, what: str) -> Iterator[None]:
        """Name the step in a violation; whatever else escapes the product is one too."""
        try:
            yield
        except ViolationError as found:
            raise ViolationError(found.invariant, f"{found} — {what}") from found
        except StoreClosedError as error:
            raise ViolationError("progress", what) from error
        except Exception as error:
            told = "".join(traceback.format_exception(error)[-6:])
            raise ViolationError(SURPRISE, f"{what}\n{told}") from error

    def _tell(self, *parts: object) -> None:
        self.story.update(" ".join(map(str, parts)).encode() + b"\n")

    def _judge_touched(self) -> None:
        touched = {account for tills in self.everywhere() for account in tills.touched}
        self.oracle.check_accounts(touched)
        for tills in self.everywhere():
            tills.touched.clear()

    def meanwhile(self) -> None:
        """While a store waits for points, others hear that they are wanted, and give them back."""
        if self._helping:
            return
        self._helping = True
        try:
            for tills in self.chance.sample(self.tills, min(HELPERS_MAX, len(self.tills))):
                self.loop(tills.machine.pull)
                self.loop(tills.machine.push)
        finally:
            self._helping = False

    def loop(self, work: Callable[[], Any]) -> str:
        """Take one turn of a background loop; a bad line or disk is tried again later."""
        try:
            return str(work())
        except _NO_LINE as error:
            self.counts[error.code] += 1
            return error.code
        except StoppedError:
            return "stopped"
        except LoyaltyError as error:
            if error.code != "malformed":
                raise
            self.counts["malformed"] += 1
            return error.code
        except DatabaseError as error:
            if "full" not in str(error.orig):
                raise
            self.counts["disk full"] += 1
            return "full"

    def refused(self, refusal: LoyaltyError) -> str:
        """Count a refusal; return its code."""
        self.counts[f"refused {refusal.code}"] += 1
        return refusal.code

    def audit(self) -> int:
        """Let the centre evaluate what it has not seen yet a second time, and take in what had to
        wait for that."""
        found = self.central.order(lambda centre: ingest.readmit(centre, centre.clock.now()))
        return len(found) + self.central.order(
            lambda centre: self._audited(centre, centre.clock.now())
        )


def _scrub(station: Station) -> None:
    station.suspects.update(repair.scrub(station))


def _scrub_if_due(station: Station) -> None:
    if not station.suspects and repair.is_scrub_due(station, station.time.now()):
        _scrub(station)
