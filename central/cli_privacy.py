"""`kopilka central privacy`: what is known of a person told to himself, and erased."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from central.shell import deed_by_command, done_by_command, in_words, opened, tell
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
        entries, facts = len(told["entries"]), len(receipts)
        tell(
            ctx,
            f"{file}: {member}, проводок {entries}, фактов {facts}",
            f"{file}: {member}, {entries} entries, {facts} facts",
        )


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
            points = format_points(sum(one for _, one in show(centre, member).accounts))
            tell(
                ctx,
                f"данные участника {member} будут стёрты навсегда; бонусы на его счёте, {points}, "
                "не сможет потратить никто; повторите с --yes",
                f"{member} would be erased for good, with {points} points that nobody can spend "
                "then; repeat with --yes",
            )
            raise typer.Exit(1)
        with done_by_command(centre, "member_erased", str(member), by, note) as word:
            gone = erase_member(centre, member, word)
        ErasedList(centre.settings.erasures).keep(centre, centre.clock.now())
        typer.echo(f"{in_words(ctx, 'стёрто', 'erased')}: {', '.join(map(str, gone))}")


@privacy_app.command("list")
def list_erasures(ctx: typer.Context) -> None:
    """List the last erasures with how many stores have told that they did the same."""
    from central.members.erasing import progress
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre:
        with reading(centre.engine) as connection:
            found = progress(connection, SHOWN_MAX)
        for one in found:
            erasure, names = one.erasure, " ".join(one.late)
            late = in_words(ctx, f", ещё нет: {names}", f", not yet: {names}") if names else ""
            done = in_words(
                ctx, f"магазинов {one.done} из {one.stores}", f"{one.done} of {one.stores} stores"
            )
            at = f"{erasure.at:%Y-%m-%d %H:%M} UTC"
            typer.echo(f"{erasure.no}  {at}  {erasure.member}  {done}{late}")
