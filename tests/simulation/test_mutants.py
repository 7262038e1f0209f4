"""Every mutant still has the guard that it switches off: a renamed one would be noticed only by
the long run."""

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, patched


def unchanged(right: object) -> object:
    return right


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_changes_is_there(mutant: Mutant) -> None:
    for target, _ in mutant.patches:
        with patched(target, unchanged):
            pass
