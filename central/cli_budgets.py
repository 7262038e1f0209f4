"""`kopilka central budgets`: what common codes and rules may use up in the whole chain."""

from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import opened

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
            typer.echo(_line(one))


@budgets_app.command("show")
def show_budget(ctx: typer.Context, name: Name) -> None:
    """Show the windows of a budget, with the stores that hold parts of it."""
    from central.budgets.service import show

    with opened(ctx) as centre:
        _print(show(centre, name))


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
        _print(set_amount(centre, name, amount, of))


def _print(windows: "list[BudgetShown]") -> None:
    for one in windows:
        typer.echo(_line(one))
        for store, amount in one.holdings:
            typer.echo(f"  store {store} may use {amount}")
    for record in windows[0].records:
        typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC {record.step}: {record.what}")


def _line(one: "BudgetShown") -> str:
    budget = one.budget
    days = "" if budget.first is None else f" from {budget.first}"
    days += "" if budget.last is None else f" to {budget.last}"
    held = sum(amount for _, amount in one.holdings)
    free = max(0, one.left - held)
    told = f"{one.used} of {budget.amount} {budget.what} used, {held} in stores, {free} free"
    over = f", {one.owed} over it or asked back" if one.owed else ""
    return f"{budget.pack} {budget.name}{days}: {told}{over}"
