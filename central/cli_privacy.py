"""`kopilka central privacy`: what is known of a person told to himself, and erased."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from central.shell import deed_by_command, done_by_command, opened
from shared.errors import Kind, LoyaltyError

privacy_app = typer.Typer(no_args_is_help=True, help="What a person may ask for by law.")

SHOWN_MAX: Final = 50


class NoNewFileError(LoyaltyError):
    """A file that is there already, or where none can be written."""

    kind = Kind.INVALID
    code = "no_new_file"
    ru = "Файл {file} уже есть, или там нельзя писать: назовите новый."
    en = "File {file} is there already, or cannot be written there: name a new one."


Who = Annotated[str, typer.Argument(metavar="MEMBER", help="Id, card or phone.")]


@privacy_app.command("export")
def export(
    ctx: typer.Context,
    who: Who,
    file: Annotated[Path, typer.Argument(help="A new file, JSON; no other one is overwritten.")],
    *,
    by: Annotated[str, typer.Option(help="Who takes it; it is kept.")] = "",
) -> None:
    """Write all that is known of a member to a file; who took whose stands in the trail."""
    from central.settling.copying import profile_of, receipts_of
    from central.settling.lookup import living
    from central.trail.service import note

    with opened(ctx) as centre:
        member = living(centre, who)
        told = profile_of(centre, member)
        receipts = list(receipts_of(centre, member))
        with _new_file(file) as out:
            note(centre, deed_by_command("person_exported", str(member), by))
            json.dump({**told, "facts": receipts}, out, ensure_ascii=False, indent=2)
        typer.echo(f"{file}: {member}, {len(told['entries'])} entries, {len(receipts)} facts")


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    """Open a file that is not there yet; refuses any other."""
    try:
        opened_file = file.open("x", encoding="utf-8")
    except OSError as error:
        raise NoNewFileError(file=file) from error
    with opened_file as out:
        yield out


@privacy_app.command("erase")
def erase(
    ctx: typer.Context,
    who: Who,
    *,
    note: Annotated[str, typer.Option(help="Why: the request's number, no names; it is kept.")],
    by: Annotated[str, typer.Option(help="Who decides; it is kept.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Erase whatever names a member, here and in all stores; his receipts stay, of nobody."""
    from central.settling.erased_list import ErasedList
    from central.settling.erasing import erase_member
    from central.settling.lookup import living, show
    from shared.points import format_points

    with opened(ctx) as centre:
        member = living(centre, who)
        if not yes:
            points = sum(balance for _, balance in show(centre, member).accounts)
            typer.echo(
                f"{member} would be erased for good, with {format_points(points)} points that "
                "nobody can spend then; repeat with --yes"
            )
            raise typer.Exit(1)
        with done_by_command(centre, "member_erased", str(member), by, note) as word:
            gone = erase_member(centre, member, word)
        ErasedList(centre.settings.erasures).keep(centre, centre.clock.now())
        typer.echo(f"erased: {', '.join(map(str, gone))}")


@privacy_app.command("list")
def list_erasures(ctx: typer.Context) -> None:
    """List the last erasures with how many stores have told that they did the same."""
    from central.members.erasing import progress
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre:
        with reading(centre.engine) as connection:
            found = progress(connection, SHOWN_MAX)
        for one in found:
            late = f", not yet: {' '.join(one.late)}" if one.late else ""
            typer.echo(
                f"{one.erasure.no}  {one.erasure.at:%Y-%m-%d %H:%M} UTC  {one.erasure.member}  "
                f"{one.done} of {one.stores} stores{late}"
            )
