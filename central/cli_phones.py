"""`kopilka central phones`: phones of others that find a member."""

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from central.shell import By, Note, Who, opened, tell

phones_app = typer.Typer(no_args_is_help=True, help="Relatives' and shared phones.")

Number = Annotated[str, typer.Argument(metavar="PHONE", help="In any form.")]


class Whose(StrEnum):
    """Whose a phone is that is not, or not only, the member's own."""

    RELATIVE = "relative"
    SHARED = "shared"


Role = Annotated[Whose, typer.Option(help="Whose the phone is.")]


@phones_app.command("add")
def add(
    ctx: typer.Context,
    who: Who,
    phone: Number,
    *,
    note: Note,
    role: Role = Whose.RELATIVE,
    by: By = "",
) -> None:
    """Let a phone find a member too; it makes nobody one with him."""
    from central.conflicts.service import Word
    from central.settling.lookup import living
    from central.settling.people import add_phone
    from shared.member import PhoneRole

    with opened(ctx) as centre:
        member, word = living(centre, who), Word(by or getpass.getuser(), note)
        add_phone(centre, member, phone, PhoneRole(role.value), word)
        tell(
            ctx,
            f"участник {member} теперь находится и по этому телефону",
            f"{member} is found by it too",
        )


@phones_app.command("drop")
def drop(ctx: typer.Context, who: Who, phone: Number, *, note: Note, by: By = "") -> None:
    """Let such a phone find a member no more."""
    from central.conflicts.service import Word
    from central.settling.lookup import living
    from central.settling.people import drop_phone

    with opened(ctx) as centre:
        member = living(centre, who)
        drop_phone(centre, member, phone, Word(by or getpass.getuser(), note))
        tell(
            ctx,
            f"участник {member} по этому телефону больше не находится",
            f"{member} is not found by it any more",
        )
