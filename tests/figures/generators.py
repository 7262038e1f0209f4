"""Processes that are many agents: started, waited for until all are ready, let go at once."""

import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from demo.stage.processes import Crew, Process, module
from tests.figures.book import Json
from tests.figures.estate import CLOCK, PATIENCE, WAIT_S
from tests.quiet import quiet

LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Generator:
    """A process that is some of the agents."""

    process: Process
    order: Path

    def is_ready(self) -> bool:
        """Tell whether it waits to be let go; raises AssertionError if it has failed."""
        code = self.process.running.poll()
        assert not code, self.process.said().decode(errors="replace")[-3000:]
        return _beside(self.order, "ready").exists()

    def is_done(self) -> bool:
        """Tell whether it has ended well; raises AssertionError if not."""
        code = self.process.running.poll()
        assert not code, self.process.said().decode(errors="replace")[-3000:]
        return code == 0

    def result(self) -> Json:
        """Return what it has told."""
        told: Json = json.loads(_beside(self.order, "result").read_text())
        return told


@contextmanager
def generating(
    crew: Crew, orders: Mapping[str, Json], module_name: str, go: Path
) -> Iterator[list[Generator]]:
    """Start a process for each named order and yield when all wait for the file `go`."""
    go.unlink(missing_ok=True)
    made = []
    for name, order in orders.items():
        path = crew.folder / f"{name}.json"
        for ending in ("ready", "result"):
            _beside(path, ending).unlink(missing_ok=True)
        path.write_text(json.dumps({**order, "go": str(go)}))
        process = crew.start(name, [*module(module_name), str(path)])
        made.append(Generator(process, path))
    PATIENCE.until("generators", lambda: all(one.is_ready() for one in made), WAIT_S)
    yield made
    PATIENCE.until("results", lambda: all(one.is_done() for one in made), WAIT_S)
    for one in made:
        crew.members.remove(one.process)


def generate(work: Callable[[Json, Callable[[], None]], Json]) -> None:
    """Do what the order named on the command line says, and tell of it beside it.

    `work` calls what it is given when it is ready, which returns when all are let go.
    """
    order = Path(sys.argv[1])
    told = json.loads(order.read_text())
    began = [0.0, 0.0]

    def wait() -> None:
        _beside(order, "ready").touch()
        while not Path(told["go"]).exists():
            CLOCK.wait(Event(), LOOK_S)
        began[:] = CLOCK.monotonic(), processor_s()

    with quiet():
        result = work(told, wait)
    share = (processor_s() - began[1]) / (CLOCK.monotonic() - began[0])
    _beside(order, "result").write_text(json.dumps({**result, "processor_share": share}))


def processor_s() -> float:
    """Return the seconds of a core that this process has had."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _beside(order: Path, ending: str) -> Path:
    return order.with_suffix(f".{ending}")
