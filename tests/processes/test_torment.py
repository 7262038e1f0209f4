"""Real processes are killed, stopped and cut off while tills sell; a missing guard is noticed."""

from pathlib import Path

import pytest

from demo.stage.estate import Launch
from demo.stage.processes import module
from tests.databases import Databases
from tests.left_behind import left_behind
from tests.processes.plan import Kind, Options, make_plan
from tests.processes.torment import torment
from tests.quiet import quiet

pytestmark = pytest.mark.journey

CYCLES = 20
SHORT = tuple(kind for kind in Kind if "restart" not in kind and "again" not in kind)
"""Starts are what takes long."""
LAWS = ("conservation", "sums", "entries", "parts", "arrivals", "counts")
"""What a fact that is posted twice may break first."""


def test_nothing_is_lost_or_doubled_whatever_falls_on_real_processes(
    tmp_path: Path, databases: Databases
) -> None:
    url = "" if databases.kind == "sqlite" else databases.fresh(tmp_path)
    options = Options(1, 2, CYCLES, kinds=SHORT, length=0.5, database_url=url)

    with quiet():
        result = torment(tmp_path, options)

    assert result.violation is None, result.violation
    assert result.blows.total() == CYCLES
    assert set(result.blows) == set(SHORT)
    assert result.facts.total() > CYCLES
    assert result.notebook.repeated > 0
    assert left_behind(tmp_path) == []


def test_a_centre_that_forgets_what_it_has_taken_is_noticed(tmp_path: Path) -> None:
    forgetful = Launch(centre=[*module("demo.breaks"), "dedup", "--"])
    unheard = Options(seed=4, stores=1, cycles=3, kinds=(Kind.LINE_HALF_OPEN,))

    with quiet():
        result = torment(tmp_path, unheard, launch=forgetful)

    assert result.violation is not None
    assert result.violation.invariant in LAWS, result.violation
    assert left_behind(tmp_path) == []


def test_the_same_seed_gives_the_same_blows() -> None:
    options = Options(seed=7, cycles=100)

    plan = make_plan(options)

    assert plan == make_plan(options) != make_plan(Options(seed=8, cycles=100))
    assert {blow.kind for blow in plan} == set(Kind)
