"""The judge can see: it shares no code with the product, and a missing guard does not escape it."""

import ast
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, judge

ORACLE = Path(__file__).with_name("oracle.py")
LINES_MAX = 400
QUICK = ("journal.db at synchronous=OFF", "lease check: gone is not taken off")


def imported_by(path: Path) -> set[str]:
    """Return the modules that a module imports, those of packages by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_the_oracle_is_small_and_no_part_of_the_judge_imports_the_product() -> None:
    waiting, seen, imported = {ORACLE}, set[Path](), set[str]()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        names = imported_by(path)
        imported |= names
        beside = (ORACLE.with_name(name.rpartition(".")[2] + ".py") for name in names)
        waiting |= {one for one in beside if one.exists()} - seen

    assert len(ORACLE.read_text("utf-8").splitlines()) <= LINES_MAX
    assert {path.stem for path in seen} >= {"healed", "persons", "profiles", "files"}
    assert not [name for name in imported if name.split(".")[0] in ("agent", "central", "shared")]


@pytest.mark.parametrize("name", QUICK)
def test_a_missing_guard_is_noticed(name: str) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)

    assert judge(mutant).seed is not None
