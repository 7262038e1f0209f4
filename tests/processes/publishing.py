"""How long a pack takes from its publication to a store that listens: real processes, one machine.

`python -m tests.processes.publishing [ROUNDS]` publishes that many packs in turn and then halts
the last one, and prints the times until the store's agent prices by what was published.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median
from threading import Event

import httpx

from central.packs.publishing import AT_ONCE, Announcement
from central.packs.service import publish
from central.rollout.board import Readiness, board
from central.rollout.service import Scope, Word, halt
from demo.stage.estate import Launch
from tests.builders import wine_text
from tests.processes.estate import Estate
from tests.processes.plan import Options

ROUNDS = 20
LOOK_S = 0.005
WAIT_S = 30.0


class Measuring:
    """A centre and a store's agent as processes, and what is published to them."""

    def __init__(self, folder: Path) -> None:
        self.estate = Estate(folder, Options(stores=1), Launch())
        self.estate.open()
        self.metrics = f"{self.estate.shops[0].agent.url}/metrics"
        self.client = httpx.Client(timeout=WAIT_S)

    def until(self, pack: str) -> float:
        """Return how long it takes until the agent prices by a pack."""
        clock = self.estate.clock
        began_s = clock.monotonic()
        while f'"{pack}"' not in self.client.get(self.metrics).text:
            assert clock.monotonic() - began_s < WAIT_S, "the pack does not come"
            clock.wait(Event(), LOOK_S)
        return clock.monotonic() - began_s

    def until_told(self, pack: str) -> float:
        """Return how long it takes until the board knows that the pack is in force there."""
        clock = self.estate.clock
        began_s = clock.monotonic()
        while board(self.estate.operator, pack).count(Readiness.EFFECTIVE) != 1:
            assert clock.monotonic() - began_s < WAIT_S, "the store does not tell"
            clock.wait(Event(), LOOK_S)
        return clock.monotonic() - began_s

    def close(self) -> None:
        """End all processes."""
        self.client.close()
        self.estate.close()


def measure(folder: Path, rounds: int) -> list[str]:
    """Return lines of what was measured."""
    made = Measuring(folder)
    try:
        centre, packs = made.estate.operator, list[str]()
        came, told = list[float](), list[float]()
        for version in range(2, rounds + 2):
            text = wine_text().replace("version: 1\n", f"version: {version}\n")
            packs.append(publish(centre, text, Announcement("", AT_ONCE)).hash)
            came.append(made.until(packs[-1]))
            told.append(made.until_told(packs[-1]))
        halt(centre, packs[-1], Scope(), Word("Ольга"))
        halted = made.until(packs[-2])
    finally:
        made.close()
    return [
        f"{rounds} packs, published to in force at a listening agent: "
        f"median {median(came):.3f} s, most {max(came):.3f} s",
        f"from there to the board: median {median(told):.3f} s, most {max(told):.3f} s",
        f"halted to the former pack in force: {halted:.3f} s",
    ]


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        for line in measure(Path(folder), max(2, rounds)):
            print(line)  # noqa: T201


if __name__ == "__main__":
    main()
