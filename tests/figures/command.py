"""`python -m tests.figures`: the figures to reach, measured with real processes; resumable."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from shared.clock import SystemClock
from tests.bench.page import write_page
from tests.bench.results import RESULTS, Comparison, now_text, write_down
from tests.figures.run import FULL, Row, Run
from tests.quiet import quiet

OUT = Path("out/figures")
FIGURES = {
    1: "spends",
    2: "grants",
    3: "effects",
    4: "durable",
    6: "bootstrap",
    5: "counter",
    7: "catchup",
    8: "listen",
    9: "drain",
    10: "healing",
    11: "timely",
    12: "joined",
}
"""In this order: the last one lets time pass over the estate that they share."""
MISUSED = 2
JOBS_MAX = 16

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def figures(
    only: Annotated[str, typer.Option(help="Numbers, such as 6,7; all by default.")] = "",
    scale: Annotated[float, typer.Option(min=1e-6, max=FULL, help="Of the full counts.")] = FULL,
    folder: Annotated[Path, typer.Option(help="What is done so far, and files.")] = OUT,
    jobs: Annotated[int, typer.Option(min=1, max=JOBS_MAX, help="Pieces at once.")] = 1,
    *,
    again: Annotated[bool, typer.Option(help="Repeat what is finished.")] = False,
    docs: Annotated[bool, typer.Option(help="Write rows of a part to docs/bench too.")] = False,
) -> None:
    """Measure the figures; a run that was killed goes on where it was.

    Of figures 1, 2, 4 and 10 to 12 pieces can be done at once, each by a process of its own.
    Rows of the full scale go to docs/bench, those of a part beside what was done. Less than the
    full scale never reaches a goal; what breaks a law stops the run.
    """
    run, is_for_docs = Run(scale, folder.resolve(), jobs), docs or scale >= FULL
    for number in _chosen(only):
        if again:
            run.book(number).forget()
        with quiet():
            rows = _measure(number)(run)
        results = RESULTS if is_for_docs else run.place("results.json")
        for row in rows:
            write_down(compared(row, scale), results)
    if is_for_docs:
        write_page()


def _chosen(only: str) -> list[int]:
    numbers = [int(word) for word in only.split(",") if word.strip()] or list(FIGURES)
    for number in numbers:
        if number not in FIGURES:
            typer.echo(f"figure {number} is none of {', '.join(map(str, sorted(FIGURES)))}")
            raise typer.Exit(MISUSED)
    return numbers


def _measure(number: int) -> Callable[[Run], list[Row]]:
    measure: Callable[[Run], list[Row]] = import_module(f"tests.figures.{FIGURES[number]}").measure
    return measure


def compared(row: Row, scale: float) -> Comparison:
    """Return a row of the results; a part of the full counts can miss a goal, not reach it."""
    is_full = scale >= FULL
    return Comparison(
        name=row.name if is_full else f"{row.name} (at {scale:g} of the scale)",
        ours=round(row.ours, 3),
        peer=row.goal_number,
        unit=row.unit,
        ratio=round(row.ours / row.goal_number, 3) if row.goal_number else row.ours,
        goal=row.goal,
        reached=row.kept if is_full else (None if row.kept else False),
        how=f"make figures: scale {scale:g}; {row.how}",
        at=now_text(SystemClock().now()),
    )
