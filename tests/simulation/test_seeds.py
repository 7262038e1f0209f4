"""Short runs of an estate: nothing is lost, doubled or overspent, and every run can be repeated."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.simulation import history
from tests.simulation.command import app
from tests.simulation.mutants import CAPS, OF_PASS
from tests.simulation.plan import Fault, Options
from tests.simulation.programmes import Programme
from tests.simulation.runner import Result, simulate

LINES = (Fault.PARTITION, Fault.ONE_WAY, Fault.NOISE)
CRASHES = (Fault.KILL, Fault.CUT, Fault.FULL, Fault.CENTRE_KILL, Fault.CENTRE_CUT)
FOUND = Path(__file__).parent / "found"
ONE_RUN = """
from tests.simulation.plan import Fault, Options
from tests.simulation.programmes import Programme
from tests.simulation.runner import simulate
print(simulate(Options(5, 2, 1, 8, tuple(Fault))).digest)
"""


def held(result: Result) -> Result:
    """Return a result in which every invariant held; else leave its history behind."""
    if result.violation is not None:
        path = Path("out/simulation") / f"test-{result.options.seed}.jsonl"
        history.save(path, result, result.steps[: result.done])
        pytest.fail(f"{result.violation}\nkopilka simulate --replay {path}")
    return result


def test_an_estate_without_faults_agrees_with_what_its_members_did() -> None:
    result = held(simulate(Options(1, stores=3, days=1)))

    assert result.facts > 30


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_overspent_on_bad_lines_and_bad_disks(seed: int) -> None:
    held(simulate(Options(seed, stores=3, days=1, faults=LINES + CRASHES)))


@pytest.mark.parametrize("seed", [1, 2])
def test_members_are_merged_and_parted_while_stores_hold_leases_and_facts(seed: int) -> None:
    faults = (*LINES, Fault.KILL, Fault.RESTORE, Fault.MERGE)
    result = held(simulate(Options(seed, stores=3, days=1, faults=faults)))

    assert min(result.counts["merged"], result.counts["parted"]) > 0


@pytest.mark.parametrize("programme", [one for one in Programme if one is not Programme.WINE])
def test_every_programme_holds(programme: Programme) -> None:
    faults = (*LINES, Fault.KILL, Fault.CLOCK, Fault.PACK)
    result = held(simulate(Options(4, stores=2, days=1, faults=faults, programme=programme)))

    assert result.facts > 20
    assert result.counts["returns"] > 0


def test_every_store_prices_by_the_pack_that_was_tried_halted_or_rolled_back_there() -> None:
    faults = (Fault.PARTITION, Fault.CUT, Fault.RESTORE, Fault.PACK, Fault.ROLL)
    result = held(simulate(Options(1, stores=3, days=2, visits=8, faults=faults)))

    assert result.counts["pack rolled"] > 5


@pytest.mark.parametrize("seed", [1])
def test_what_stores_spend_beyond_their_leases_stays_within_the_bound(seed: int) -> None:
    faults = (*LINES, Fault.KILL)
    result = held(simulate(Options(seed, stores=3, days=2, faults=faults, rate=3, caps=CAPS)))

    assert result.counts["beyond leases"] > 0


@pytest.mark.parametrize("seed", [2])
def test_what_is_drawn_by_passes_stays_within_the_bound(seed: int) -> None:
    faults = (*LINES, Fault.KILL, Fault.RESTORE)
    result = held(simulate(Options(seed, stores=3, days=2, faults=faults, rate=3, of_pass=OF_PASS)))

    assert result.counts["drawn by passes"] > 0


@pytest.mark.parametrize("seed", [7])
def test_everything_at_once(seed: int) -> None:
    result = held(simulate(Options(seed, stores=3, days=2, faults=tuple(Fault))))

    met = {name for name, times in result.counts.items() if times}
    assert {"killed", "power cut", "line down", "pack switch", "request torn"} <= met
    assert {"asked again", "receipts open at both tills", "cut off for a day"} <= met


@pytest.mark.parametrize("found", sorted(FOUND.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_shortened_history_of_what_was_mended_holds(found: Path) -> None:
    options, steps = history.load(found)

    held(simulate(options, steps))


def test_the_same_seed_is_the_same_history_in_two_processes() -> None:
    digests = [
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", ONE_RUN],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert digests[0] == digests[1]
    assert len(digests[0].strip()) == 64


def test_a_history_read_again_is_the_same_run(tmp_path: Path) -> None:
    result = simulate(Options(3, stores=2, days=1, visits=4))

    history.save(tmp_path / "h.jsonl", result, result.steps)
    options, steps = history.load(tmp_path / "h.jsonl")

    assert simulate(options, steps).digest == result.digest


def test_a_file_that_is_no_history_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_text("root:x:0:0\n")

    told = CliRunner().invoke(app, ["--replay", str(tmp_path / "h.jsonl")])

    assert told.exit_code == 2
    assert "no history of a run" in " ".join(told.output.replace("│", " ").split())
