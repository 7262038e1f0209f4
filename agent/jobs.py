"""Background loops of an agent: push, pull, tend, the devices. They never hold up a till."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog
from sqlalchemy.exc import DatabaseError

from agent import erasing, history, lives
from agent.equipment.service import Equipment
from agent.journal import outages
from agent.leases import service as leases
from agent.link import CentreBusyError
from agent.meeting import catch_up
from agent.mirror import Mirror
from agent.printing import service as printing
from agent.pulses import where
from agent.push import Pushed, hear, push
from agent.replica import repair
from agent.replica import service as replica
from agent.replica.service import GapError, InDoubtError
from agent.reporting import Reporter
from agent.reserve import store as claims
from agent.retention import Retention
from agent.station import Station
from shared.errors import LoyaltyError
from shared.runtime.sqlite import reading
from shared.wire.feed import store_stream

IDLE_S = 5.0
DOUBT_S = 0.1
WATCH_S = 1.0
TEND_S = 10.0
REPORT_S = 2.0
MIRROR_S = 0.5
"""The mirror is compared with the journal: a sale is on both disks within this and one fsync."""
MIRROR_AWAY_S = 10.0
"""After a failure of its disk: each try tells of it, and reads the file anew."""
SETTLE_TURNS = 6
STOP_S = 3.0
FAILED_S = 1.0
HELD_UP_S = 10.0
FENCED_REST_MAX_S = 60.0
"""Between two visits of a fenced agent, of which nobody expects any but of a restored centre."""
PUSH = "push"
REPORT = "report"
MIRROR = "mirror"
WATCHDOG = "watchdog"

log = structlog.get_logger()


@dataclass(slots=True)
class Backoff:
    """Waits that double up to a limit, with full jitter; a success starts anew."""

    first_s: float
    most_s: float
    failures: int = 0

    def next_s(self, chance: float) -> float:
        """Count a failure and return how long to wait; `chance` is in [0, 1)."""
        ceiling = min(self.most_s, self.first_s * (1 << self.failures))
        self.failures = min(self.failures + 1, 16)
        return self.first_s / 2 + ceiling * chance

    def reset(self) -> None:
        """Forget the failures."""
        self.failures = 0


@dataclass(slots=True)
class Jobs:
    """The loops of one station; started once, stopped once."""

    station: Station
    equipment: Equipment | None = None
    mirror: Mirror | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Recover what a former process left open, then start the loops."""
        self.station.disk.look()
        lives.sweep(self.station)
        printing.recover(self.station)
        with reading(self.station.journal) as connection:
            reserved = claims.open_receipts(connection)
        leases.cancel_orphans(self.station, reserved, self.station.time.now())
        loops: dict[str, Callable[[], None]] = {
            PUSH: self._push,
            replica.PULL: self._pull,
            repair.TEND: self._tend,
            REPORT: self._report,
        }
        if self.mirror is not None:
            loops[MIRROR] = partial(self._copy, self.mirror)
        if self.equipment is not None:
            loops |= self.equipment.start()
        for name, loop in loops.items():
            self._begin(name, loop)
        self._spawn(WATCHDOG, self._watch_loops)

    def stop(self) -> None:
        """Stop the loops; one that waits for a silent line is left behind after some seconds."""
        self.stopping.set()
        for bell in (self.station.wakes.push, self.station.wakes.pull, self.station.wakes.print):
            bell.set()
        if self.equipment is not None:
            self.equipment.stop()
        for thread in self.threads:
            thread.join(STOP_S)

    def _begin(self, name: str, loop: Callable[[], None]) -> None:
        """Run a loop in a thread of its own, again and again if it fails.

        What nobody anticipates ends no loop for good: it is logged as an error, with its
        traceback, and the loop begins anew.
        """

        def run() -> None:
            while not self.stopping.is_set():
                self.station.gets_on(name)
                try:
                    loop()
                except Exception:  # a loop that ended for good would leave a till without its line
                    log.exception("loop.failed", loop=name)
                    self.station.pulses.failed(name)
                    self.station.clock.wait(self.stopping, FAILED_S)

        self._spawn(name, run)

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _watch_loops(self) -> None:
        """See that every loop gets on; one that does not makes the agent start anew.

        A process that was held up as a whole, this watch with it, gives its loops time again.
        """
        station = self.station
        most_s = station.settings.loop_silence_max_s
        looked_s = station.clock.monotonic()
        while not station.clock.wait(self.stopping, WATCH_S):
            now_s = station.clock.monotonic()
            looked_s, was_held_up = now_s, now_s - looked_s > HELD_UP_S
            if was_held_up:
                station.pulses.renew(now_s)
            for name, silence_s in station.pulses.silent(now_s, most_s):
                found = [where(thread) for thread in self.threads if thread.name == name]
                log.error("loop.stalled", loop=name, silence_s=round(silence_s), at=found[0])
                station.pulses.give_up(name)
                return

    def _push(self) -> None:
        backoff = self._backoff()
        station = self.station
        while not self.stopping.is_set():
            station.downtime.note(station.time.now(), up=station.link.state().up)
            station.gets_on(PUSH)
            try:
                outages.keep(station)
                pushed = push(self.station)
            except CentreBusyError as busy:
                self._obey_busy(self.station.wakes.push, busy)
                continue
            except (LoyaltyError, DatabaseError) as error:
                log.info("push.failed", reason=str(error))
                self._rest(self.station.wakes.push, backoff.next_s(self.station.chance.random()))
                continue
            backoff.reset()
            if pushed is Pushed.NOTHING:
                self._rest(self.station.wakes.push, IDLE_S)

    def _copy(self, mirror: Mirror) -> None:
        """Write what the mirror lacks, however long the line is silent or the centre busy; nothing
        that is sent waits for that disk."""
        away_s = min(MIRROR_AWAY_S, self.station.settings.loop_silence_max_s / 2)
        rest_s = MIRROR_S
        while not self.station.clock.wait(self.stopping, rest_s):
            self.station.gets_on(MIRROR)
            mirror.write(self.station)
            rest_s = away_s if mirror.is_away else MIRROR_S
        mirror.write(self.station)  # what was sold last before the stop

    def _pull(self) -> None:
        backoff, fenced = self._backoff(), self._fenced_backoff()
        while not self.stopping.is_set():
            self.station.gets_on(replica.PULL)
            try:
                self._follow()
                backoff.reset()
                fenced.reset()
            except (GapError, InDoubtError):
                self.station.wakes.push.set()
                self._rest(self.station.wakes.pull, DOUBT_S)
            except CentreBusyError as busy:
                self._obey_busy(self.station.wakes.pull, busy)
            except (LoyaltyError, DatabaseError) as error:
                log.info("pull.failed", reason=str(error))
                waits = fenced if self.station.is_fenced else backoff
                self._rest(self.station.wakes.pull, waits.next_s(self.station.chance.random()))

    def _follow(self) -> None:
        """Catch up with every stream, then apply what the live tail brings until it ends."""
        station = self.station
        catch_up(station)
        station.wakes.push.set()
        names, own = replica.streams(station), store_stream(station.identity.store)
        self._obey()
        history.fetch(station)
        if replica.streams(station) != names:
            return
        for segment in station.link.tail(replica.cursors(station)):
            station.gets_on(replica.PULL)
            if self.stopping.is_set() or station.suspects:
                return
            if segment is not None:
                replica.apply(station, segment)
                self._obey(is_own=segment.stream == own)
                if replica.streams(station) != names:
                    return

    def _obey(self, *, is_own: bool = True) -> None:
        """Do what the store's own rows ask for: hear later words, which only they tell, and give
        back leases that no open receipt holds any more."""
        if is_own:
            hear(self.station)
        leases.give_back(self.station, self.station.time.now())

    def _tend(self) -> None:
        """Look at the disk; let old slips and facts go; settle the rows every minute, and erase
        what is to be erased; once a night add them up."""
        station, retention = self.station, Retention(self.station)
        turns = 0
        while not station.clock.wait(self.stopping, TEND_S):
            repair.tend(station)
            turns += 1
            try:
                printing.expire(station)
                retention.turn()
                if turns % SETTLE_TURNS:
                    continue
                replica.settle(station)
                erasing.follow(station)
                if not station.suspects and repair.is_scrub_due(station, station.time.now()):
                    station.suspects.update(repair.scrub(station))
            except (LoyaltyError, DatabaseError) as error:
                log.warning("tending.failed", reason=str(error))

    def _report(self) -> None:
        """Tell the centre how this agent is; which stores do it at the same instant is chance."""
        station, reporter = self.station, Reporter(self.station)
        backoff, fenced = self._backoff(), self._fenced_backoff()
        rest_s = REPORT_S
        while not station.clock.wait(self.stopping, rest_s):
            station.gets_on(REPORT)
            rest_s = REPORT_S / 2 + REPORT_S * station.chance.random()
            try:
                if station.link.state().up:
                    reporter.turn()
                backoff.reset()
                fenced.reset()
            except CentreBusyError as busy:
                rest_s += float(str(busy.details["retry_after_s"]))
            except (LoyaltyError, DatabaseError) as error:
                log.info("report.failed", reason=str(error))
                waits = fenced if station.is_fenced else backoff
                rest_s += waits.next_s(station.chance.random())

    def _rest(self, bell: threading.Event, timeout_s: float) -> None:
        """Wait for a bell, but no longer than the timeout."""
        self.station.clock.wait(bell, timeout_s)
        bell.clear()

    def _obey_busy(self, bell: threading.Event, busy: CentreBusyError) -> None:
        """Come back when the centre says; a bell does not make it sooner."""
        log.info("centre.busy", retry_after_s=busy.details["retry_after_s"])
        self.station.clock.wait(self.stopping, float(str(busy.details["retry_after_s"])))
        bell.clear()

    def _backoff(self) -> Backoff:
        settings = self.station.settings
        return Backoff(settings.retry_first_s, settings.retry_max_s)

    def _fenced_backoff(self) -> Backoff:
        """Waits that no watch takes for a loop that hangs."""
        settings = self.station.settings
        most_s = min(FENCED_REST_MAX_S, settings.loop_silence_max_s / 2)
        return Backoff(settings.retry_first_s, max(most_s, settings.retry_max_s))
