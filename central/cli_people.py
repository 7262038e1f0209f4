"""`kopilka central people` and `kopilka central trail`: the staff's accounts, and what it did."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.people.roles import Role
from central.shell import deed_by_command, in_words, opened, tell

if TYPE_CHECKING:
    from central.people.service import Ticket

people_app = typer.Typer(no_args_is_help=True, help="The staff: who may use the console.")
trail_app = typer.Typer(no_args_is_help=True, help="What people did, never changed afterwards.")

SHOWN_MAX = 200
Login = Annotated[str, typer.Argument(metavar="LOGIN")]


@people_app.command("add")
def add(
    ctx: typer.Context,
    login: Login,
    *,
    name: Annotated[str, typer.Option(help="As colleagues know the person.")],
    role: Annotated[Role, typer.Option(help="What the person does.")],
) -> None:
    """Make an account; print its first password and what an authenticator app takes, once."""
    from central.people import service
    from central.trail.service import on_trail

    with opened(ctx) as centre:
        deed = deed_by_command("staff_added", login, role=role.value)
        with on_trail(centre, deed):
            ticket = service.add(centre, login, name, role)
        _print(ctx, ticket)


@people_app.command("list")
def list_people(ctx: typer.Context) -> None:
    """Show the staff: login, role, name, and whose account is closed or paused."""
    from central.people import service

    with opened(ctx) as centre:
        for one in service.every(centre):
            state = ""
            if one.disabled_at:
                state = in_words(ctx, "закрыт", "disabled")
            elif one.has_first_password:
                state = in_words(ctx, "первый пароль", "first password")
            typer.echo(f"{one.login}  {one.role}  {one.name}  {state}".rstrip())


@people_app.command("reset")
def reset(ctx: typer.Context, login: Login) -> None:
    """Give an account a first password and codes anew, enable it, end its sessions."""
    from central.people import service
    from central.trail.service import on_trail

    with opened(ctx) as centre:
        with on_trail(centre, deed_by_command("staff_reset", login)):
            ticket = service.reset(centre, login)
        _print(ctx, ticket)


@people_app.command("disable")
def disable(ctx: typer.Context, login: Login) -> None:
    """Close an account and end its sessions at once."""
    from central.people import service
    from central.trail.service import on_trail

    with opened(ctx) as centre:
        with on_trail(centre, deed_by_command("staff_disabled", login)):
            service.disable(centre, login)
        tell(ctx, f"доступ сотрудника {login} закрыт", f"{login} is disabled")


@trail_app.command("list")
def list_trail(
    ctx: typer.Context,
    *,
    who: Annotated[str, typer.Option(help="Of one person.")] = "",
    text: Annotated[str, typer.Option(help="Part of the deed, subject or note.")] = "",
) -> None:
    """Show what people did, the latest first."""
    from central.trail import store
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre, reading(centre.engine) as connection:
        sought = store.Sought(who, text)
        for step in store.search(connection, sought, SHOWN_MAX, 0):
            told = " ".join(f"{key}={value}" for key, value in step.told().items())
            typer.echo(
                f"{step.no}  {step.at:%Y-%m-%d %H:%M:%S} UTC  {step.who} ({step.role})  "
                f"{step.deed} {step.subject}  {told}  {step.note}".rstrip()
            )


@trail_app.command("verify")
def verify(
    ctx: typer.Context,
    *,
    noted: Annotated[str, typer.Option(help="NUMBER:HASH, as printed before.")] = "",
    write: Annotated[Path | None, typer.Option(help="Write the end into a file, too.")] = None,
) -> None:
    """Check that no step was changed, taken out or slipped in; print where the trail ends.

    Note that end somewhere else: with it, a trail that was cut off is found, too.
    """
    from central.trail.service import verify as checked

    with opened(ctx) as centre:
        no, end = checked(centre, _noted(noted))
        told = f"{no}:{end.hex()}"
        if write is not None:
            write.write_text(f"{told}\n")
        tell(
            ctx,
            f"журнал действий цел, шагов {no}, в конце {told}",
            f"the trail of {no} steps is whole, it ends with {told}",
        )


def _noted(text: str) -> tuple[int, bytes] | None:
    if not text:
        return None
    number, _, told = text.strip().partition(":")
    try:
        return int(number), bytes.fromhex(told)
    except ValueError as error:
        raise typer.BadParameter("--noted is NUMBER:HASH") from error


def _print(ctx: typer.Context, ticket: "Ticket") -> None:
    tell(
        ctx,
        f"логин {ticket.login}\nпервый пароль {ticket.password}\n{ticket.code_uri}",
        f"login {ticket.login}\nfirst password {ticket.password}\n{ticket.code_uri}",
    )
