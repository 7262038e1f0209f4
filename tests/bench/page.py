"""The results for people: a page and a plot beside results.json, and a table in README."""

import json
from pathlib import Path
from typing import Any

from tests.bench.results import RESULTS

Rows = list[dict[str, Any]]

PAGE = RESULTS.with_name("README.md")
README = RESULTS.parents[2] / "README.md"
PLOT = RESULTS.with_name("ratios.svg")
_HEAD = """# What it costs in time

`make bench` measures this and writes this page; a run replaces the rows that it measures.
Ours and the peer are called in turn in one run. A ratio is ours / peer: of times less is better,
of rates more. A goal that is missed stands here with its number.

What needs millions of members or 1,500 stores is measured by `make figures`, with real processes;
there the goal's number stands in the peer's place. It takes hours, and goes on where it was stopped
(`out/figures`); `--jobs 2` does two of the pieces of figures 1, 2, 4 and 10 to 12 at once.
`make figures FIGURES="--only 6,7 --scale 0.01"` tries a part of it; such rows are written here with
`--docs` only, name their scale, and never reach a goal.

Peers of synchronisation are programs of their own, installed by the lock files of
`tests/bench/peers`: npm's for PouchDB, RxDB and cr-sqlite, uv's for morango and NATS. Each is set
up as its makers recommend. One that is not installed is named by the run and skipped; the row that
it had stays. What a peer has stored is counted, and balances are summed, before a ratio is written.

![Ours beside each peer](ratios.svg)

"""
HEADLINES = (
    "points spent of 100 by two offline stores that want 80 and 90 / pouch",
    "pull of members into an empty durable replica / RxDB memory",
    "durable idempotent push of receipts / JetStream with `sync always`, atomic batches",
    "one change visible at an agent that listens / PouchDB",
    "kernel, 20 lines, 200 campaigns / zen-engine loop",
    "commit of a 20-line receipt / one-row WAL FULL commit",
    "a sale's p99 while a delta is applied / while none is",
    "central ingest of receipts on PostgreSQL / bare idempotent SQL",
)
"""Of each goal the hardest peer that it is held against, missed or not."""
_MARKS = ("<!-- bench -->\n", "<!-- /bench -->\n")
_COLUMNS = """| what | ours | peer | ratio | goal | |
|---|--:|--:|--:|---|---|
"""
_VERDICT = {None: "", True: "reached", False: "**missed**"}
_INCHES = (9.0, 0.34)
"""Width, and height of a row."""


def write_page() -> None:
    """Write the page, the table in README, and the plot where matplotlib is installed."""
    rows = json.loads(RESULTS.read_text())
    PAGE.write_text(page_of(rows))
    README.write_text(with_headlines(README.read_text(), rows))
    _plot(rows, PLOT)


def page_of(rows: Rows) -> str:
    """Return the page: every row, and how it was measured."""
    hows = "".join(f"- *{row['name']}*: {row['how']}; {row['at']}\n" for row in rows)
    table = _COLUMNS + "".join(map(_line, rows))
    return f"{_HEAD}{table}\n## How each was measured\n\n{hows}"


def with_headlines(text: str, rows: Rows) -> str:
    """Return a text whose part between the marks is the table of what matters most."""
    before, _, rest = text.partition(_MARKS[0])
    _, mark, after = rest.partition(_MARKS[1])
    assert mark
    by_name = {row["name"]: row for row in rows}
    found = [by_name[name] for name in HEADLINES if name in by_name]
    table = _COLUMNS + "".join(map(_line, found)) if found else ""
    return f"{before}{_MARKS[0]}{table}{_MARKS[1]}{after}"


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


def _plot(rows: Rows, file: Path) -> None:
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
