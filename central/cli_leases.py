"""`kopilka central leases`: what stores hold, and what a lost store held, written off."""

from typing import Annotated

import typer

from central.shell import beside_points, opened, tell

leases_app = typer.Typer(no_args_is_help=True, help="Points that stores may spend offline.")


@leases_app.command("list")
def list_leases(ctx: typer.Context) -> None:
    """Show what each epoch of each agent holds; `stranded` ones nobody can spend or give back."""
    from central.leases.writeoff import holdings
    from shared.points import format_points

    with opened(ctx) as centre:
        found = holdings(centre)
        if not found:
            tell(ctx, "ни за одним магазином ничего не закреплено", "no store holds anything")
        for one in found:
            points, epoch = format_points(one.points), one.holder.epoch
            beside = beside_points(ctx, one.certificates_minor, one.uses)
            seen = f"{one.seen_at:%Y-%m-%d %H:%M} UTC"
            is_present = one.present and not one.reason
            ru = "действует" if is_present else f"не действует ({one.reason})"
            en = "present" if is_present else f"stranded ({one.reason})"
            tell(
                ctx,
                f"{one.store} эпоха {epoch}: бонусов {points}{beside}, партий {one.lots}, на связи "
                f"{seen}, {ru}",
                f"{one.store} epoch {epoch}: {points} points{beside} in {one.lots} lots, seen "
                f"{seen}, {en}",
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
        points = format_points(sum(one.points for one in held))
        worth = format_money(sum(one.worth_minor for one in held))
        certificates_minor = sum(one.certificates_minor for one in held)
        beside = beside_points(ctx, certificates_minor, sum(one.uses for one in held))
        tell(
            ctx,
            f"за магазином {store} закреплено бонусов {points}{beside}, не больше чем на {worth} "
            "₽: что он из этого потратил и не сообщил, оплатит сеть, а когда сообщит, станет "
            "долгом",
            f"store {store} holds {points} points{beside}, worth at most {worth} ₽: what it has "
            "spent of them and not told is paid by the chain, or becomes debt when it is told",
        )
        if yes:
            lots, freed = write_off_store(centre, store, only_ended=only_ended)
            points = format_points(freed)
            tell(
                ctx,
                f"списано: бонусов {points}, партий {lots}",
                f"written off: {points} points in {lots} lots",
            )
        else:
            tell(
                ctx,
                "ничего не изменено; спишет --yes",
                "nothing is changed; --yes writes it off",
            )
