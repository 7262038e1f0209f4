"""`kopilka central certificates`: made, released, blocked, refunded and looked at."""

import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import NUMBER_MAX, opened, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from central.bearers.certificates import Shown
    from central.centre import Centre

certificates_app = typer.Typer(no_args_is_help=True, help="Gift certificates.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The certificate's code.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
BatchNo = Annotated[int, typer.Argument(metavar="BATCH", min=1, max=NUMBER_MAX)]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day.")]
NewFile = Annotated[
    Path, typer.Option("--file", "-o", dir_okay=False, help="Where the list of codes is written.")
]
COLUMNS = ("code", "pin")
_FILE_MODE = 0o600


@certificates_app.command("issue")
def issue_certificates(
    ctx: typer.Context,
    *,
    file: NewFile,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    nominal: Annotated[str, typer.Option(help="1000.00; left out, any amount.")] = "",
    expires: Day = None,
    valid_days: Annotated[int, typer.Option(min=0, help="Days after the sale.")] = 0,
    pins: Annotated[bool, typer.Option("--pins", help="With a PIN each.")] = False,
    store: Annotated[str, typer.Option(help="Bound to a store, which takes them offline.")] = "",
    title: Annotated[str, typer.Option(help="What for.")] = "",
    resume: Annotated[
        int | None, typer.Option(max=NUMBER_MAX, help="Go on with an interrupted batch.")
    ] = None,
) -> None:
    """Make a batch of certificates and write their codes to a CSV file; release lets them be sold.

    The list is told once more by `export`. Interrupted, `--resume` goes on.
    """
    from central.bearers.issuing import Order, batch_of, make, nominal_of, order, sheets

    with opened(ctx) as centre:
        check_new(file)
        if resume is not None:
            batch = batch_of(centre, resume)
        else:
            last_day = None if expires is None else expires.date()
            wanted = Order(count, nominal_of(nominal), last_day, valid_days, pins, store, title)
            batch = order(centre, wanted)
            typer.echo(f"batch {batch.no}", err=True)
        with progress("certificates", batch.count) as heard:
            batch = make(centre, batch.no, heard)
        found = [(one.code, one.pin) for one in sheets(centre, batch.no)]
        write_codes(file, COLUMNS, found)
        typer.echo(f"batch {batch.no}: {batch.made} certificates, codes in {file}")


@certificates_app.command("export")
def export_certificates(ctx: typer.Context, batch: BatchNo, *, file: NewFile) -> None:
    """Write the codes of a batch to a CSV file once more."""
    from central.bearers.issuing import sheets

    with opened(ctx) as centre:
        check_new(file)
        found = [(one.code, one.pin) for one in sheets(centre, batch)]
        write_codes(file, COLUMNS, found)
        typer.echo(f"batch {batch}: {len(found)} certificates, codes in {file}")


@certificates_app.command("release")
def release_certificates(ctx: typer.Context, batch: BatchNo) -> None:
    """Let the stores sell a batch."""
    from central.bearers.certificates import release
    from central.bearers.issuing import complete

    with opened(ctx) as centre:
        whole = complete(centre, batch)
        with progress("released", whole.count) as heard:
            released = release(centre, batch, heard)
        typer.echo(f"batch {batch}: {released} certificates are for sale")


@certificates_app.command("block")
def block_certificate(ctx: typer.Context, code: Code, *, reason: Reason) -> None:
    """Stop a certificate, as when it was stolen."""
    from central.bearers.certificates import block

    _step(ctx, lambda centre: block(centre, code, reason))


@certificates_app.command("unblock")
def unblock_certificate(ctx: typer.Context, code: Code, *, reason: Reason) -> None:
    """Let a blocked certificate live on."""
    from central.bearers.certificates import unblock

    _step(ctx, lambda centre: unblock(centre, code, reason))


@certificates_app.command("refund")
def refund_certificate(ctx: typer.Context, code: Code, *, reason: Reason) -> None:
    """Take what is left off a certificate; the money is paid back to who holds it."""
    from central.bearers.certificates import refund

    _step(ctx, lambda centre: refund(centre, code, reason))


@certificates_app.command("show")
def show_certificate(ctx: typer.Context, code: Code) -> None:
    """Show a certificate by its code, or those whose codes end with four characters."""
    from central.bearers.certificates import ending_with, show
    from shared.tokens import TAIL_CHARS, plain_token

    with opened(ctx) as centre:
        if len(plain_token(code)) > TAIL_CHARS:
            _print(show(centre, code))
            return
        for card in ending_with(centre, code):
            typer.echo(f"…{card.tail} of batch {card.batch}, no. {card.serial}: {card.state}")


@certificates_app.command("list")
def list_certificates(ctx: typer.Context) -> None:
    """Show the batches, and how many certificates are in which state."""
    from central.bearers.certificates import summaries
    from shared.money import format_money

    with opened(ctx) as centre:
        for one in summaries(centre):
            nominal = format_money(one.batch.nominal_minor) if one.batch.nominal_minor else "any"
            states = ", ".join(f"{count} {state}" for state, count in one.states.items())
            title = f" «{one.batch.title}»" if one.batch.title else ""
            typer.echo(f"{one.batch.no}{title}: {one.batch.count} of {nominal}; {states or 'none'}")


def _step(ctx: typer.Context, step: "Callable[[Centre], Shown]") -> None:
    with opened(ctx) as centre:
        _print(step(centre))


def _print(shown: "Shown") -> None:
    from shared.money import format_money

    standing = shown.standing
    until = f" until {standing.expires_on.isoformat()}" if standing.expires_on else ""
    typer.echo(
        f"…{shown.card.tail} of batch {shown.card.batch}, no. {shown.card.serial}: "
        f"{standing.state}, {format_money(standing.balance_minor)} of "
        f"{format_money(standing.nominal_minor)}{until}"
    )
    for code, held in shown.holdings:
        typer.echo(f"  {format_money(held)} may be taken offline by store {code}")
    for entry in shown.entries:
        amount = format_money(entry.amount)
        typer.echo(f"  {entry.at:%Y-%m-%d %H:%M} UTC {entry.kind} {amount}: {entry.document}")
    for record in shown.records:
        typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC {record.step}: {record.what}")


def check_new(file: Path) -> None:
    """Refuse to write codes over anything that is there."""
    if file.exists():
        raise typer.BadParameter(f"{file} is there already")


def write_codes(file: Path, columns: "Sequence[str]", rows: "Iterable[Sequence[str]]") -> None:
    """Write codes to a CSV file that nobody else may read, whole or not at all."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=_FILE_MODE)
    with draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    draft.replace(file)
