"""What a run leaves behind: verdicts and a table on the screen, slips and `report.json` on disk."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from demo.checks.verdicts import Verdict
from demo.stage.estate import Shop
from demo.stage.paper import mark_of
from demo.story.play import Play, points
from demo.story.progress import CROSS, TICK

SLIPS = "slips"
REPORT = "report.json"
STORY = "story"
VERDICT_INDENT = 3


@dataclass(slots=True)
class Report:
    """The outcome of one run."""

    out: Path
    guard: str = ""
    verdicts: list[Verdict] = field(default_factory=list)
    slips: list[Path] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Promises of the story that were not kept."""
    stopped_by: str = ""
    """What ended the story before its time."""
    seconds: float = 0.0

    @property
    def failures(self) -> list[str]:
        """Name what failed, an invariant before the story that led to it."""
        named = [verdict.name for verdict in self.verdicts if not verdict.holds]
        return [*named, *([STORY] if self.broken or self.stopped_by else [])]

    @property
    def verdict_line(self) -> str:
        """Return the last line of a run, in one sentence."""
        broken = next((verdict for verdict in self.verdicts if not verdict.holds), None)
        if broken is not None:
            return f"FAILED: {broken.name}. {broken.invariant} — {broken.faults[0]}"
        if self.stopped_by:
            return f"FAILED: the story stopped. {self.stopped_by.splitlines()[0]}"
        if self.broken:
            return f"FAILED: {self.broken[0]}"
        return f"All {len(self.verdicts)} invariants hold, after {self.seconds:.0f} seconds."


def prepare(out: Path) -> None:
    """Make the folder, and take away what an earlier run has left in it."""
    slips = out / SLIPS
    slips.mkdir(parents=True, exist_ok=True)
    for old in (*slips.glob("[AB]-*.png"), *slips.glob("[AB]-*.txt"), out / REPORT):
        old.unlink(missing_ok=True)


def gather_slips(play: Play, report: Report) -> None:
    """Copy every slip as picture and text, named by store, number and kind."""
    kinds = {document.mark: document.kind.value for document in play.notebook.documents}
    for shop in play.estate.shops.values():
        for slip in shop.counter.slips():
            stem = f"{shop.code}-{slip.no:02d}-{kinds.get(mark_of(slip), 'slip')}"
            for source in (slip.png, slip.text):
                target = report.out / SLIPS / f"{stem}{source.suffix}"
                shutil.copyfile(source, target)
                report.slips.append(target)


def write(report: Report, play: Play | None, steps: list[dict[str, Any]]) -> Path:
    """Write `report.json` and return its path."""
    told = {
        "ok": not report.failures,
        "failures": report.failures,
        "verdict": report.verdict_line,
        "broken_guard": report.guard or None,
        "seconds": report.seconds,
        "invariants": [verdict.as_json() for verdict in report.verdicts],
        "story": steps,
        "stopped_by": report.stopped_by or None,
        "stores": [_store(play, shop) for shop in play.estate.shops.values()] if play else [],
        "slips": [str(path.relative_to(report.out)) for path in report.slips],
    }
    path = report.out / REPORT
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    return path


def show_verdicts(console: Console, verdicts: list[Verdict]) -> None:
    """Print each invariant with its mark, and what is wrong with those that do not hold."""
    for verdict in verdicts:
        mark = TICK if verdict.holds else CROSS
        console.print(f" {mark} [bold]{verdict.name}[/]")
        console.print(Padding(f"[dim]{escape(verdict.invariant)}[/]", (0, 0, 0, VERDICT_INDENT)))
        console.print(Padding(escape(verdict.seen), (0, 0, 0, VERDICT_INDENT)))
        for fault in verdict.faults:
            console.print(Padding(f"[red]{escape(fault)}[/]", (0, 0, 0, VERDICT_INDENT)))


def show_stores(console: Console, play: Play) -> None:
    """Print how the stores stand at the end."""
    title = f"The stores at the end, and what they show for {play.ivan.name}"
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for name in ("Store", "Points", "Coming", "Here", "Queue", "Facts", "Slips"):
        justify: JustifyMethod = "left" if name == "Store" else "right"
        table.add_column(name, justify=justify, no_wrap=True)
    for shop in play.estate.shops.values():
        told = _store(play, shop)
        table.add_row(
            f"{shop.code}  {told['name']}",
            points(told["balance_points"]),
            points(told["pending_points"]),
            points(told["available_here_points"]),
            str(told["queue"]),
            str(told["facts"]),
            str(told["slips"]),
        )
    console.print()
    console.print(table)


def _store(play: Play, shop: Shop) -> dict[str, Any]:
    status = shop.till.status()
    member = play.member(shop, play.ivan.card) or {}
    return {
        "store": shop.code,
        "name": shop.name,
        "agent": status["agent"],
        "online": status["online"],
        "balance_points": member.get("balance_points", 0),
        "pending_points": member.get("pending_points", 0),
        "available_here_points": member.get("available_here_points", 0),
        "queue": status["queue_depth"],
        "facts": sum(status["outcomes"].values()) + status["queue_depth"],
        "outcomes": status["outcomes"],
        "slips": len(shop.counter.slips()),
    }
