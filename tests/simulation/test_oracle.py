"""The judge can see: it shares no code with the product, and a missing guard does not escape it."""

import ast
from pathlib import Path

import pytest

from tests.simulation.mutants import MUTANTS, judge

ORACLE = Path(__file__).with_name("oracle.py")
JUDGES = [
    ORACLE.with_name(f"{name}.py")
    for name in ("oracle", "backs", "beyond", "healed", "files", "laws", "told")
]
LINES_MAX = 400
QUICK = ("journal.db at synchronous=OFF", "lease check: gone is not taken off")


def test_the_oracle_is_small_and_imports_nothing_of_the_product() -> None:
    imported = {
        name
        for path in JUDGES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert len(ORACLE.read_text("utf-8").splitlines()) <= LINES_MAX
    assert not [name for name in imported if name.split(".")[0] in ("agent", "central", "shared")]


@pytest.mark.parametrize("name", QUICK)
def test_a_missing_guard_is_noticed(name: str) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)

    assert judge(mutant).seed is not None
