"""`kopilka demo`: the whole system on this machine, with the cable out, and every promise checked.

Exit codes: 0 all invariants hold, 1 one does not (it is named), 2 misused.
"""

import random
import shutil
import signal
import tempfile
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from demo.report import Report
    from demo.stage.estate import Launch
    from demo.stage.processes import Crew
    from demo.story.play import Play
    from demo.story.progress import Progress

FAILED = 1
MISUSED = 2
WATCH_S = 1.0

app = typer.Typer(add_completion=False)


class Guard(StrEnum):
    """A guard that can be broken, to see the checks find it."""

    LEASE = "lease"
    DEDUP = "dedup"


@app.command()
def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="Folder for slips, report.json and, on failure, the logs.")
    ] = Path("out/demo"),
    guard: Annotated[
        Guard | None,
        typer.Option(
            "--break",
            help="Break a guard in the started processes: lease (stores spend what others hold) "
            "or dedup (the centre forgets what it has seen). The checks must find it: exit code 1.",
        ),
    ] = None,
) -> None:
    """Run a centre and two stores, cut their lines, and check every promise.

    Real processes on loopback and free ports: a centre on SQLite and two
    store agents, each with a simulated scanner and receipt printer and with
    a line to the centre that is refused, hangs and opens halfway. Afterwards
    the slips (PNG, text) and report.json are in the folder OUT.
    """
    from rich.console import Console

    from demo.report import Report, prepare

    signal.signal(signal.SIGTERM, _end)
    console = Console(highlight=False)
    try:
        prepare(out)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=out)).resolve()
    except OSError as error:
        typer.echo(f"{out}: {error.strerror or error}", err=True)
        raise typer.Exit(MISUSED) from error
    report = Report(out.resolve(), guard.value if guard else "")
    try:
        _run(console, report, folder, keep=keep)
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        console.print("Stopped; nothing is left running.")
        raise typer.Exit(FAILED) from None
    if report.failures:
        console.print(f"What the processes said: {folder / 'logs'}", soft_wrap=True)
        raise typer.Exit(FAILED)
    shutil.rmtree(folder)


def _run(console: "Console", report: "Report", folder: Path, *, keep: bool) -> None:
    """Play the story in a fresh folder, and end every process whatever happens."""
    from demo.stage.patience import Patience
    from demo.stage.processes import Crew
    from demo.story.progress import Progress
    from shared.clock import SystemClock

    clock = SystemClock()
    progress = Progress(console, clock)
    crew = Crew(folder, Patience(clock))
    if report.guard:
        progress.warn(f"Broken on purpose: the guard “{report.guard}”. The checks must see it.")
    try:
        play = _play(crew, progress, report)
        _conclude(console, report, play, progress)
        if keep and play is not None:
            _keep(console, crew, play)
    finally:
        with console.status("[cyan]Ending the processes of the demo…[/]"):
            crew.stop()


def _play(crew: "Crew", progress: "Progress", report: "Report") -> "Play | None":
    """Tell the story and check the invariants; what stops it stands in the report."""
    import httpx

    from demo.checks.invariants import check
    from demo.stage.estate import Estate, open_centre
    from demo.story.script import ACTS, open_chain
    from shared.errors import LoyaltyError

    play: Play | None = None
    launch = _launch(report.guard)

    def opened() -> Estate:
        centre = open_centre(crew, launch)
        return Estate(crew, launch, crew.patience, random.SystemRandom(), centre)

    try:
        play = open_chain(progress, opened)
        for act in ACTS:
            act(play)
        report.verdicts = check(play)
    except LoyaltyError as error:
        report.stopped_by = error.sentence("en")
    except httpx.HTTPError as error:
        report.stopped_by = f"a process does not answer: {type(error).__name__} {error}"
    report.broken, report.seconds = progress.broken, progress.seconds
    return play if report.verdicts else None


def _conclude(
    console: "Console", report: "Report", play: "Play | None", progress: "Progress"
) -> None:
    """Show and write what has come out."""
    from demo import report as reports

    if play is not None:
        reports.gather_slips(play, report)
        reports.show_verdicts(console, report.verdicts)
        reports.show_stores(console, play)
    path = reports.write(report, play, progress.as_json())
    style = "bold red" if report.failures else "bold green"
    console.print()
    console.print(report.verdict_line, style=style, markup=False, soft_wrap=True)
    console.print(f"Slips:  {report.out / reports.SLIPS}", soft_wrap=True)
    console.print(f"Report: {path}", soft_wrap=True)


def _launch(guard: str) -> "Launch":
    from demo.stage.estate import Launch
    from demo.stage.processes import module

    broken = [*module("demo.breaks"), guard, "--"]
    match guard:
        case Guard.LEASE:
            return Launch(agent=broken)
        case Guard.DEDUP:
            return Launch(centre=broken)
        case _:
            return Launch()


def _keep(console: "Console", crew: "Crew", play: "Play") -> None:
    """Tell where everything is, and wait for Ctrl-C."""
    console.print()
    console.print(f"Running until Ctrl-C. Centre: {play.estate.centre.url}")
    for shop in play.estate.shops.values():
        console.print(f"Store {shop.code}: agent {shop.till.url}", soft_wrap=True)
        console.print(f"  printer {shop.counter.printer}", soft_wrap=True)
        console.print(f"  scanner {shop.counter.scanner}", soft_wrap=True)
        console.print(
            f"  knobs of printer and scanner {shop.counter.control}, of the line", end=" "
        )
        console.print(f"{shop.wire.control} (see demo/proxy.py)")
    console.print("\nTry, in another terminal:")
    console.print(
        f"curl -s {play.a.till.url}/v1/members/find -H 'Content-Type: application/json' "
        f'-d \'{{"identifier": "{play.ivan.card}"}}\'',
        soft_wrap=True,
        markup=False,
    )
    try:
        while True:
            crew.patience.clock.wait(threading.Event(), WATCH_S)
            crew.check()
    except KeyboardInterrupt:
        console.print()


def _end(_number: int, _frame: object) -> None:
    """Take SIGTERM for Ctrl-C, so that the processes of the demo end too."""
    raise KeyboardInterrupt
