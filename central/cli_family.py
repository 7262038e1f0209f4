"""`kopilka central family`: members who buy on the accounts of one of them."""

import getpass
from typing import Annotated

import typer

from central.shell import By, Note, Who, called, opened, tell
from shared.member import FamilyRole

family_app = typer.Typer(no_args_is_help=True, help="Families with one account.")

Role = Annotated[
    FamilyRole,
    typer.Option(help="Redeems what the family has, or only earns for it (and spends his own)."),
]


@family_app.command("join")
def join(
    ctx: typer.Context,
    relative: Who,
    head: Annotated[str, typer.Argument(metavar="HEAD", help="On whose account: id, card, phone.")],
    *,
    note: Note,
    role: Role = FamilyRole.REDEEMS,
    by: By = "",
) -> None:
    """Let a member buy on the account of another one; each stays who he is."""
    from central.conflicts.service import Word
    from central.settling.families import join_family
    from central.settling.lookup import living

    with opened(ctx) as centre:
        who, to = living(centre, relative), living(centre, head)
        join_family(centre, who, to, role, Word(by or getpass.getuser(), note))
        may = called(ctx, "family", role)
        tell(
            ctx,
            f"участник {who} в семье участника {to}: {may}",
            f"{who} is in the family of {to}: {may}",
        )


@family_app.command("leave")
def leave(ctx: typer.Context, relative: Who, *, note: Note, by: By = "") -> None:
    """Let a member buy on his own account again, with what is left there."""
    from central.conflicts.service import Word
    from central.settling.families import leave_family
    from central.settling.lookup import living

    with opened(ctx) as centre:
        who = living(centre, relative)
        head = leave_family(centre, who, Word(by or getpass.getuser(), note))
        tell(
            ctx,
            f"участник {who} вышел из семьи участника {head}",
            f"{who} has left the family of {head}",
        )


@family_app.command("role")
def give_role(
    ctx: typer.Context, relative: Who, role: FamilyRole, *, note: Note, by: By = ""
) -> None:
    """Let a relative redeem what the family has, or only earn for it."""
    from central.conflicts.service import Word
    from central.settling.families import give_family_role
    from central.settling.lookup import living

    with opened(ctx) as centre:
        who = living(centre, relative)
        give_family_role(centre, who, role, Word(by or getpass.getuser(), note))
        typer.echo(f"{who}: {called(ctx, 'family', role)}")
