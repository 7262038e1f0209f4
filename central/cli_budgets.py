"""`kopilka central budgets`: what common codes and rules may use up in the whole chain."""

from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import in_words, opened, tell

if TYPE_CHECKING:
    from central.budgets.service import BudgetShown

budgets_app = typer.Typer(no_args_is_help=True, help="Budgets of the whole chain.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `list` shows it.")]


@budgets_app.command("list")
def list_budgets(ctx: typer.Context) -> None:
    """Show all budgets: what is used, what stores hold, what is free."""
    from central.budgets.service import summaries

    with opened(ctx) as centre:
        for one in summaries(centre):
            typer.echo(_line(ctx, one))


@budgets_app.command("show")
def show_budget(ctx: typer.Context, name: Name) -> None:
    """Show the windows of a budget, with the stores that hold parts of it."""
    from central.budgets.service import show

    with opened(ctx) as centre:
        _print(ctx, show(centre, name))


@budgets_app.command("set")
def set_budget(
    ctx: typer.Context,
    name: Name,
    amount: Annotated[int, typer.Argument(help="Uses, kopecks, or hundredths of a point.")],
    of: Annotated[str, typer.Option(help="uses, points or discount, if there are several.")] = "",
) -> None:
    """Let so much be used up; no later version of the pack changes it.

    What stores hold too much is asked back.
    """
    from central.budgets.service import set_amount

    with opened(ctx) as centre:
        _print(ctx, set_amount(centre, name, amount, of))


def _print(ctx: typer.Context, windows: "list[BudgetShown]") -> None:
    for one in windows:
        typer.echo(_line(ctx, one))
        for store, amount in one.holdings:
            tell(
                ctx,
                f"  магазину {store} можно израсходовать {amount}",
                f"  store {store} may use {amount}",
            )
    for record in windows[0].records:
        typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC {record.step}: {record.what}")


def _line(ctx: typer.Context, one: "BudgetShown") -> str:
    budget, days, over = one.budget, "", ""
    if budget.first is not None:
        days += in_words(ctx, f" с {budget.first}", f" from {budget.first}")
    if budget.last is not None:
        days += in_words(ctx, f" по {budget.last}", f" to {budget.last}")
    held = sum(amount for _, amount in one.holdings)
    free = max(0, one.left - held)
    told = in_words(
        ctx,
        f"израсходовано {one.used} из {budget.amount} ({budget.what}), в магазинах {held}, "
        f"свободно {free}",
        f"{one.used} of {budget.amount} {budget.what} used, {held} in stores, {free} free",
    )
    if one.owed:
        over = in_words(
            ctx,
            f", сверх него или запрошено назад {one.owed}",
            f", {one.owed} over it or asked back",
        )
    return f"{budget.pack} {budget.name}{days}: {told}{over}"
