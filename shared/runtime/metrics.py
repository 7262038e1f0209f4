"""Metrics: counted in memory as things happen, gathered when somebody asks, written as Prometheus
reads them.

Whoever counts needs nothing of Prometheus; its library is loaded by the first page.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of a timing's buckets; what takes longer is in the last, open one."""
SERIES_MAX: Final = 20_000
"""Of one page."""

Labels = tuple[str, ...]
Values = Mapping[Labels, float]


class Sort(StrEnum):
    """What a metric's numbers are: a level that goes up and down, a count that only grows, or how
    long something took, by buckets."""

    LEVEL = "gauge"
    COUNT = "counter"
    TIMING = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A name with its meaning, and the names of its labels; a count's name ends with `_total`."""

    name: str
    sort: Sort
    meaning: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """How often something took at most so long, bucket by bucket, and how long in all."""

    counts: tuple[int, ...] = (0,) * (len(SECONDS) + 1)
    sum_s: float = 0.0

    def with_one(self, took_s: float) -> "Timing":
        """Return it with one more."""
        place = bisect_left(SECONDS, took_s)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Timing(counts, self.sum_s + took_s)


class Counts:
    """What this process has counted since it began, by metric and labels; safe for threads."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, float]] = {}
        self._timings: dict[str, Timing] = {}
        self._lock = threading.Lock()

    def add(self, metric: str, *labels: str, more: float = 1) -> None:
        """Count one more, or several."""
        with self._lock:
            of = self._counts.setdefault(metric, {})
            of[labels] = of.get(labels, 0) + more

    def took(self, metric: str, took_s: float) -> None:
        """Note how long something took."""
        with self._lock:
            self._timings[metric] = self._timings.get(metric, Timing()).with_one(took_s)

    def of(self, metric: str) -> dict[Labels, float]:
        """Return what was counted of a metric."""
        with self._lock:
            return dict(self._counts.get(metric, {}))

    def timing(self, metric: str) -> Timing:
        """Return how long something took so far."""
        with self._lock:
            return self._timings.get(metric, Timing())


def page(metrics: Iterable[Metric], levels: Mapping[str, Values], counts: Counts) -> bytes:
    """Write a page: levels as they were gathered, counts and timings as they stand.

    Every metric is named on it, also one of which there is no number. At most `SERIES_MAX` lines;
    a metric that has more is cut off at its end.
    """
    from prometheus_client.core import (
        CollectorRegistry,
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )
    from prometheus_client.core import (
        Metric as Family,
    )
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector

    def family(metric: Metric) -> Family:
        if metric.sort is Sort.TIMING:
            timing = counts.timing(metric.name)
            bounds = [*map(str, SECONDS), "+Inf"]
            buckets = list(zip(bounds, accumulate(timing.counts), strict=True))
            return HistogramMetricFamily(
                metric.name, metric.meaning, buckets=buckets, sum_value=timing.sum_s
            )
        sort = GaugeMetricFamily if metric.sort is Sort.LEVEL else CounterMetricFamily
        found = sort(metric.name, metric.meaning, labels=metric.labels)
        values = {**counts.of(metric.name), **levels.get(metric.name, {})}
        for labels, value in sorted(values.items())[:SERIES_MAX]:
            found.add_metric(labels, value)
        return found

    class Gathered(Collector):
        def collect(self) -> Iterable[Family]:
            return [family(metric) for metric in metrics]

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Gathered())
    return generate_latest(registry)
