"""The kernel beside zen-engine and a plain loop: a receipt of 20 lines, all phases, the trace."""

from time import process_time

import pytest

from shared.clock import SystemClock
from tests.bench.campaigns import Engine, engines
from tests.bench.results import Comparison, in_turn, now_text, write_down

ROUNDS = 200
COUNTS = (10, 50, 200, 1_000)
GOAL_COUNT = 200
ZEN_RATIO_MAX = 0.15
US_MAX = 500.0
GROWTH_MAX = 8.0
HOW = "make bench: all phases and the trace, in turn; equal discounts asserted first"

pytestmark = pytest.mark.bench


@pytest.mark.parametrize("count", COUNTS)
def test_campaigns_against_other_engines(count: int) -> None:
    zen = pytest.importorskip("zen", reason="zen-engine is not installed: skipped")
    made = engines(count, zen)
    expected = made.ours()
    assert any(expected)
    peers = {
        "zen-engine loop": made.zen,
        "zen-engine loop, compiled beforehand": made.zen_ready,
        "a naive Python loop": made.naive,
    }

    for name, peer in peers.items():
        assert peer() == expected
        _compare(f"kernel, 20 lines, {count} campaigns / {name}", made.ours, peer, count)


def test_growth() -> None:
    zen = pytest.importorskip("zen", reason="zen-engine is not installed: skipped")

    largest, smallest = engines(COUNTS[-1], zen).ours, engines(COUNTS[0], zen).ours
    many, few = in_turn(largest, smallest, ROUNDS, process_time)

    ratio = many.median_us / few.median_us
    write_down(
        Comparison(
            name="kernel, 20 lines, 1,000 campaigns / 10 campaigns",
            ours=many.median_us,
            peer=few.median_us,
            unit="us of processor (median)",
            ratio=round(ratio, 2),
            goal=f"<= {GROWTH_MAX:.0f}",
            reached=ratio <= GROWTH_MAX,
            how=HOW,
            at=now_text(SystemClock().now()),
        )
    )


def _compare(name: str, ours: Engine, peer: Engine, count: int) -> None:
    mine, theirs = in_turn(ours, peer, ROUNDS, process_time)
    ratio = mine.median_us / theirs.median_us
    is_goal = count == GOAL_COUNT and name.endswith("loop") and "zen" in name
    reached = ratio <= ZEN_RATIO_MAX and mine.median_us <= US_MAX
    write_down(
        Comparison(
            name=name,
            ours=mine.median_us,
            peer=theirs.median_us,
            unit="us of processor (median)",
            ratio=round(ratio, 3),
            goal=f"<= {ZEN_RATIO_MAX}; p50 <= {US_MAX:.0f} us" if is_goal else "none",
            reached=reached if is_goal else None,
            how=HOW,
            at=now_text(SystemClock().now()),
        )
    )
