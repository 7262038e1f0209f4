"""The alerts that are shipped as rules: one for every metric, about nothing that there is not."""

import re
from pathlib import Path
from typing import Any

import yaml

import agent.counted
import central.counted
from shared.runtime.metrics import Sort
from tests.deploy.kit import DEPLOY

RULES = DEPLOY / "prometheus/kopilka.rules.yml"
METRIC = re.compile(r"\bkopilka_[a-z_]+")
LABELS = re.compile(r"\b(kopilka_[a-z_]+)\{([^}]*)\}")
PARTS = ("_bucket", "_count", "_sum")
"""What Prometheus makes of a timing."""
OF_ITSELF = {"KopilkaProcessDown"}
"""About Prometheus' own view: whether it reaches a process."""


def rules(file: Path = RULES) -> list[dict[str, Any]]:
    groups = yaml.safe_load(file.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def named(expression: str) -> set[str]:
    """Return the metrics that a rule asks for."""
    timings = {one.name for one in METRICS if one.sort is Sort.TIMING}
    found = set()
    for name in METRIC.findall(expression):
        whole = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
        found.add(whole if whole in timings else name)
    return found


METRICS = (*agent.counted.METRICS, *central.counted.METRICS)


def test_every_metric_has_a_rule_and_no_rule_asks_for_another() -> None:
    asked = {name for rule in rules() for name in named(rule["expr"])}

    assert asked == {one.name for one in METRICS}


def test_a_rule_has_a_name_of_its_own_a_severity_and_something_to_ask_for() -> None:
    names = [rule["alert"] for rule in rules()]

    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("info", "warning", "critical"), rule
        assert named(rule["expr"]) or rule["alert"] in OF_ITSELF, rule
        assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m")), rule


def test_a_rule_picks_by_labels_that_the_metric_has() -> None:
    known = {one.name: set(one.labels) for one in METRICS}

    for rule in rules():
        for name, picked in LABELS.findall(rule["expr"]):
            keys = set(re.findall(r"(\w+)\s*[=!]", picked))
            assert keys <= known[name], rule
