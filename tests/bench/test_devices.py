"""The figures of the devices: papers under troubles, kills, delays, scans, noise, plugging."""

import multiprocessing
import random
import resource
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from agent.devices import Condition
from agent.equipment.service import equipment_of, on_scan
from agent.printing.service import print_next
from agent.printing.store import JobState
from agent.quote.service import quote
from hardware.printers.printer import printer_at
from hardware.printers.status import StatusReader
from hardware.scanners.hid_pos import HidPos
from hardware.scanners.parse import Framer
from hardware.scanners.scanner import ScanEvent, Scanner
from hardware.scanners.wedge import Wedge
from hardware.simulator.scanner_sim import ScannerSim
from hardware.simulator.sensors import Roll
from shared.clock import SystemClock
from shared.runtime.sqlite import transaction
from tests.agent.till.kit import serving
from tests.bench import papers
from tests.bench.papers import bench, enqueue, naive, print_all, print_and_die, state_after
from tests.bench.results import compare
from tests.builders import Shop, basket

SLIPS = 5_000
NAIVE = 200
KILLS = 50
COMMITS = 3
SCANS = 20_000
STRINGS = 1_000_000
STRING_BYTES = 24
CYCLES = 2_000
ROUNDS = 10
QUOTES = 300
WAIT_S = 60.0
MEMORY_MB = 8.0

CLOCK = SystemClock()
NEVER = threading.Event()
pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


def shop_at(folder: Path, **settings: Any) -> Shop:
    shop = Shop(folder, **settings).open()
    shop.station.clock = CLOCK
    return shop


def goal(name: str, ours: float, most: float, unit: str, how: str) -> None:
    """Write a figure down beside its goal, which it may not exceed."""
    compare(name, (ours, most, unit), (f"<= {most:g}", ours <= most), how)


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[-1] * 1000


def until(holds: Callable[[], bool]) -> float:
    """Wait until something holds; return how many seconds that took."""
    began_s = CLOCK.monotonic()
    while not holds():
        assert CLOCK.monotonic() - began_s < WAIT_S
        CLOCK.wait(NEVER, 0.01)
    return CLOCK.monotonic() - began_s


def test_no_slip_has_two_originals_and_none_is_lost(tmp_path: Path) -> None:
    shop = shop_at(tmp_path / "shop")
    with bench(tmp_path / "ours") as on:
        print_all(shop, on, SLIPS)
        found = [on.basket.of(number) for number in range(SLIPS)]
        troubles = sum(on.troubles.values())
    shop.close()
    with bench(tmp_path / "naive") as on:
        twice = naive(on, NAIVE)

    doubled = sum(originals > 1 for originals, _ in found)
    lost = sum(originals + copies == 0 for originals, copies in found)
    per = 1000
    compare(
        "slips with a second original or without a paper / a loop that sends again",
        ((doubled + lost) * per / SLIPS, max(1, twice) * per / NAIVE, "of 1000"),
        ("0", doubled + lost == 0),
        f"{SLIPS} slips on the simulator, {troubles} of them in troubles, a person says what he "
        f"sees; the loop prints {NAIVE}; a hundred more are printed on emupos by `make test`",
    )


def test_a_killed_agent_reprints_nothing_and_knows_at_once(tmp_path: Path) -> None:
    taken, wrong = [], 0
    chance = random.Random(1)
    moments = [(commits, 0.0) for commits in range(1, COMMITS + 1)]
    moments += [(0, chance.uniform(0, 0.5)) for _ in range(KILLS)]
    for number, (commits, after_s) in enumerate(moments):
        state, originals, taken_s = _killed(tmp_path / str(number), commits, after_s)
        taken.append(taken_s)
        right = {JobState.QUEUED: (1,), JobState.UNCERTAIN: (0, 1), JobState.PRINTED: (1,)}
        wrong += originals not in right[state]

    assert wrong == 0
    goal(
        "right state of the spool after SIGKILL / goal",
        max(taken),
        2.0,
        "s",
        f"killed at {COMMITS} commits and {KILLS} random moments of a slip, the slowest of them; "
        "nothing was printed again",
    )


