"""`kopilka torment`: real processes killed, stopped and cut off while tills sell."""

import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from tests.processes.plan import Options
    from tests.processes.torment import Result, Torment

OUT = Path("out/torment")
FAILED = 1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def torment(
    stores: Annotated[int, typer.Option(min=1, max=20)] = 4,
    cycles: Annotated[int, typer.Option(min=1, max=10_000, help="Blows in all.")] = 300,
    seed: Annotated[int, typer.Option(help="Of blows, customers and baskets.")] = 1,
    tills: Annotated[int, typer.Option(min=1, max=9, help="Of one store.")] = 2,
) -> None:
    """Kill, stop and cut off a real centre and real agents while tills sell over HTTP.

    Ends with 1 when an invariant does not hold; the files and logs of all processes are then kept.
    """
    from tests.processes.plan import Options

    signal.signal(signal.SIGTERM, _end)
    console = Console(highlight=False)
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"seed-{seed}-", dir=OUT)).resolve()
    try:
        result = _run(console, folder, Options(seed, stores, cycles, tills))
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        console.print("Stopped; nothing is left running.")
        raise typer.Exit(FAILED) from None
    console.print(_table(result))
    if result.violation is not None:
        console.print(f"[red]{result.violation.invariant}[/red] — seed {seed}")
        console.print(result.violation.what, markup=False)
        console.print(f"Files, logs and history: {folder}", soft_wrap=True)
        raise typer.Exit(FAILED)
    shutil.rmtree(folder)


def _run(console: Console, folder: Path, options: "Options") -> "Result":
    from tests.processes.torment import torment as run
    from tests.quiet import quiet

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress, quiet():
        task = progress.add_task(f"seed {options.seed}", total=options.cycles, told="starting")

        def watch(run: "Torment") -> None:
            told = f"{run.result.answers} answers, {run.result.facts.total()} facts judged"
            progress.update(task, completed=run.result.blows.total(), told=told)

        return run(folder, options, watch=watch)


def _table(result: "Result") -> Table:
    options, notebook = result.options, result.notebook
    table = Table(title=f"seed {options.seed}, {options.stores} stores, {options.tills} tills each")
    table.add_column("what")
    table.add_column("number", justify="right")
    sections: list[list[tuple[str, object]]] = [
        [
            ("cycles", f"{result.blows.total()} of {options.cycles}"),
            ("answers to tills", result.answers),
            ("operations repeated", notebook.repeated),
            *((f"facts {outcome}", count) for outcome, count in sorted(result.facts.items())),
            ("papers", result.papers),
            ("accounts judged", result.checks),
            ("truces", result.truces),
            ("longest time without an answer", f"{notebook.slowest_s:.1f} s"),
            ("longest recovery", f"{result.longest_recovery_s:.1f} s"),
            ("wall time", f"{result.wall_s:.0f} s"),
        ],
        sorted(result.blows.items()),
        sorted(notebook.asked.items()),
        [(f"refused: {code}", count) for code, count in sorted(notebook.refused.items())],
    ]
    for rows in sections:
        for name, number in rows:
            table.add_row(name, str(number))
        table.add_section()
    return table


def _end(_number: int, _frame: object) -> None:
    """Let an order to end have the same way out as Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    app()
