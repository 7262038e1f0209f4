"""Every metric is explained to who looks after the chain, and nothing is that does not exist."""

import re
from pathlib import Path

import agent.counted
import central.counted

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"
ROW = re.compile(r"^\| `(kopilka_\w+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_metrics_that_are_explained_are_those_that_there_are() -> None:
    explained = [row[0] for row in ROW.findall(OPERATIONS.read_text(encoding="utf-8"))]
    there = [one.name for one in (*agent.counted.METRICS, *central.counted.METRICS)]

    assert sorted(explained) == sorted(there)
    assert len(set(there)) == len(there)


def test_every_metric_has_a_threshold_and_says_what_to_do() -> None:
    rows = ROW.findall(OPERATIONS.read_text(encoding="utf-8"))

    assert rows
    assert not [name for name, *cells in rows if any(len(cell.strip()) < 3 for cell in cells)]