def _killed(folder: Path, commits: int, after_s: float) -> tuple[JobState, int, float]:
    """Kill a printing process; return the state that the next one finds, which prints what was not
    begun, then how many originals there are, and how long the state took."""
    shop = shop_at(folder)
    enqueue(shop, 0)
    shop.close()
    with bench(folder / "paper", bytes_s=2_000) as on:
        url = f"tcp://127.0.0.1:{on.sim.port}?profile={papers.PROFILE}"
        context = multiprocessing.get_context("spawn")
        child = context.Process(target=print_and_die, args=(folder, url, commits))
        child.start()
        if not commits:
            until((folder / "ready").exists)
            CLOCK.wait(NEVER, after_s)
            child.kill()
        child.join(WAIT_S)
        state, taken_s = state_after(folder)
        again = shop_at(folder)
        if state is JobState.QUEUED:
            print_next(again.station, on.printer)
        else:
            assert print_next(again.station, on.printer)[1] is None
        again.close()
        papers.drain(on)
        return state, on.basket.of(0)[0], taken_s


def test_a_fault_is_on_the_screen_and_off_it_in_seconds(tmp_path: Path) -> None:
    seen, again, back = [], [], []
    with bench(tmp_path / "paper") as on:
        scanner = ScannerSim(tmp_path / "scanner")
        scanner.plug()
        url = f"tcp://127.0.0.1:{on.sim.port}?profile={papers.PROFILE}"
        shop = shop_at(tmp_path / "shop", printer=url, scanner=scanner.url)
        health = shop.station.devices.snapshot
        with serving(shop.station, loops=True):
            until(lambda: "printer" in health() and health()["printer"].condition is Condition.OK)
            for number in range(ROUNDS):
                on.sim.set_roll(Roll.OUT)
                seen.append(until(lambda: health()["printer"].condition is Condition.BLOCKED))
                enqueue(shop, number)
                CLOCK.wait(NEVER, 0.5)
                on.sim.set_roll(Roll.IN)
                again.append(until(lambda number=number: on.basket.of(number)[0] == 1))  # type: ignore[misc]
                scanner.unplug()
                until(lambda: health()["scanner"].condition is Condition.UNREACHABLE)
                scanner.plug()
                back.append(until(lambda: health()["scanner"].condition is Condition.OK))
        shop.close()
        scanner.unplug()

    how = f"the slowest of {ROUNDS}, a running agent, our simulators"
    screen_s = 0.5  # how often an open page looks
    goal("a printer's fault on the screen / goal", max(seen) + screen_s, 2.0, "s", how)
    goal("printing again after the fault / goal", max(again), 3.0, "s", how)
    goal("scanner back after it was plugged in / goal", max(back), 2.0, "s", how)


def test_spooling_and_scanning_hold_nobody_up(tmp_path: Path) -> None:
    shop = shop_at(tmp_path / "shop")
    spooled = []
    for number in range(1_000):
        began_s = CLOCK.monotonic()
        enqueue(shop, number)
        spooled.append(CLOCK.monotonic() - began_s)
    taken, lost = _scans(shop, tmp_path / "scanner")
    shop.close()

    assert lost == 0
    p95_ms = quantiles(spooled, n=20)[-1] * 1000
    goal("a slip spooled, p95 / goal", p95_ms, 10.0, "ms", "1000 slips, durable")
    goal(
        "a scan told to the tills, p99 / goal",
        p99(taken),
        10.0,
        "ms",
        f"{SCANS} scans of a scanner on a pseudo-terminal, none lost",
    )


