"""`kopilka central audit`: receipts that were evaluated a second time, and what that came to."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from central.shell import in_words, opened, tell

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
        receipts, untimed = found.sums.receipts, found.sums.untimed
        tell(
            ctx,
            f"ещё не просмотрено фактов: {found.behind} (журналов: {found.journals}), ждут "
            f"проведения: {found.gaps}, чеков смотрим снова: {found.due}\n"
            f"просмотрено чеков: {receipts}, расходятся: {found.divergent}, по неверным часам: "
            f"{untimed}",
            f"{found.behind} facts of {found.journals} journals are not seen yet, {found.gaps} "
            f"wait to be posted, {found.due} receipts are looked at again\n"
            f"{receipts} receipts seen, {found.divergent} diverge, {untimed} by a clock that was "
            "not right",
        )
        for name, one in [*sums.items(), (in_words(ctx, "всего", "all"), found.sums)]:
            called = name[:HASH_CHARS] if by == "pack" else name
            more, less = map(format_money, (one.discount_more_minor, one.discount_less_minor))
            withheld, many = map(format_points, (one.points_more, one.points_less))
            granted = format_points(one.granted)
            tell(
                ctx,
                f"{called}: по устаревшим данным {one.stale} из {one.receipts}; скидки недодано "
                f"{more}, лишней {less}; бонусов недодано {withheld} (доначислено {granted}), "
                f"лишних {many}",
                f"{called}: {one.stale} of {one.receipts} stale; discount {more} withheld, {less} "
                f"too much; points {withheld} withheld ({granted} granted), {many} too many",
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
            discount, points = format_money(one.discount_minor), format_points(one.points)
            granted = format_points(one.granted)
            tell(
                ctx,
                f"{one.receipt} магазин {one.store} {one.day} {one.verdict}: скидка {discount}, "
                f"бонусы {points}, доначислено {granted}",
                f"{one.receipt} store {one.store} {one.day} {one.verdict}: discount {discount}, "
                f"points {points}, granted {granted}",
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
        fact, at = found.fact, f"{found.at:%Y-%m-%d %H:%M:%S} UTC"
        pack, ours = found.pack[:HASH_CHARS], found.ours[:HASH_CHARS]
        tell(
            ctx,
            f"чек {found.receipt}, факт {fact.id} ({fact.seq} эпохи {fact.epoch}), магазин "
            f"{fact.store}, {at}\nпакет {pack}, у центра {ours or 'никакого'}: {found.verdict}",
            f"receipt {found.receipt}, fact {fact.id} ({fact.seq} of epoch {fact.epoch}), store "
            f"{fact.store}, {at}\npack {pack}, at the centre {ours or 'none'}: {found.verdict}",
        )
        for line in found.lines:
            mark = "!" if line.differs else " "
            typer.echo(f"{mark} {line.name}: {_sides(ctx, line)}")


def _sides(ctx: typer.Context, line: "Line") -> str:
    """Write one text where all are the same, else each under its name."""
    if line.printed == line.again == line.ours:
        return line.printed
    sides = {
        in_words(ctx, "напечатано", "printed"): line.printed,
        in_words(ctx, "снова", "again"): line.again,
        in_words(ctx, "у центра", "centre"): line.ours,
    }
    return ", ".join(f"{name} {text or '-'}" for name, text in sides.items())
