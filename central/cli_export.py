"""`kopilka central export`: what the centre has, as CSV, Excel or Parquet."""

from pathlib import Path
from typing import Annotated

import typer

from central.shell import deed_by_command, opened, progress, tell

export_app = typer.Typer(no_args_is_help=True, help="What there is, into files.")

Target = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help=".csv .xlsx .parquet")]


def _command(name: str, text: str) -> None:
    def run(ctx: typer.Context, file: Target) -> None:
        from central.exports.service import export
        from central.imports.fields import ImportKind
        from central.trail.service import note

        with opened(ctx) as centre, progress(name, 0) as heard:
            count = export(centre, ImportKind(name), file, heard)
            note(centre, deed_by_command("base_exported", name, rows=str(count)))
            tell(ctx, f"строк {count}: {file}", f"{count} rows: {file}")

    export_app.command(name, help=text)(run)


_command("members", "Members with cards, phones, tiers, points and turnover.")
_command("goods", "Goods of the regions.")
_command("stores", "Stores.")
_command("cashiers", "Cashiers, without their PINs.")
_command("families", "Families: who buys on whose accounts.")
_command("receipts", "What counts for members as turnover: a row for each document.")
