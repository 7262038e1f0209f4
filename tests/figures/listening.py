"""A process that is many listening agents: `python -m tests.figures.listening ORDER.json`.

Each holds a tail of its own by the agent's own line. Some apply what comes to their disk, the
others verify and decode it. Every global piece is noted with the instant at which it was there.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent import keyring, meeting
from agent.link import LinkDownError
from agent.replica import service as replica
from agent.station import Station
from shared.errors import LoyaltyError
from shared.wire.feed import GLOBAL, Segment
from tests.bench.chain import close
from tests.figures.book import Json
from tests.figures.estate import CLOCK
from tests.figures.generators import generate
from tests.figures.stores import open_station

STACK_BYTES = 512 * 1024
AT_ONCE = 4
"""Sessions that are opened at a time: each is a signature for the centre to check."""
AGAIN_S = 0.5
JOIN_S = 600.0
ENDS_S = 30.0


@dataclass(slots=True)
class Ear:
    """An agent that listens: its cursors, and up to where it had the global stream when."""

    station: Station
    cursors: dict[str, int]
    applies: bool
    heard: list[tuple[int, float]] = field(default_factory=list)
    breaks: int = 0
    joined: threading.Event = field(default_factory=threading.Event)

    def listen(self, end: Path) -> None:
        """Listen until the file is there; a tail that ends is begun again where it was."""
        while not end.exists():
            try:
                for segment in self.station.link.tail(self.cursors):
                    self.joined.set()
                    if segment is not None:
                        self._take(segment)
                    if end.exists():
                        return
            except LoyaltyError:
                self.breaks += 1
                CLOCK.wait(threading.Event(), AGAIN_S)

    def _take(self, segment: Segment) -> None:
        assert segment.first == self.cursors[segment.stream] + 1, f"a gap in {segment.stream}"
        if self.applies:
            replica.apply(self.station, segment)
        else:
            changes = keyring.changes(self.station, segment)
            assert len(changes) == segment.last - segment.first + 1, "a change is missing"
        self.cursors[segment.stream] = segment.last
        if segment.stream == GLOBAL:
            self.heard.append((segment.last, CLOCK.monotonic()))


def work(order: Json, wait: Callable[[], None]) -> Json:
    """Be the agents of an order."""
    threading.stack_size(STACK_BYTES)
    turns = threading.BoundedSemaphore(AT_ONCE)
    ears = [_ear(data, order) for data in order["agents"]]
    end = Path(order["end"])

    def listen(ear: Ear) -> None:
        _begin(ear, turns)
        ear.listen(end)

    threads = [threading.Thread(target=listen, args=(ear,), daemon=True) for ear in ears]
    for thread in threads:
        thread.start()
    for ear in ears:
        assert ear.joined.wait(JOIN_S), f"{ear.station.identity.store} hears nothing"
    wait()
    while not end.exists():
        CLOCK.wait(threading.Event(), AGAIN_S)
    for thread in threads:
        thread.join(ENDS_S)
    for ear in ears:
        close(ear.station)
    return {
        "heard": [ear.heard for ear in ears],
        "applies": [ear.applies for ear in ears],
        "breaks": sum(ear.breaks for ear in ears),
    }


def _ear(data: str, order: Json) -> Ear:
    station = open_station(Path(data), order["url"])
    station.doubt.open = False  # nothing is pushed here
    return Ear(station, dict(order["cursors"][data]), data in order["appliers"])


def _begin(ear: Ear, turns: threading.BoundedSemaphore) -> None:
    """Open the session, which brings the streams' keys; retry while the centre has no time."""
    with turns:
        while True:
            try:
                meeting.meet(ear.station)
            except LinkDownError:
                CLOCK.wait(threading.Event(), AGAIN_S)
            else:
                return


if __name__ == "__main__":
    generate(work)
