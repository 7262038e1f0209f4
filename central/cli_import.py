"""`kopilka central import`: an existing base comes in, from CSV, Excel or Parquet."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from central.shell import FileArgument, opened, progress, tell

import_app = typer.Typer(no_args_is_help=True, help="An existing base, from files.")

Mapped = Annotated[
    Path | None, typer.Option("--mapping", help="Which column is what: a YAML file.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]
Encoding = Annotated[str, typer.Option(help="utf-8, cp1251 or utf-16; found out if not named.")]
Delimiter = Annotated[str, typer.Option(help="Of a CSV file; found out if not named.")]
Updates = Annotated[
    bool, typer.Option("--update", help="Members who are known become as the file states them.")
]
Report = Annotated[Path | None, typer.Option("--report", help="FILE.report.json if not named.")]
By = Annotated[str, typer.Option(help="Who brings it; it is kept.")]


def _command(name: str, text: str) -> None:
    def run(
        ctx: typer.Context,
        file: FileArgument,
        *,
        mapping: Mapped = None,
        dry_run: DryRun = False,
        encoding: Encoding = "",
        delimiter: Delimiter = "",
        report: Report = None,
        update: Updates = False,
        by: By = "",
    ) -> None:
        from central.estate.service import How
        from central.imports.fields import ImportKind
        from central.imports.lines import Source, checked_source
        from central.imports.mapping import Plan, read_plan
        from central.imports.report import lines, write_report
        from central.imports.service import Known, Order
        from central.imports.service import run as take_in

        if update and name != "members":
            raise typer.BadParameter("is for members: rows of other kinds always take effect")
        told = report or file.with_name(f"{file.name}.report.json")
        if told.resolve() in {one.resolve() for one in (file, mapping) if one is not None}:
            raise typer.BadParameter("the report would take the place of a file that is read")
        with opened(ctx) as centre, progress(name, 0) as heard:
            kind = ImportKind(name)
            plan = read_plan(mapping, kind) if mapping else Plan()
            source = checked_source(Source(file, encoding, delimiter))
            how = How.DRY_RUN if dry_run else How.APPLY
            known = Known.UPDATED if update else Known.STAYS
            order = Order(kind, source, plan, how, by or getpass.getuser(), known)
            done = take_in(centre, order, heard)
            write_report(centre, done, told)
            for line in lines(done, centre.settings.locale):
                typer.echo(line)
            tell(ctx, f"отчёт: {told}", f"report: {told}")

    import_app.command(name, help=text)(run)


_command("members", "Take members with cards, phones, tiers, points and turnover.")
_command("goods", "Take goods of the regions; the last row of a SKU counts.")
_command("stores", "Take stores; the last row of a code counts.")
_command("cashiers", "Take cashiers; the last row of a number counts.")
_command("families", "Take families: who buys on whose accounts. After members.")
_command("receipts", "Take receipts of the past: turnover and visits, no points.")
