"""The same bytes in every process, the order of phases, and what a digest covers."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from shared.receipt import Redeem
from shared.rules.canonical import digest, evaluation_bytes, result_hash
from shared.rules.evaluate import STEPS, evaluate
from shared.rules.moment import Moment, Trust, UnknownZoneError
from shared.rules.phases.draft import Phase
from shared.rules.result import Evaluation
from tests.shared.rules.builders import (
    MOMENT,
    NOON,
    goods,
    line,
    lot,
    member,
    receipt,
    wine,
)

ROOT = Path(__file__).parents[3]
PROGRAM = """
from tests.shared.rules.test_determinism import priced
from shared.rules.canonical import result_hash
print(result_hash(priced()), repr(priced().trace))
"""


def priced() -> Evaluation:
    """Price a receipt that meets every phase."""
    lines = (line(1, 2000_00), line(2, 1500_00, goods("wine/sparkling")))
    cheese = line(3, 800_00, goods("delicacy/cheese"))
    owner = member(lot(1, 150_00, expires_on=MOMENT.day), lot(2, 300_00), turnover_minor=60_000_00)
    return evaluate(wine(), owner, receipt(*lines, cheese, redeem=Redeem.MAXIMUM), MOMENT)


def test_another_process_with_another_hash_seed_finds_the_same_bytes() -> None:
    outputs = {_elsewhere(seed) for seed in ("0", "1", "4242")}

    assert outputs == {f"{result_hash(priced())} {priced().trace!r}\n"}


def test_phases_run_in_their_order() -> None:
    order = [list(Phase).index(phase) for phase, _ in STEPS]

    assert order == sorted(order)


def test_the_order_of_lots_and_the_clock_s_trust_are_not_in_the_bytes() -> None:
    owner = member(lot(1, 50_00), lot(2, 80_00, expires_on=MOMENT.day), turnover_minor=1)
    turned = replace(owner, lots=owner.lots[::-1])
    bought = receipt(line(1, 800_00, goods("delicacy")), redeem=Redeem.MAXIMUM)
    doubtful = Moment(NOON, "Europe/Moscow", Trust.UNTRUSTED)

    once = evaluate(wine(), owner, bought, MOMENT)
    again = evaluate(wine(), turned, bought, doubtful)

    assert evaluation_bytes(once) == evaluation_bytes(again)
    assert again.trace[0].reason.code == "untrusted_clock"


def test_a_digest_forgets_balance_lots_and_instants() -> None:
    bought = receipt(line(1, 800_00, goods("delicacy")), redeem=Redeem.EXACT, points=100_00)
    later = Moment(NOON + timedelta(minutes=5), "Europe/Moscow")

    quoted = evaluate(wine(), member(lot(1, 100_00)), bought, MOMENT)
    confirmed = evaluate(wine(), member(lot(7, 500_00)), bought, later)

    assert digest(quoted) == digest(confirmed)
    assert result_hash(quoted) != result_hash(confirmed)


@pytest.mark.parametrize("column", ["payable_minor", "redeemed_points", "earned_points"])
def test_a_digest_covers_what_is_paid_redeemed_and_earned(column: str) -> None:
    quoted = priced()
    first = quoted.lines[0]
    other = structs.replace(first, **{column: getattr(first, column) + 1})

    assert digest(replace(quoted, lines=(other, *quoted.lines[1:]))) != digest(quoted)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc", "Europe"])
def test_a_moment_in_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZoneError):
        Moment(NOON, zone)


def _elsewhere(seed: str) -> str:
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout
