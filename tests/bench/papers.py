"""A spool and a simulated printer under random troubles, and how many papers came of each slip."""

import os
import random
import signal
import threading
from collections import Counter as Counted
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import event

from agent.operations import Said, settle_paper
from agent.printing import store as spool
from agent.printing.papers import Verdict, open_papers
from agent.printing.service import print_next, recover
from agent.printing.store import JobState
from hardware.printers.outcome import Reason
from hardware.printers.printer import Printer, print_job, printer_at
from hardware.printers.session import Patience
from hardware.simulator.outbox import Outbox, RollSize
from hardware.simulator.paper import Ending, Sheet, sheet_text
from hardware.simulator.printer_sim import PrinterSim
from hardware.simulator.sensors import Build, Cover, Cutter, Mishap, Power, Roll
from shared.clock import SystemClock
from shared.runtime.sqlite import transaction
from shared.slip import Block, Row, Slip, SlipKind, Text
from tests.builders import Shop

PROFILE = "TM-T20III"
TROUBLED = 0.3
"""Share of the slips that meet a trouble."""
SLIP_BYTES = 300
LINES = 8
COPY = "КОПИЯ"
_NEVER = threading.Event()


class Basket(Outbox):
    """Catches papers as text, without drawing them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, RollSize(80, 576, 48))
        self.papers: list[tuple[bool, str]] = []
        """Whether it is whole, and what it says."""

    def land(self, sheet: Sheet) -> None:
        """Keep a paper."""
        self.papers.append((sheet.ending is Ending.CUT, sheet_text(sheet, 48)))

    def of(self, number: int) -> tuple[int, int]:
        """Return how many whole originals and how many whole copies of a slip there are."""
        mine = [text for whole, text in self.papers if whole and f"Слип {number} " in text]
        copies = sum(COPY in text for text in mine)
        return len(mine) - copies, copies


@dataclass(slots=True)
class Bench:
    """A printer that can be troubled, its papers, and a port to it."""

    sim: PrinterSim
    basket: Basket
    printer: Printer
    chance: random.Random
    troubles: Counted[str] = field(default_factory=Counted)

    def trouble(self) -> None:
        """Let something befall the next slip, before it or in it."""
        kind = self.chance.choice(
            ["paper", "cover", "reset", "power", "paper_in", "cover_in", "jam_in", "off"]
        )
        self.troubles[kind] += 1
        sim, after = self.sim, self.chance.randrange(1, SLIP_BYTES)
        match kind:
            case "paper":
                sim.set_roll(Roll.OUT)
            case "cover":
                sim.set_cover(Cover.OPEN)
            case "off":
                sim.set_power(Power.OFF)
            case "reset":
                sim.reset_after(after)
            case "power":
                sim.suffer_after(after, Mishap.POWER_OFF)
            case "paper_in":
                sim.suffer_after(after, Mishap.PAPER_OUT)
            case "cover_in":
                sim.suffer_after(after, Mishap.COVER_OPEN)
            case _:
                sim.suffer_after(after, Mishap.CUTTER_JAM)

    def mend(self) -> None:
        """Put everything right."""
        self.sim.set_roll(Roll.IN)
        self.sim.set_cover(Cover.CLOSED)
        self.sim.set_cutter(Cutter.FREE)
        self.sim.set_power(Power.ON)

    def watch(self, reason: Reason | None) -> Patience:
        """Help a slip that waits, or leave it: then its paper comes late."""
        if reason is None:
            return Patience.WAIT
        if self.chance.random() < 0.5:
            return Patience.GIVE_UP
        self.mend()
        return Patience.WAIT


@contextmanager
def bench(folder: Path, bytes_s: int = 0, seed: int = 1) -> Iterator[Bench]:
    """Plug a printer in."""
    basket = Basket(folder)
    sim = PrinterSim(Build(columns=48, bytes_s=bytes_s), basket, SystemClock())
    sim.start()
    try:
        printer = printer_at(f"tcp://127.0.0.1:{sim.port}?profile={PROFILE}")
        yield Bench(sim, basket, printer, random.Random(seed))
    finally:
        sim.stop()


def slip(number: int) -> Slip:
    """Return a slip that says which it is."""
    wine: tuple[Block, ...] = (Text("Вино красное сухое"),) * LINES
    rows = (Row(f"Слип {number} ", "1,00"), *wine)
    return Slip(UUID(int=number + 1), SlipKind.SALE, rows)


def enqueue(shop: Shop, number: int) -> None:
    """Spool a slip."""
    with transaction(shop.station.journal) as connection:
        spool.enqueue(connection, slip(number), shop.clock.now())


def print_all(shop: Shop, on: Bench, slips: int) -> None:
    """Spool slips one by one and print them, with a person who mends and says what he sees."""
    for number in range(slips):
        enqueue(shop, number)
        if on.chance.random() < TROUBLED:
            on.trouble()
        print_next(shop.station, on.printer, on.watch)
        settle_down(shop, on, number)


def settle_down(shop: Shop, on: Bench, number: int) -> None:
    """Mend, print what is in line, look for papers in doubt, until all is said."""
    on.mend()
    while papers := open_papers(shop.station):
        (paper,) = papers
        if paper.state is JobState.QUEUED:
            print_next(shop.station, on.printer, on.watch)
            on.mend()
            continue
        drain(on)
        there = on.basket.of(number)[min(paper.copy_no, 1)] > max(0, paper.copy_no - 1)
        verdict = Verdict.PRINTED if there else Verdict.COPY
        said = Said(shop.uid(), verdict.encode(), verdict, "7")
        settle_paper(shop.station, paper.job, said, shop.clock.now())


def drain(on: Bench) -> None:
    """Wait for what the printer still holds, as a person does before he looks."""
    clock, patience = SystemClock(), 40
    while on.sim.state().buffered_bytes and patience:
        clock.wait(_NEVER, 0.005)
        patience -= 1
    on.sim.set_power(Power.OFF)  # what hangs out without its cut is torn off
    on.sim.set_power(Power.ON)


def naive(on: Bench, slips: int) -> int:
    """Print slips by a loop that sends again what was not confirmed; return how many came twice."""
    clock = SystemClock()
    for number in range(slips):
        if on.chance.random() < TROUBLED:
            on.trouble()
        for _ in range(5):
            outcome = print_job(
                on.printer, slip(number), job_no=number, clock=clock, watch=on.watch
            )
            if type(outcome).__name__ == "Printed":
                break
            on.mend()
    on.mend()
    drain(on)
    return sum(on.basket.of(number)[0] > 1 for number in range(slips))


def print_and_die(folder: Path, url: str, commits: int) -> None:
    """Print what is spooled and be killed at the end of the so-manieth transaction; 0: never."""
    shop = Shop(folder)
    shop.station.clock = SystemClock()
    left = commits

    def die(_connection: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if commits:
        event.listen(shop.station.journal, "commit", die)
    (folder / "ready").touch()
    print_next(shop.station, printer_at(url))


def state_after(folder: Path) -> tuple[JobState, float]:
    """Open the files as a new process does, and return the slip's state and how long that took."""
    clock = SystemClock()
    began_s = clock.monotonic()
    shop = Shop(folder)
    recover(shop.station)
    with transaction(shop.station.journal) as connection:
        found = spool.job_state(connection, slip(0).id)
    taken_s = clock.monotonic() - began_s
    shop.close()
    assert found is not None
    return found[0], taken_s
