"""Pieces by their seeds: some at once come to the same as one after the other."""

import os
from pathlib import Path

import pytest

from tests.figures.book import Json
from tests.figures.run import FULL, Run
from tests.figures.seeds import seeded


def sevens(seed: int) -> Json:
    """Do a piece: by a process of its own, so that it stands in a module."""
    return {"sevens": 7 * seed, "runs": 1, "longest_s": 4 if seed == 2 else 1}


def even(seed: int) -> Json:
    """Do a piece that counts as much as any other, and leave a trace."""
    (Path(os.environ["TRACES"]) / str(seed)).touch()
    return {"evens": 10}


def broken(seed: int) -> Json:
    """Fail, but not in the first piece."""
    return {"sevens": 1 // (2 - seed)}


def test_pieces_done_at_once_come_to_the_same_as_one_after_the_other(tmp_path: Path) -> None:
    """7 + 14 + 21 + 28 reach 60; of the longest the longest counts."""
    one, two = (Run(FULL, tmp_path / str(jobs), jobs) for jobs in (1, 2))

    alone, at_once = (seeded(run, 99, "seed", sevens, ("sevens", 60)) for run in (one, two))

    assert alone == at_once == {"sevens": 70, "runs": 4, "longest_s": 4}
    assert two.book(99).pieces == one.book(99).pieces
    with pytest.raises(ZeroDivisionError):
        seeded(two, 98, "seed", broken, ("sevens", 60))


def test_no_piece_is_begun_that_will_not_be_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some take half an hour."""
    traces = tmp_path / "traces"
    traces.mkdir()
    monkeypatch.setenv("TRACES", str(traces))

    seeded(Run(FULL, tmp_path, 2), 99, "seed", even, ("evens", 30))

    assert sorted(one.name for one in traces.iterdir()) == ["1", "2", "3"]
