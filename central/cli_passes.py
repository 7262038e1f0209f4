"""`kopilka central pass`: passes by which members redeem where the line is out."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import opened, tell

if TYPE_CHECKING:
    from uuid import UUID

    from central.centre import Centre

pass_app = typer.Typer(no_args_is_help=True, help="Passes of members, to redeem offline.")

Who = Annotated[str, typer.Argument(metavar="MEMBER", help="Id, card or phone.")]
Account = Annotated[str, typer.Option(help="Of several accounts; left out, the fullest.")]


@pass_app.callback()
def passes() -> None:
    """Passes of members, to redeem offline."""


@pass_app.command("issue")
def issue_pass(
    ctx: typer.Context,
    who: Who,
    *,
    account: Account = "",
    points: Annotated[str, typer.Option(help="Such as 300.00; left out, the most.")] = "",
    anew: Annotated[bool, typer.Option("--anew", help="Replace one that is not over.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Write the QR code there.")] = None,
    by: Annotated[str, typer.Option(help="Who issues it; it is kept.")] = "",
) -> None:
    """Issue a pass and print its code; one that is good is printed again."""
    from central.passes.service import PassOrder, Renewal, issue
    from shared.points import format_points

    asked = _points(points)
    with opened(ctx) as centre:
        order = PassOrder(
            account=_account(centre, who, account),
            actor=by or getpass.getuser(),
            points=asked,
            renewal=Renewal.REPLACE if anew else Renewal.GIVE_AGAIN,
        )
        done = issue(centre, order, centre.clock.now())
    said = done.granted
    each, until = format_points(said.points), f"{said.ends_at:%Y-%m-%d %H:%M} UTC"
    ru = "выпущен" if done.is_new else "уже действует"
    en = "issued" if done.is_new else "good already"
    tell(
        ctx,
        f"пропуск {said.counter} счёта {said.account} {ru}: бонусов {each} в каждом магазине, один "
        f"раз, до {until}",
        f"pass {said.counter} of account {said.account} {en}: {each} points at each store, once, "
        f"until {until}",
    )
    typer.echo(done.code)
    if svg is not None:
        import segno

        segno.make(done.code, error="m", micro=False).save(str(svg), kind="svg", scale=8)


@pass_app.command("show")
def show_passes(ctx: typer.Context, who: Who, account: Account = "") -> None:
    """Show the latest passes of an account, and the sales that have drawn by them."""
    from central.passes.service import look
    from shared.points import format_points

    with opened(ctx) as centre:
        found = look(centre, _account(centre, who, account))
    for one, uses in found:
        points, issued = format_points(one.points), f"{one.issued_at:%Y-%m-%d %H:%M}"
        until = f"{one.ends_at:%Y-%m-%d %H:%M} UTC"
        tell(
            ctx,
            f"пропуск {one.counter}: бонусов {points}, {issued} – {until}, выпустил {one.actor}",
            f"pass {one.counter}: {points} points, {issued} to {until}, by {one.actor}",
        )
        for use in uses:
            drawn, at = format_points(use.points), f"{use.at:%Y-%m-%d %H:%M} UTC"
            tell(
                ctx,
                f"  магазин {use.store} {at}: бонусов {drawn}, факт {use.fact}",
                f"  store {use.store} {at}: {drawn} points, fact {use.fact}",
            )
    if not found:
        tell(ctx, "пропусков нет", "no passes")


def _account(centre: "Centre", who: str, named: str) -> "UUID":
    """Return the account that is meant; a pass is of one account."""
    from central.passes.service import NoMemberAccountError, fullest
    from central.settling.lookup import pays_with

    accounts = pays_with(centre, who)
    if not named:
        found = fullest(centre, accounts, centre.clock.now())
    else:
        found = next((one for one in accounts if str(one) == named.lower()), None)
    if found is None:
        raise NoMemberAccountError(account=named or who)
    return found


def _points(words: str) -> int | None:
    """Read an amount; another word is misuse."""
    from pydantic_core import PydanticCustomError

    from shared.rules.scalars import parse_amount

    if not words:
        return None
    try:
        return parse_amount(words)
    except PydanticCustomError as error:
        raise typer.BadParameter("such as 300.00", param_hint="--points") from error
