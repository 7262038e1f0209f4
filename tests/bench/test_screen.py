"""How long a scan takes to be on the cashier's screen, on a till that is six times slower."""

from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.bench.results import compare
from tests.browser.kit import SLOW, chromium, counter_at, open_shop, scan_slowly

SCANS = 100
P95_MS = 100


@pytest.mark.bench
def test_how_long_a_scan_takes_to_be_on_the_screen(tmp_path: Path) -> None:
    with chromium() as browser, counter_at(browser, open_shop(tmp_path)) as counter:
        counter.sign_in()
        counter.shows("Мария")
        taken_ms = scan_slowly(counter, SCANS)

    assert len(taken_ms) == SCANS
    p95_ms = quantiles(taken_ms, n=20)[-1]
    compare(
        "a scan on the screen, p95 / goal",
        (p95_ms, P95_MS, "ms"),
        (f"<= {P95_MS} ms", p95_ms <= P95_MS),
        f"{SCANS} scans, Chromium with its CPU {SLOW} times slower; p50 {median(taken_ms):.0f} ms",
    )
