"""What the README and the page of results say is what was written down, goals missed included."""

import json
from typing import Any

from tests.bench.page import HEADLINES, PAGE, README, page_of, with_headlines
from tests.bench.results import RESULTS

ROWS_MAX = 8
TEXT = "before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n"


def test_the_page_and_the_readme_agree_with_the_results() -> None:
    rows = json.loads(RESULTS.read_text())

    assert PAGE.read_text() == page_of(rows)
    assert README.read_text() == with_headlines(README.read_text(), rows)
    assert len(set(HEADLINES)) == len(HEADLINES) <= ROWS_MAX


def test_a_missed_goal_stands_in_the_headlines() -> None:
    told = with_headlines(TEXT, [_row(HEADLINES[1], reached=False), _row("another", reached=True)])

    (line,) = [line for line in told.splitlines() if HEADLINES[1] in line]
    assert line == f"| {HEADLINES[1]} | 5 000 members/s | 20 000 | 0.25 | >= 1.2 | **missed** |"
    assert "another" not in told
    assert "old" not in told
    assert told.startswith("before\n<!-- bench -->\n")
    assert told.endswith("<!-- /bench -->\nafter\n")


def test_headlines_stand_in_their_own_order() -> None:
    rows = [_row(name, reached=True) for name in sorted(HEADLINES)]

    told = with_headlines(TEXT, rows)

    assert [name for line in told.splitlines() for name in HEADLINES if name in line] == [
        *HEADLINES
    ]


def _row(name: str, *, reached: bool) -> dict[str, Any]:
    return {
        "name": name,
        "ours": 5000.0,
        "peer": 20000.0,
        "unit": "members/s",
        "ratio": 0.25,
        "goal": ">= 1.2",
        "reached": reached,
    }
