"""`kopilka central proof`: a phone or an e-mail address shown to be a member's by a code."""

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from central.shell import By, Who, opened, tell

proof_app = typer.Typer(no_args_is_help=True, help="Phones and addresses verified by codes.")


class Contact(StrEnum):
    """What is verified."""

    PHONE = "phone"
    EMAIL = "email"


Note = Annotated[str, typer.Option(help="Why; it is kept.")]


@proof_app.command("send")
def send(
    ctx: typer.Context, who: Who, contact: Contact, *, note: Note = "one-time code", by: By = ""
) -> None:
    """Send a member a code; name him by his id or his own card."""
    from central.conflicts.service import Word
    from central.settling.lookup import claimant
    from central.settling.proofs import send_code
    from shared.member import ProfileField

    with opened(ctx) as centre:
        word = Word(by or getpass.getuser(), note)
        ends_at = send_code(centre, claimant(centre, who), ProfileField(contact.value), word)
        until = f"{ends_at:%H:%M:%S} UTC"
        tell(
            ctx,
            f"код отправлен, он годится до {until}",
            f"a code was sent; it is good until {until}",
        )


@proof_app.command("confirm")
def confirm(
    ctx: typer.Context,
    who: Who,
    contact: Contact,
    code: Annotated[str, typer.Argument(help="What the member has told.")],
    *,
    note: Note = "one-time code",
    by: By = "",
) -> None:
    """Take the code that a member has told: what it was sent to is verified."""
    from central.conflicts.service import Word
    from central.settling.lookup import claimant
    from central.settling.proofs import confirm_code
    from shared.member import ProfileField

    with opened(ctx) as centre:
        member, word = claimant(centre, who), Word(by or getpass.getuser(), note)
        confirm_code(centre, member, ProfileField(contact.value), code, word)
        ru = f"телефон участника {member} подтверждён"
        if contact is Contact.EMAIL:
            ru = f"почта участника {member} подтверждена"
        tell(ctx, ru, f"the {contact.value} of {member} is verified")
