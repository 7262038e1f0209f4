"""The results for people: a table and a plot beside docs/bench/results.json."""

import json
from pathlib import Path
from typing import Any

from tests.bench.results import RESULTS

PAGE = RESULTS.with_name("README.md")
PLOT = RESULTS.with_name("ratios.svg")
_HEAD = """# What it costs in time

`make bench` measures this and writes this page; a run replaces the rows that it measures.
Ours and the peer are called in turn in one run. A ratio is ours / peer: of times less is better,
of rates more. A goal that is missed stands here with its number.

What needs millions of members or 1,500 stores is measured by `make figures`, with real processes;
there the goal's number stands in the peer's place. It takes hours, and goes on where it was stopped
(`out/figures`). `make figures FIGURES="--only 6,7 --scale 0.01"` tries a part of it; such rows are
written here with `--docs` only, name their scale, and never reach a goal.

![Ours beside each peer](ratios.svg)

| what | ours | peer | ratio | goal | |
|---|--:|--:|--:|---|---|
"""
_VERDICT = {None: "", True: "reached", False: "**missed**"}
_INCHES = (9.0, 0.34)
"""Width, and height of a row."""


def write_page() -> None:
    """Write the table, and the plot where matplotlib is installed."""
    rows = json.loads(RESULTS.read_text())
    hows = "".join(f"- *{row['name']}*: {row['how']}; {row['at']}\n" for row in rows)
    table = "".join(map(_line, rows))
    PAGE.write_text(f"{_HEAD}{table}\n## How each was measured\n\n{hows}")
    _plot(rows, PLOT)


def _line(row: dict[str, Any]) -> str:
    ours, peer = (written(row[side]) for side in ("ours", "peer"))
    cells = [
        row["name"],
        f"{ours} {row['unit']}",
        peer,
        f"{row['ratio']:.2f}",
        row["goal"],
        _VERDICT[row["reached"]],
    ]
    return f"| {' | '.join(cells)} |\n"


def written(number: float) -> str:
    """Write a number with three digits or more."""
    places = 0 if abs(number) >= 100 or number == int(number) else 3 if abs(number) < 1 else 1
    return f"{number:,.{places}f}".replace(",", " ")


def _plot(rows: list[dict[str, Any]], file: Path) -> None:
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        print("matplotlib is not installed: no plot")
        return
    width, height = _INCHES
    with rc_context({"svg.hashsalt": "kopilka", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(width, height * len(rows) + 1), layout="constrained")
        axes = figure.subplots()
        colours = {None: "#8899aa", True: "#2e7d32", False: "#c62828"}
        shown = [row for row in reversed(rows) if row["ratio"] > 0]
        names, ratios = [row["name"] for row in shown], [row["ratio"] for row in shown]
        axes.barh(names, ratios, color=[colours[row["reached"]] for row in shown])
        axes.axvline(1, color="#333333", linewidth=1)
        axes.set_xscale("log")
        axes.set_xlabel("ours / peer (green: goal reached, red: missed, grey: no goal)")
        figure.savefig(file, metadata={"Date": None})
