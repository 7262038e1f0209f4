"""`kopilka central backup`: copies of the database, on which stores rely when they let facts go."""

from pathlib import Path
from typing import Annotated

import typer

from central.shell import LONG_MAX, in_words, opened, tell

backup_app = typer.Typer(no_args_is_help=True, help="Backups that stores may rely on.")


@backup_app.command("take")
def take_backup(
    ctx: typer.Context,
    place: Annotated[
        Path, typer.Argument(metavar="PLACE", help="A new file, or a folder, on another disk.")
    ],
) -> None:
    """Copy the database while the centre works, read the copy through and confirm it.

    PostgreSQL's is copied by its own pg_dump, which must be there, and not of an older version.
    """
    from central.backups.copying import take

    with opened(ctx) as centre:
        taken = take(centre, place)
        tell(
            ctx,
            f"копия {taken.number} лежит в {taken.file}, проверена и подтверждена",
            f"backup {taken.number} is in {taken.file}, checked and confirmed",
        )


@backup_app.command("begin")
def begin_backup(ctx: typer.Context) -> None:
    """Print the number of a backup that you are about to make with tools of your own."""
    from central.backups.service import begin

    with opened(ctx) as centre:
        typer.echo(begin(centre, centre.clock.now()))


@backup_app.command("confirm")
def confirm_backup(
    ctx: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="NUMBER", max=LONG_MAX, help="As `begin` printed it.")
    ],
) -> None:
    """Say that the copy is whole and safe: stores let go what it holds, in their time."""
    from central.backups.service import confirm

    with opened(ctx) as centre:
        found = confirm(centre, number, centre.clock.now())
        upto = f"{found.begun_at:%Y-%m-%d %H:%M:%S} UTC"
        tell(
            ctx,
            f"копия {number} подтверждена: в ней всё, что пришло до {upto}",
            f"backup {number} is confirmed: it holds all that came before {upto}",
        )


@backup_app.command("list")
def list_backups(ctx: typer.Context) -> None:
    """Show the last backups; those that are not confirmed count for nothing."""
    from central.backups.service import list_newest

    with opened(ctx) as centre:
        for one in list_newest(centre):
            confirmed = one.confirmed_at
            state = in_words(ctx, "не подтверждена", "not confirmed")
            if confirmed:
                said = in_words(ctx, "подтверждена", "confirmed")
                state = f"{said} {confirmed:%Y-%m-%d %H:%M} UTC"
            former = ""
            if one.incarnation != centre.incarnation:
                former = in_words(
                    ctx, ", из жизни до восстановления", ", of a life before a restore"
                )
            where = f", {one.file}" if one.file else ""
            typer.echo(f"{one.number}: {state}{former}{where}")