def _scans(shop: Shop, path: Path) -> tuple[list[float], int]:
    """Scan codes one after another; return how long each took, and how many did not come."""
    device = ScannerSim(path)
    device.plug()
    tell, heard = on_scan(shop.station), threading.Semaphore(0)

    def hear(scan: ScanEvent) -> None:
        tell(scan)
        heard.release()

    scanner = Scanner(device.url, CLOCK, hear)
    scanner.start()
    assert scanner.wait_until(lambda health: health.connects == 1, WAIT_S)
    CLOCK.wait(NEVER, 0.5)
    taken, lost = [], 0
    for number in range(SCANS):
        began_s = CLOCK.monotonic()
        device.scan(f"29{number:011d}")
        lost += not heard.acquire(timeout=1.0)
        taken.append(CLOCK.monotonic() - began_s)
    scanner.stop()
    device.unplug()
    return taken, lost


def test_noise_raises_nothing_and_takes_no_memory() -> None:
    chance = random.Random(1)
    readers = (Framer(), HidPos(), Wedge())
    status = StatusReader()
    before_kb = 0
    for number in range(STRINGS):
        if number == STRINGS // 100:
            before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        noise = chance.randbytes(chance.randrange(STRING_BYTES))
        status.feed(noise)
        readers[number % len(readers)].feed(noise, number * 0.001)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024

    how = f"{STRINGS} random strings of up to {STRING_BYTES} bytes, no exception; growth of RSS"
    goal("memory that noise takes in the parsers / goal", grown_mb, MEMORY_MB, "MB", how)


class Hasty(SystemClock):
    """Does not wait long between two attempts."""

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        """Wait a little."""
        return super().wait(event, min(timeout_s, 0.002))


def test_plugging_leaves_nothing_behind(tmp_path: Path) -> None:
    device = ScannerSim(tmp_path / "scanner")
    device.plug()
    scanner = Scanner(device.url, Hasty(), lambda _scan: None)
    scanner.start()
    held = []
    for cycle in range(1, CYCLES + 1):
        assert scanner.wait_until(lambda health, cycle=cycle: health.connects >= cycle, WAIT_S)  # type: ignore[misc]
        if cycle in (10, CYCLES):
            held.append((len(list(Path("/proc/self/fd").iterdir())), threading.active_count()))
        device.unplug()
        device.plug()
    scanner.stop()
    device.unplug()

    left = sum(abs(after - before) for before, after in zip(*held, strict=True))
    how = f"descriptors and threads of {CYCLES} times unplugging and plugging in"
    compare(
        "left behind by plugging / one of each cycle", (left, CYCLES, ""), ("0", left == 0), how
    )


def test_dead_devices_slow_no_quote(tmp_path: Path) -> None:
    shop = shop_at(
        tmp_path, scanner="serial:///dev/serial/by-id/none", display="serial:///dev/serial/none"
    )
    dead = printer_at("tcp://127.0.0.1:9?profile=TM-T20III")
    with transaction(shop.station.journal):
        pass
    alone: list[float] = []
    beside: list[float] = []
    wanted = basket(shop)
    for _ in range(ROUNDS):
        alone += _quotes(shop, wanted)
        equipment = equipment_of(shop.station, dead)
        threads = [threading.Thread(target=run) for run in equipment.start().values()]
        for thread in threads:
            thread.start()
        beside += _quotes(shop, wanted)
        equipment.stop()
        shop.station.wakes.print.set()
        for thread in threads:
            thread.join(WAIT_S)
    shop.close()

    ratio = median(beside) / median(alone)
    compare(
        "quote with all devices dead / without devices",
        (median(beside) * 1e6, median(alone) * 1e6, "µs"),
        ("<= 1.05", ratio <= 1.05),
        f"median of {ROUNDS * QUOTES} each, printer, scanner and display looked for in vain",
    )


def _quotes(shop: Shop, wanted: object) -> list[float]:
    taken = []
    for _ in range(QUOTES):
        began_s = CLOCK.monotonic()
        quote(shop.station, wanted, shop.clock.now())  # type: ignore[arg-type]
        taken.append(CLOCK.monotonic() - began_s)
    return taken
