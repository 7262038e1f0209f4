"""Metrics count in memory and are written as Prometheus reads them."""

import subprocess
import sys
import threading

from prometheus_client.parser import text_string_to_metric_families

from shared.runtime.metrics import Counts, Metric, Sort, page

ASKS = Metric("asks_total", Sort.COUNT, "Asks by result.", ("result",))
DEPTH = Metric("depth", Sort.LEVEL, "Facts that wait.")
TOOK = Metric("quote_seconds", Sort.TIMING, "How long a quote takes.")


def test_a_page_names_every_metric_and_has_every_number() -> None:
    counts = Counts()
    counts.add("asks_total", "full")
    counts.add("asks_total", "full", more=2)
    counts.took("quote_seconds", 0.002)
    counts.took("quote_seconds", 9.0)

    told = page((ASKS, DEPTH, TOOK), {"depth": {(): 7.0}}, counts).decode()

    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }
    assert found["asks_total", ("result", "full")] == 3
    assert found["depth",] == 7
    assert found["quote_seconds_count",] == 2
    assert found["quote_seconds_sum",] == 9.002
    assert found["quote_seconds_bucket", ("le", "0.001")] == 0
    assert found["quote_seconds_bucket", ("le", "0.0025")] == 1
    assert found["quote_seconds_bucket", ("le", "2.5")] == 1
    assert found["quote_seconds_bucket", ("le", "+Inf")] == 2


def test_a_metric_without_a_number_is_named_all_the_same() -> None:
    told = page((ASKS, DEPTH), {}, Counts()).decode()

    assert "# HELP asks_total Asks by result." in told
    assert "# HELP depth Facts that wait." in told


def test_nothing_is_lost_between_threads() -> None:
    counts = Counts()

    def count() -> None:
        for _ in range(2000):
            counts.add("asks_total", "full")

    threads = [threading.Thread(target=count) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts.of("asks_total") == {("full",): 8000}


def test_whoever_counts_loads_nothing_of_prometheus() -> None:
    code = "import sys, shared.runtime.metrics; sys.exit('prometheus_client' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
