"""`kopilka simulate`: an estate in virtual time, judged as it goes; only in a checkout."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from tests.simulation.plan import Fault, Options
    from tests.simulation.programmes import Programme
    from tests.simulation.runner import Result

OUT = Path("out/simulation")
COVERED = ("agent", "central", "shared.ledger")
DRIVEN = frozenset(
    f"{side}.{stage}"
    for side, stages in (
        (
            "agent",
            "commit epochs history http_link identity journal keylist keyring leases lives meeting "
            "members printing push quote replica reserve returns timekeeper",
        ),
        ("central", "agents feed ingest leases ledger members"),
        ("shared", "ledger"),
    )
    for stage in stages.split()
)
COVERAGE_LEAST = 80
FIRST_NEEDS = (0, 2_000_00)
"""In turn, a round of programmes each: lots at two stores from birth, or at one."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def simulate(
    stores: Annotated[int, typer.Option(min=1, max=200)] = 5,
    days: Annotated[int, typer.Option(min=1, max=60)] = 2,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds to run.")] = 1,
    visits: Annotated[int, typer.Option(min=1, help="Of one store and day.")] = 16,
    faults: Annotated[str, typer.Option(help="all, none, or names with commas.")] = "all",
    programme: Annotated[
        str, typer.Option(help="A shipped pack's name, or all: a seed each in turn.")
    ] = "wine",
    limit: Annotated[
        str, typer.Option(help="Points beyond leases of a receipt, member, store: 150,200,400.")
    ] = "0,0,0",
    passes: Annotated[
        int, typer.Option(min=0, help="Points of a signed pass: 300; 0 for a programme without.")
    ] = 0,
    replay: Annotated[Path | None, typer.Option(help="A history to run again.")] = None,
    coverage: Annotated[bool, typer.Option(help="Print what lines were run.")] = False,
) -> None:
    """Run an estate of stores in virtual time with faults, and judge every step.

    Ends with 1 and a shortened history when an invariant does not hold.
    """
    console = Console()
    meter = _meter() if coverage else None
    from tests.simulation import history
    from tests.simulation.plan import Options

    if replay is not None:
        try:
            options, steps = history.load(replay)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise typer.BadParameter(f"{replay} is no history of a run") from error
        _end(console, _run(console, options, steps))
        return
    wanted, caps, counts = _faults(faults), _caps(limit), Counter[str]()
    programmes = _programmes(programme)
    for one in range(seed, seed + seeds):
        sold = programmes[one % len(programmes)]
        options = Options(
            one,
            stores,
            days,
            visits,
            wanted,
            programme=sold,
            caps=caps,
            of_pass=passes * 100,
            first_need=FIRST_NEEDS[one // len(programmes) % len(FIRST_NEEDS)],
        )
        result = _run(console, options, None)
        counts += result.counts
        _end(console, result)
    if meter is not None:
        _report(console, meter)
    _check_faults(console, wanted, counts)


def _faults(names: str) -> "tuple[Fault, ...]":
    from tests.simulation.plan import Fault

    if names in ("all", "none"):
        return tuple(Fault) if names == "all" else ()
    try:
        return tuple(Fault(name.strip()) for name in names.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{error}; known are {', '.join(Fault)}") from error


def _programmes(name: str) -> "tuple[Programme, ...]":
    from tests.simulation.programmes import Programme

    try:
        return tuple(Programme) if name == "all" else (Programme(name),)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; known are {', '.join(Programme)}") from error


def _caps(limit: str) -> tuple[int, int, int]:
    try:
        receipt, member, store = (int(cap) * 100 for cap in limit.split(","))
    except ValueError as error:
        raise typer.BadParameter("three whole numbers with commas: 150,200,400") from error
    return receipt, member, store


def _run(console: Console, options: "Options", steps: Any) -> "Result":
    from tests.simulation.runner import simulate as run

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[at]:%d.%m %H:%M}, {task.fields[faults]} faults"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        from tests.simulation.clocks import START

        task = progress.add_task(f"seed {options.seed}", total=None, at=START, faults=0)

        def watch(done: int, total: int, world: Any) -> None:
            count = world.counts.total()
            progress.update(task, completed=done, total=total, at=world.time.at, faults=count)

        return run(options, steps, watch=watch)


def _end(console: Console, result: "Result") -> None:
    """Print what a run came to; exit 1 with a shortened history if it failed."""
    console.print(_table(result))
    if result.violation is None:
        return
    from tests.simulation import history

    console.print(f"[red]{result.violation.invariant}[/red] — seed {result.options.seed}")
    console.print(result.violation.what, markup=False, highlight=False)
    path = OUT / f"{result.violation.invariant.replace(' ', '-')}-{result.options.seed}.jsonl"
    history.save(path, result, result.steps[: result.done])
    console.print("shortening …")
    steps = history.shorten(result)
    history.save(path, result, steps)
    console.print(f"{len(steps)} of {result.done} steps: kopilka simulate --replay {path}")
    raise typer.Exit(1)


def _check_faults(console: Console, wanted: "tuple[Fault, ...]", counts: Counter[str]) -> None:
    """Exit 1 if a fault that was wanted has never happened: nothing was proved about it."""
    from tests.simulation.runner import missing

    if absent := missing(wanted, counts):
        console.print(f"[red]never happened: {', '.join(absent)}[/red]: take more stores or days")
        raise typer.Exit(1)


def _table(result: "Result") -> Table:
    from shared.points import format_points
    from tests.simulation import times
    from tests.simulation.runner import SIGNS

    options = result.options
    size = f"{options.stores} stores, {options.days} days, {options.programme}"
    table = Table(title=f"seed {options.seed}, {size}")
    table.add_column("what")
    table.add_column("number", justify="right")
    asked, granted = result.offline_asked, result.offline_granted
    rows: list[tuple[str, object]] = [
        ("events", f"{result.done} of {len(result.steps)}"),
        ("facts in journals", result.facts),
        ("sales and returns answered", result.answered),
        ("accounts judged", result.checks),
        ("offline redemptions granted in full", _share(granted, asked)),
        ("receipts on trusted time", result.counts[times.TRUSTED]),
        ("receipts on untrusted time", result.counts[times.UNTRUSTED]),
        ("  of these by a former pack", result.counts[times.FORMER]),
        ("stranded leases", f"{result.stranded[0]} ({format_points(result.stranded[1])} points)"),
        ("virtual time", str(result.virtual).split(".")[0]),
        ("wall time", f"{result.wall_s:.1f} s"),
        ("digest", result.digest[:16]),
    ]
    for name, number in rows:
        table.add_row(name, str(number))
    apart = {times.TRUSTED, times.UNTRUSTED, times.FORMER}
    faults = {sign for signs in SIGNS.values() for sign in signs}
    for title, names in (
        ("faults", faults),
        ("met on the way", result.counts.keys() - faults - apart),
    ):
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]", str(sum(result.counts[name] for name in names)))
        for name in sorted(name for name in names if result.counts[name]):
            table.add_row(f"  {name}", str(result.counts[name]))
    return table


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part // whole} %)" if whole else "none asked"


