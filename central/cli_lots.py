"""`kopilka central lots`: points from files, given by hand, made to live longer."""

from typing import Annotated

import typer

from central.shell import FileArgument, called, opened, tell
from shared.runtime.files import read_file

lots_app = typer.Typer(no_args_is_help=True, help="Points that members bring along.")


@lots_app.command("import")
def import_lots(ctx: typer.Context, file: FileArgument) -> None:
    """Grant points from CSV: identifier (card or phone),points (500.00),wallet,expires_on."""
    from central.lots_file import import_file
    from shared.points import format_points

    with opened(ctx) as centre:
        done = import_file(centre, read_file(file))
        points = format_points(done.points)
        tell(
            ctx,
            f"начислено партий: {done.granted} (бонусов {points}), были раньше: {done.repeated}",
            f"{done.granted} granted ({points} points), {done.repeated} were there already",
        )


@lots_app.command("give")
def give_points(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(help="A card, a phone, or segment:NAME.")],
    points: Annotated[str, typer.Option(help="To each, such as 300.00.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    by: Annotated[str, typer.Option(help="Who gives; it is kept, and limited a day.")],
    wallet: Annotated[str, typer.Option(help="Into which wallet.")] = "bonus",
    kind: Annotated[str, typer.Option(help="Kind of the lots, such as burning.")] = "manual",
    expires: Annotated[
        str, typer.Option(help="7 days, end of month, 2026-12-31, never.")
    ] = "never",
    uid: Annotated[str, typer.Option(help="Of an order that is repeated.")] = "",
) -> None:
    """Give points by hand to a member or a segment; the order's uid makes it safe to repeat."""
    from central.gifts_order import give_by_words

    with opened(ctx) as centre:
        for line in give_by_words(
            centre,
            uid=uid,
            to=to,
            points=points,
            wallet=wallet,
            kind=kind,
            expires=expires,
            reason=reason,
            actor=by,
        ):
            tell(ctx, line.ru, line.en)


@lots_app.command("extend")
def extend_lots(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option(help="Of which kind of lots.")],
    first: Annotated[str, typer.Option("--from", help="Whose last day is this or later.")],
    last: Annotated[str, typer.Option("--to", help="And this or before.")],
    until: Annotated[str, typer.Option(help="The last day that they have then.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    by: Annotated[str, typer.Option(help="Who decided it; it is kept.")],
) -> None:
    """Let lots of a kind live longer; what has expired stays so, and nothing is shortened."""
    from central.gifts_order import extend_by_words

    with opened(ctx) as centre:
        done = extend_by_words(
            centre, kind=kind, first=first, last=last, until=until, reason=reason, actor=by
        )
        tell(ctx, done.ru, done.en)


@lots_app.command("moved")
def moved_points(
    ctx: typer.Context,
    first: Annotated[str, typer.Option("--from", help="First day, of UTC: 2026-05-01.")],
    last: Annotated[str, typer.Option("--to", help="Last day, included.")],
) -> None:
    """Tell by kind of lot what was granted, redeemed, burnt and taken back in some days."""
    from central.gifts_order import moved_by_words
    from shared.points import format_points

    with opened(ctx) as centre:
        for kind, entries in moved_by_words(centre, first, last).items():
            moved = (
                f"{called(ctx, 'entry', entry)} {format_points(points)}"
                for entry, points in entries.items()
            )
            typer.echo(f"{kind}: {', '.join(moved)}")
