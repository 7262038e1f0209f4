"""`kopilka central certificates`: made, released, blocked, refunded and looked at."""

import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import NUMBER_MAX, in_words, opened, progress, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from central.bearers.certificates import Shown
    from central.bearers.store import StoredCertificate
    from central.campaigns.store import StoredCode
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
            tell(ctx, f"партия {batch.no}", f"batch {batch.no}", err=True)
        with progress(in_words(ctx, "сертификаты", "certificates"), batch.count) as heard:
            batch = make(centre, batch.no, heard)
        found = [(one.code, one.pin) for one in sheets(centre, batch.no)]
        write_codes(file, COLUMNS, found)
        _tell_written(ctx, batch.no, batch.made, file)


@certificates_app.command("export")
def export_certificates(ctx: typer.Context, batch: BatchNo, *, file: NewFile) -> None:
    """Write the codes of a batch to a CSV file once more."""
    from central.bearers.issuing import sheets

    with opened(ctx) as centre:
        check_new(file)
        found = [(one.code, one.pin) for one in sheets(centre, batch)]
        write_codes(file, COLUMNS, found)
        _tell_written(ctx, batch, len(found), file)


@certificates_app.command("release")
def release_certificates(ctx: typer.Context, batch: BatchNo) -> None:
    """Let the stores sell a batch."""
    from central.bearers.certificates import release
    from central.bearers.issuing import complete

    with opened(ctx) as centre:
        whole = complete(centre, batch)
        with progress(in_words(ctx, "в продажу", "released"), whole.count) as heard:
            released = release(centre, batch, heard)
        tell(
            ctx,
            f"партия {batch}: передано в продажу сертификатов: {released}",
            f"batch {batch}: {released} certificates are for sale",
        )


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
            _print(ctx, show(centre, code))
            return
        for card in ending_with(centre, code):
            typer.echo(f"{numbered(ctx, card)}: {card.state}")


@certificates_app.command("list")
def list_certificates(ctx: typer.Context) -> None:
    """Show the batches, and how many certificates are in which state."""
    from central.bearers.certificates import summaries
    from shared.money import format_money

    with opened(ctx) as centre:
        for one in summaries(centre):
            no, count, nominal = one.batch.no, one.batch.count, in_words(ctx, "любой", "any")
            if one.batch.nominal_minor:
                nominal = format_money(one.batch.nominal_minor)
            states = ", ".join(f"{number} {state}" for state, number in one.states.items())
            title = f" «{one.batch.title}»" if one.batch.title else ""
            tell(
                ctx,
                f"{no}{title}: сертификатов {count}, номинал {nominal}; {states or 'пока нет'}",
                f"{no}{title}: {count} of {nominal}; {states or 'none'}",
            )


def _step(ctx: typer.Context, step: "Callable[[Centre], Shown]") -> None:
    with opened(ctx) as centre:
        _print(ctx, step(centre))


def _print(ctx: typer.Context, shown: "Shown") -> None:
    from shared.money import format_money

    standing, until = shown.standing, ""
    if day := standing.expires_on:
        until = in_words(ctx, f", годен до {day.isoformat()}", f" until {day.isoformat()}")
    left, nominal = format_money(standing.balance_minor), format_money(standing.nominal_minor)
    stands = in_words(ctx, f"{left} из {nominal}", f"{left} of {nominal}")
    typer.echo(f"{numbered(ctx, shown.card)}: {standing.state}, {stands}{until}")
    for code, held in shown.holdings:
        amount = format_money(held)
        tell(
            ctx,
            f"  без связи магазин {code} примет {amount}",
            f"  {amount} may be taken offline by store {code}",
        )
    for entry in shown.entries:
        amount = format_money(entry.amount)
        typer.echo(f"  {entry.at:%Y-%m-%d %H:%M} UTC {entry.kind} {amount}: {entry.document}")
    for record in shown.records:
        typer.echo(f"  {record.at:%Y-%m-%d %H:%M} UTC {record.step}: {record.what}")


def _tell_written(ctx: typer.Context, no: int, count: int, file: Path) -> None:
    tell(
        ctx,
        f"партия {no}: сертификатов {count}, коды в {file}",
        f"batch {no}: {count} certificates, codes in {file}",
    )


def numbered(ctx: typer.Context, one: "StoredCertificate | StoredCode") -> str:
    """Name a certificate or a code by the end of it, its batch and its number there."""
    return in_words(
        ctx,
        f"…{one.tail} партии {one.batch}, № {one.serial}",
        f"…{one.tail} of batch {one.batch}, no. {one.serial}",
    )


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
