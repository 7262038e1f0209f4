"""What a benchmark writes down: one row a comparison in docs/bench/results.json."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from platform import python_version
from statistics import median
from time import perf_counter

from shared.clock import SystemClock

MEASURED: list[str] = []
"""The names of what this run has measured."""
RESULTS = Path(__file__).parents[2] / "docs/bench/results.json"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours beside a peer or floor, measured in turn in one run; `ratio` is ours / peer."""

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    goal: str
    reached: bool | None
    """None where there is no goal: the row is for comparison only."""
    how: str
    at: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of each counted call."""

    seconds: tuple[float, ...]

    def quantile_us(self, share: float) -> float:
        """Return a quantile in microseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e6

    @property
    def median_us(self) -> float:
        """Return the median in microseconds."""
        return median(self.seconds) * 1e6


def in_turn(
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = perf_counter,
) -> tuple[Timings, Timings]:
    """Call two things alternately, so that the machine's moods hit both alike.

    What only computes may be timed by the processor's clock: others on the machine do not count.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + rounds // 10):
        for place, call in enumerate((ours, peer)):
            start = clock()
            call()
            if turn >= rounds // 10:
                times[place].append(clock() - start)
    return Timings(tuple(times[0])), Timings(tuple(times[1]))


def compare(
    name: str, measured: tuple[float, float, str], goal: tuple[str, bool | None], how: str
) -> None:
    """Write down ours, the peer's and their unit, with the goal and whether it is reached."""
    ours, peer, unit = measured
    write_down(
        Comparison(
            name=name,
            ours=ours,
            peer=peer,
            unit=unit,
            ratio=round(ours / peer, 3),
            goal=goal[0],
            reached=goal[1],
            how=f"make bench: {how}",
            at=now_text(SystemClock().now()),
        )
    )


def write_down(row: Comparison, results: Path = RESULTS) -> None:
    """Put a row into the results, in place of an older one of the same name, and print it.

    It says which Python ran, as builds of it differ by a sixth, and how busy the machine was: on a
    busy one even ratios are off.
    """
    at_work = f"Python {python_version()}, load of the machine {os.getloadavg()[0]:.1f}"
    row = replace(row, how=f"{row.how}; {at_work}")
    rows = (
        {found["name"]: found for found in json.loads(results.read_text())}
        if results.exists()
        else {}
    )
    rows[row.name] = asdict(row)
    results.parent.mkdir(parents=True, exist_ok=True)
    ordered = [rows[name] for name in sorted(rows)]
    results.write_text(json.dumps(ordered, ensure_ascii=False, indent=2) + "\n")
    MEASURED.append(row.name)
    verdict = {None: "to compare", True: "reached", False: "MISSED"}[row.reached]
    print(
        f"{row.name}: {row.ours:.4g} {row.unit} against {row.peer:.4g}, ratio {row.ratio:.2f}, "
        f"goal {row.goal}: {verdict}"
    )


def now_text(at: datetime) -> str:
    """Write the instant of a run."""
    return at.isoformat(timespec="seconds")
