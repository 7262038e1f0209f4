"""How long a scan takes to be on the cashier's screen, on a till that is six times slower."""

import sys
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.browser.kit import SLOW, chromium, counter_at, open_shop, scan_slowly

SCANS = 100
P95_MS = 100


@pytest.mark.bench
def test_a_scan_is_on_the_screen_within_100_ms(tmp_path: Path) -> None:
    with chromium() as browser, counter_at(browser, open_shop(tmp_path)) as counter:
        counter.sign_in()
        counter.shows("Мария")
        taken_ms = scan_slowly(counter, SCANS)

    p95_ms = quantiles(taken_ms, n=20)[-1]
    told = f"p50 {median(taken_ms):.0f} ms, p95 {p95_ms:.0f} ms"
    sys.stdout.write(f"scan to screen, CPU {SLOW} times slower: {told}\n")
    assert p95_ms <= P95_MS
