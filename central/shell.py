"""What the sub-commands of `kopilka central` have in common: the centre opened, refusals told.

Exit codes: 0 done, 1 refused (one sentence on standard error), 2 misused.
"""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import LoyaltyError

if TYPE_CHECKING:
    from central.centre import Centre
    from central.conflicts.service import Word
    from central.settings import Settings
    from central.trail.store import Deed

BY_COMMAND = "command"
"""The role that stands in the trail of who typed a command."""
NUMBER_MAX = 2**31 - 1
"""Of a batch, a draft, a page: what is above is no number of either database."""
LONG_MAX = 2**63 - 1
"""The same of a backup's."""
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)
]
Who = Annotated[str, typer.Argument(metavar="MEMBER", help="Id, card or phone.")]
Note = Annotated[str, typer.Option(help="Why; it is kept.")]
By = Annotated[str, typer.Option(help="Who decides; it is kept.")]


@contextmanager
def opened(ctx: typer.Context) -> "Iterator[Centre]":
    """Open the centre for one command; an anticipated failure ends it with its sentence."""
    from central.opening import on_this_machine, open_centre
    from shared.runtime.logs import configure_logs

    settings = settings_of(ctx)
    configure_logs("WARNING")
    with refusals(settings.locale):
        centre = open_centre(settings, *on_this_machine())
        try:
            yield centre
        finally:
            centre.engine.dispose()


@contextmanager
def refusals(locale: str) -> Iterator[None]:
    """Turn an anticipated failure into its sentence and exit code 1."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except LoyaltyError as error:
        _refuse(error, locale)
    except DBAPIError as error:
        from shared.runtime.storage import storage_failure

        _refuse(storage_failure(error), locale)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[..., None]]:
    """Show how far long work is, on a terminal; what is yielded hears how many are done, and of how
    many if that is known only then."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total)

        def hear(done: int, of: int | None = None) -> None:
            bar.update(task, completed=done, total=of)

        yield hear


def tell(ctx: typer.Context, ru: str, en: str, *, err: bool = False) -> None:
    """Print a result in the settings' language."""
    typer.echo(in_words(ctx, ru, en), err=err)


def in_words(ctx: typer.Context, ru: str, en: str) -> str:
    """Return the words of the settings' language."""
    return ru if settings_of(ctx).locale == "ru" else en


def called(ctx: typer.Context, prefix: str, code: str) -> str:
    """Return what the console calls a code in Russian; in English a code speaks for itself."""
    from central.console.words import WORDS

    words = WORDS.get(f"{prefix}_{code}")
    return in_words(ctx, words.ru.lower() if words else code, code)


def settings_of(ctx: typer.Context) -> "Settings":
    """Return the settings that the command began with."""
    settings: Settings = ctx.obj
    return settings


def deed_by_command(deed: str, subject: str, by: str = "", **details: str) -> "Deed":
    """Return what stands in the trail of what is done at the command line."""
    from central.trail.store import Deed

    return Deed(by or getpass.getuser(), BY_COMMAND, deed, subject, "", details)


@contextmanager
def done_by_command(
    centre: "Centre", deed: str, subject: str, by: str, note: str
) -> Iterator["Word"]:
    """Let what is done inside stand in the trail with who does it, and why; yield his word."""
    from central.conflicts.service import Word
    from central.trail.service import on_trail

    told = replace(deed_by_command(deed, subject, by), note=note)
    with on_trail(centre, told):
        yield Word(told.who, note)


def _refuse(error: LoyaltyError, locale: str) -> None:
    print(error.sentence(locale), file=sys.stderr)  # noqa: T201
    raise typer.Exit(1) from error


def beside_points(ctx: typer.Context, certificates_minor: int, uses: int) -> str:
    """Say what is at stake beside points, if anything is."""
    from shared.money import format_money

    said = ""
    if certificates_minor:
        amount = format_money(certificates_minor)
        said += in_words(ctx, f", сертификаты на {amount} ₽", f", {amount} of certificates")
    if uses:
        said += in_words(ctx, f", промокоды: {uses}", f", {uses} uses of codes")
    return said
