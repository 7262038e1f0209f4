"""`kopilka central leases`: what stores hold, and what a lost store held, written off."""

from typing import Annotated

import typer

from central.shell import beside_points, opened

leases_app = typer.Typer(no_args_is_help=True, help="Points that stores may spend offline.")


@leases_app.command("list")
def list_leases(ctx: typer.Context) -> None:
    """Show what each epoch of each agent holds; `stranded` ones nobody can spend or give back."""
    from central.leases.writeoff import holdings
    from shared.points import format_points

    with opened(ctx) as centre:
        found = holdings(centre)
        if not found:
            typer.echo("no store holds anything")
        for one in found:
            state = "present" if one.present and not one.reason else f"stranded ({one.reason})"
            typer.echo(
                f"{one.store} epoch {one.holder.epoch}: {format_points(one.points)} points"
                f"{beside_points(one.certificates_minor, one.uses)} in {one.lots} lots, "
                f"seen {one.seen_at:%Y-%m-%d %H:%M} UTC, {state}"
            )


@leases_app.command("write-off")
def write_off(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="The store's code.")],
    *,
    only_ended: Annotated[
        bool, typer.Option("--only-ended", help="Only epochs with which it works no more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it, at the stated risk.")] = False,
) -> None:
    """Give what a store that will not come back held to its members again."""
    from central.leases.risk import held_by_store
    from central.leases.writeoff import write_off_store
    from shared.money import format_money
    from shared.points import format_points

    with opened(ctx) as centre:
        held = [one for one in held_by_store(centre, store) if not (only_ended and one.is_present)]
        beside = beside_points(
            sum(one.certificates_minor for one in held), sum(one.uses for one in held)
        )
        typer.echo(
            f"store {store} holds {format_points(sum(one.points for one in held))} points{beside}, "
            f"worth at most {format_money(sum(one.worth_minor for one in held))} ₽: what it has "
            "spent of them and not told is paid by the chain, or becomes debt when it is told"
        )
        if yes:
            lots, freed = write_off_store(centre, store, only_ended=only_ended)
            typer.echo(f"written off: {format_points(freed)} points in {lots} lots")
        else:
            typer.echo("nothing is changed; --yes writes it off")
