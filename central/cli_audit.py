"""`kopilka central audit`: receipts that were evaluated a second time, and what that came to."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from central.shell import opened

if TYPE_CHECKING:
    from central.auditor.telling import Line

audit_app = typer.Typer(no_args_is_help=True, help="Receipts evaluated a second time.")

LISTED_MAX = 100
BY = ("store", "pack", "day")
HASH_CHARS = 12


@audit_app.command("status")
def show_status(
    ctx: typer.Context,
    by: Annotated[str, typer.Option(help="Sums by store, pack or day.")] = "store",
) -> None:
    """Say how far the audit is, and what stale knowledge has cost in rubles and points."""
    from central.auditor import store, telling
    from shared.money import format_money
    from shared.points import format_points
    from shared.runtime.sqlite import reading

    if by not in BY:
        raise typer.BadParameter(f"one of {', '.join(BY)}", param_hint="--by")
    with opened(ctx) as centre:
        with reading(centre.engine) as connection:
            found = telling.standing(connection)
            sums = store.sums_by(connection, by)
        typer.echo(
            f"{found.behind} facts of {found.journals} journals are not seen yet, {found.gaps} "
            f"wait to be posted, {found.due} receipts are looked at again\n"
            f"{found.sums.receipts} receipts seen, {found.divergent} diverge, "
            f"{found.sums.untimed} by a clock that was not right"
        )
        for name, one in {**sums, "all": found.sums}.items():
            typer.echo(
                f"{name[:HASH_CHARS] if by == 'pack' else name}: {one.stale} of {one.receipts} "
                f"stale; discount {format_money(one.discount_more_minor)} withheld, "
                f"{format_money(one.discount_less_minor)} too much; points "
                f"{format_points(one.points_more)} withheld ({format_points(one.granted)} "
                f"granted), {format_points(one.points_less)} too many"
            )


@audit_app.command("list")
def show_list(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="Of one store only.")] = "",
    *,
    stale: Annotated[
        bool, typer.Option("--stale", help="Also receipts with an older pack, tier or turnover.")
    ] = False,
) -> None:
    """List the newest receipts of which the kernel finds something else than their stores."""
    from central.auditor import store as tables
    from central.auditor.store import DIVERGENT, Verdict
    from shared.money import format_money
    from shared.points import format_points
    from shared.runtime.sqlite import reading

    wanted = (*DIVERGENT, Verdict.UNKNOWN_PACK, *((Verdict.SAME,) if stale else ()))
    with opened(ctx) as centre, reading(centre.engine) as connection:
        for one in tables.latest(connection, wanted, store, LISTED_MAX):
            typer.echo(
                f"{one.receipt} store {one.store} {one.day} {one.verdict}: discount "
                f"{format_money(one.discount_minor)}, points {format_points(one.points)}, "
                f"granted {format_points(one.granted)}"
            )


@audit_app.command("show")
def show_one(
    ctx: typer.Context,
    receipt: Annotated[UUID, typer.Argument(metavar="ID", help="A receipt's uid, or a fact's id.")],
) -> None:
    """Print a receipt's results line by line: as printed, as found again, as the centre had it.

    A line begins with `!` where the kernel finds something else over the same.
    """
    from central.auditor.telling import show

    with opened(ctx) as centre:
        found = show(centre, receipt)
        typer.echo(
            f"receipt {found.receipt}, fact {found.fact.id} ({found.fact.seq} of epoch "
            f"{found.fact.epoch}), store {found.fact.store}, {found.at:%Y-%m-%d %H:%M:%S} UTC\n"
            f"pack {found.pack[:HASH_CHARS]}, at the centre {found.ours[:HASH_CHARS] or 'none'}: "
            f"{found.verdict}"
        )
        for line in found.lines:
            mark = "!" if line.differs else " "
            typer.echo(f"{mark} {line.name}: {_sides(line)}")


def _sides(line: "Line") -> str:
    """Write one text where all are the same, else each under its name."""
    if line.printed == line.again == line.ours:
        return line.printed
    sides = {"printed": line.printed, "again": line.again, "centre": line.ours}
    return ", ".join(f"{name} {text or '-'}" for name, text in sides.items())
