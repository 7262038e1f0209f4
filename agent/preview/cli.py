"""`kopilka slips`: look at what a pack prints before a customer does."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import LoyaltyError

if TYPE_CHECKING:
    from agent.preview.sheets import Sample
    from shared.rules.slip_fill import Papers

REFUSED = 1
MISUSED = 2

app = typer.Typer(no_args_is_help=True, help="What slips look like.")


@app.callback()
def slips() -> None:
    """What slips look like."""


@app.command()
def preview(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the pictures and texts.")],
    pack: Annotated[
        Path | None, typer.Option(help="Pack file (YAML); the built-in slips if none.", exists=True)
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--slip", help="A slip by its name; several if repeated.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All slips.")] = False,
) -> None:
    """Draw slips on rolls of 58 and 80 mm, Russian and English, as PNG and as text.

    Each with ordinary values, the least there is, long names and emoji, large sums, 40 lines, and
    as a copy.
    """
    from shared.rules.slip_words import VOCABULARY

    known: list[str] = list(VOCABULARY)
    names = known if every else [name for name in known if name in (only or ())]
    if not names or set(only or ()) - set(known):
        print(f"--all / --slip: {', '.join(known)}", file=sys.stderr)
        raise typer.Exit(MISUSED)
    try:
        _draw(out, _papers(pack), names)
    except OSError as error:
        print(f"{out}: запись не удалась ({error.strerror}).", file=sys.stderr)
        print(f"{out}: cannot be written ({error.strerror}).", file=sys.stderr)
        raise typer.Exit(REFUSED) from error
    except LoyaltyError as error:
        print(error.sentence("ru"), error.sentence("en"), sep="\n", file=sys.stderr)
        raise typer.Exit(REFUSED) from error


def _papers(pack: Path | None) -> "Papers":
    from shared.rules.pack import read_pack_file
    from shared.rules.slip_fill import compile_papers

    return compile_papers({} if pack is None else read_pack_file(pack.read_bytes()).slips)


def _draw(out: Path, papers: "Papers", names: list[str]) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from agent.preview.sheets import samples, write

    wanted = [sample for sample in samples(papers) if sample.name in names]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for sample in bar.track(wanted):
            write(sample, out)
    _print_table(wanted)
    print(out)


def _print_table(drawn: "list[Sample]") -> None:
    from rich.console import Console
    from rich.table import Table

    from shared.rules.slip_words import VOCABULARY
    from shared.slip import Barcode, Qr

    table = Table("slip", "title", "papers", "blocks", "codes")
    for name, known in VOCABULARY.items():
        of_name = [sample.slip.blocks for sample in drawn if sample.name == name]
        if of_name:
            codes = [sum(isinstance(one, Qr | Barcode) for one in blocks) for blocks in of_name]
            counts = (len(of_name), max(map(len, of_name)), max(codes))
            table.add_row(name, known.title.ru, *map(str, counts))
    Console().print(table)