def _meter() -> Any:
    from coverage import Coverage

    meter = Coverage(source=list(COVERED), data_file=None)
    meter.start()
    return meter


def _report(console: Console, meter: Any) -> None:
    """Print the share of lines that were run of each stage that the simulator drives."""
    meter.stop()
    hit: dict[str, list[int]] = {}
    for path in sorted(meter.get_data().measured_files()):
        _, statements, _, missing, _ = meter.analysis2(path)
        parts = Path(path).parts
        top = max(
            index for index, part in enumerate(parts) if part in ("agent", "central", "shared")
        )
        stage = ".".join(parts[top : top + 2]).removesuffix(".py")
        known = hit.setdefault(stage, [0, 0])
        known[0] += len(statements) - len(missing)
        known[1] += len(statements)
    table = Table(title="lines run")
    table.add_column("stage")
    table.add_column("share", justify="right")
    for stage in sorted(DRIVEN & hit.keys()):
        ran, of = hit[stage]
        table.add_row(stage, f"{100 * ran // of} % of {of}")
    ran, of = (sum(hit[stage][place] for stage in DRIVEN & hit.keys()) for place in (0, 1))
    table.add_section()
    table.add_row("together", f"{100 * ran // of} % of {of}")
    console.print(table)
    if 100 * ran < COVERAGE_LEAST * of:
        console.print(f"[red]less than {COVERAGE_LEAST} %[/red]")
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
