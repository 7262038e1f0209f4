"""`kopilka central codes`: unique promo codes, made, listed, revoked and counted."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.cli_bearers import BatchNo, NewFile, Reason, check_new, numbered, write_codes
from central.shell import NUMBER_MAX, in_words, opened, progress, tell
from shared.runtime.files import read_file

if TYPE_CHECKING:
    from central.campaigns.codes import CodeShown

codes_app = typer.Typer(no_args_is_help=True, help="Unique promo codes.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The promo code.")]
Tag = Annotated[str, typer.Option(help="Where they are given out, for reports.")]
FirstDay = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
LastDay = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
OwnersFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="CSV: identifier (card or phone); a code each."),
]


@codes_app.command("issue")
def issue_codes(
    ctx: typer.Context,
    *,
    file: NewFile,
    campaign: Annotated[str, typer.Option(help="Of the pack's `codes`, without words.")] = "",
    count: Annotated[int, typer.Option(min=0, help="How many.")] = 0,
    channel: Tag = "",
    event: Tag = "",
    first_day: FirstDay = None,
    last_day: LastDay = None,
    owners: OwnersFile = None,
    title: Annotated[str, typer.Option(help="What for.")] = "",
    resume: Annotated[
        int | None, typer.Option(max=NUMBER_MAX, help="Go on with an interrupted batch.")
    ] = None,
) -> None:
    """Make a batch of codes and write them to a CSV file; stores take them at once.

    The list is told once more by `export`. Interrupted, `--resume` goes on.
    """
    from central.bearers import batches
    from central.campaigns.codes import CodeOrder, make, order
    from central.owners_file import read_owners
    from shared.bearer import Bearer

    with opened(ctx) as centre:
        check_new(file)
        if resume is not None:
            batch = batches.batch_of(centre, resume, Bearer.CODE)
        else:
            first = None if first_day is None else first_day.date()
            last = None if last_day is None else last_day.date()
            takers = () if owners is None else read_owners(centre, read_file(owners))
            wanted = CodeOrder(campaign, count, channel, event, first, last, takers, title)
            batch = order(centre, wanted)
            tell(ctx, f"партия {batch.no}", f"batch {batch.no}", err=True)
        with progress(in_words(ctx, "промокоды", "codes"), batch.count) as heard:
            batch = make(centre, batch.no, heard)
    export_codes(ctx, batch.no, file=file)


@codes_app.command("export")
def export_codes(ctx: typer.Context, batch: BatchNo, *, file: NewFile) -> None:
    """Write the codes of a batch to a CSV file once more."""
    from central.campaigns.codes import sheets

    with opened(ctx) as centre:
        check_new(file)
        found = [(one.code, str(one.owner or "")) for one in sheets(centre, batch)]
        write_codes(file, ("code", "owner"), found)
        tell(
            ctx,
            f"партия {batch}: промокодов {len(found)}, лежат в {file}",
            f"batch {batch}: {len(found)} codes in {file}",
        )


@codes_app.command("revoke")
def revoke_codes(
    ctx: typer.Context,
    *,
    reason: Reason,
    batch: Annotated[int | None, typer.Option(max=NUMBER_MAX, help="A whole batch.")] = None,
    code: Annotated[str, typer.Option(help="One code.")] = "",
) -> None:
    """Let a code, or all of a batch, be used no more; what is used stays used."""
    from central.campaigns.codes import revoke, revoke_batch

    if (batch is None) == (not code):
        raise typer.BadParameter("one of --batch and --code")
    with opened(ctx) as centre:
        if batch is None:
            _print(ctx, revoke(centre, code, reason))
            return
        with progress(in_words(ctx, "отозвано", "revoked"), 1) as heard:
            done = revoke_batch(centre, batch, reason, heard)
        tell(ctx, f"партия {batch}: {done.state}", f"batch {batch}: {done.state}")


@codes_app.command("show")
def show_code(ctx: typer.Context, code: Code) -> None:
    """Show a code, or those that end with four characters."""
    from central.campaigns.codes import ending_with, show
    from shared.tokens import TAIL_CHARS, plain_token

    with opened(ctx) as centre:
        if len(plain_token(code)) > TAIL_CHARS:
            _print(ctx, show(centre, code))
            return
        for one in ending_with(centre, code):
            typer.echo(f"{numbered(ctx, one)}: {one.state}")


@codes_app.command("list")
def list_codes(ctx: typer.Context) -> None:
    """Show the batches by source, how many codes were used, and the sums of their receipts."""
    from central.campaigns.codes import summaries
    from shared.money import format_money
    from shared.receipt import CodeState

    with opened(ctx) as centre:
        for one in summaries(centre):
            batch, used = one.batch, one.usage.get(CodeState.USED)
            source = " ".join(f"[{tag}]" for tag in (batch.channel, batch.event) if tag)
            count = sum(usage.codes for usage in one.usage.values())
            told = in_words(ctx, "не использован ни один", "none used")
            if used:
                amount = format_money(used.sum_minor)
                told = in_words(
                    ctx,
                    f"использовано {used.codes} на {amount}",
                    f"{used.codes} used for {amount}",
                )
            pieces = in_words(ctx, f"промокодов {count},", f"{count}")
            typer.echo(f"{batch.no} {batch.campaign} {source}: {pieces} {batch.state}, {told}")


def _print(ctx: typer.Context, shown: "CodeShown") -> None:
    from shared.clock import SystemClock

    code, batch = shown.code, shown.batch
    state = shown.state(SystemClock().now().date())
    source = ""
    if batch is not None:
        source = in_words(
            ctx,
            f" акции {batch.campaign}, партия {batch.no}",
            f" of {batch.campaign}, batch {batch.no}",
        )
    typer.echo(f"…{code.tail}{source}, {in_words(ctx, '№', 'no.')} {code.serial}: {state}")
    if code.used_at is not None:
        used_at = f"{code.used_at:%Y-%m-%d %H:%M} UTC"
        tell(
            ctx,
            f"  использован {used_at} в магазине {code.used_in}",
            f"  used {used_at} at store {code.used_in}",
        )
    for store, _ in shown.holdings:
        tell(ctx, f"  без связи примет магазин {store}", f"  may be taken offline by store {store}")
    for record in shown.records:
        typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC {record.step}: {record.what}")
