"""`kopilka central members`: shown, merged, parted again, verified, edited."""

import getpass
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from central.cli_shown import print_event, print_lot, print_member
from central.shell import (
    NUMBER_MAX,
    By,
    FileArgument,
    Note,
    Who,
    called,
    done_by_command,
    in_words,
    opened,
    tell,
)
from shared.runtime.files import read_file

members_app = typer.Typer(no_args_is_help=True, help="Members of the programme.")


@members_app.command("show")
def show_member(ctx: typer.Context, who: Who) -> None:
    """Show a member with his accounts, cards and phones, and what was done to him by hand."""
    from central.settling.level import level
    from central.settling.lookup import claimant, show

    with opened(ctx) as centre:
        shown = show(centre, claimant(centre, who))
        print_member(ctx, shown, level(centre, shown))


@members_app.command("search")
def search_members(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Beginnings of names, last digits, an address.")],
) -> None:
    """Find members by what people say of them."""
    from central.members.search import search

    with opened(ctx) as centre:
        hits = search(centre, text)
        for hit in hits.found:
            ways = " ".join(f"…{tail}" for tail in (*hit.phones, *hit.cards))
            state = called(ctx, "member", hit.state)
            typer.echo(f"{hit.member}  {state}  {hit.name}  {ways}")
        if not hits.found:
            tell(ctx, "никто не найден", "nobody is found", err=True)
        if hits.more:
            tell(ctx, "показаны не все: уточните имя", "there are more: say more of the name")


@members_app.command("merge")
def merge(ctx: typer.Context, left: Who, right: Who, *, note: Note, by: By = "") -> None:
    """Make two members one; the one known longer stays. No point moves, and it can be undone."""
    from central.settling.lookup import living
    from central.settling.people import merge_members

    with opened(ctx) as centre:
        pair = living(centre, left), living(centre, right)
        with done_by_command(centre, "members_merged", f"{pair[0]} {pair[1]}", by, note) as word:
            done = merge_members(centre, *pair, word)
        tell(
            ctx,
            f"участник {done.member} присоединён к участнику {done.survivor}",
            f"{done.member} is merged into {done.survivor}",
        )


@members_app.command("unmerge")
def unmerge(ctx: typer.Context, who: Who, *, note: Note, by: By = "") -> None:
    """Part a member from whom he was merged into; name him by his id or his own card."""
    from central.settling.lookup import claimant
    from central.settling.people import unmerge_member

    with opened(ctx) as centre:
        member = claimant(centre, who)
        with done_by_command(centre, "member_parted", str(member), by, note) as word:
            done = unmerge_member(centre, member, word)
        tell(
            ctx,
            f"участник {done.member} отделён от участника {done.survivor}",
            f"{done.member} is parted from {done.survivor}",
        )


@members_app.command("verify")
def verify(ctx: typer.Context, who: Who, *, note: Note, by: By = "") -> None:
    """Note that a member has shown that his phone is his; name him by his id or his own card."""
    from central.settling.lookup import claimant
    from central.settling.people import verify_phone

    with opened(ctx) as centre:
        member = claimant(centre, who)
        with done_by_command(centre, "phone_verified", str(member), by, note) as word:
            verify_phone(centre, member, word)
        tell(ctx, f"телефон участника {member} подтверждён", f"the phone of {member} is verified")


@members_app.command("edit")
def edit(
    ctx: typer.Context,
    who: Who,
    *,
    note: Note,
    name: Annotated[str, typer.Option(help="A new name.")] = "",
    birthday: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A new birthday.")
    ] = None,
    phone: Annotated[str, typer.Option(help="A new phone.")] = "",
    email: Annotated[str, typer.Option(help="A new e-mail address.")] = "",
    verified: Annotated[bool, typer.Option("--verified", help="He has shown it.")] = False,
    by: By = "",
) -> None:
    """Edit a member's profile; what he has shown to be so beats what is said at tills."""
    from central.members.profiles import Proposal
    from central.settling.lookup import living
    from central.settling.people import edit_member, values_of

    with opened(ctx) as centre:
        born = birthday.date() if birthday else None
        proposal = Proposal(values_of(centre, name, phone, email, born), verified)
        member = living(centre, who)
        with done_by_command(centre, "member_edited", str(member), by, note) as word:
            others = edit_member(centre, member, proposal, word)
        fields = ", ".join(called(ctx, "field", field) for field in proposal.values)
        tell(
            ctx,
            f"участник {member} изменён: {fields}",
            f"{member} is edited: {' '.join(proposal.values)}",
        )
        _tell_of_others(ctx, others)


@members_app.command("timeline")
def show_timeline(
    ctx: typer.Context, who: Who, *, limit: Annotated[int, typer.Option(min=1, max=NUMBER_MAX)] = 50
) -> None:
    """Show what happened to a member, the latest first."""
    from central.settling.lookup import living
    from central.settling.timeline import timeline

    with opened(ctx) as centre:
        for one in timeline(centre, living(centre, who), limit):
            print_event(ctx, one)


@members_app.command("lots")
def show_lots(ctx: typer.Context, who: Who) -> None:
    """Show a member's lots, spent ones too, with what has moved them; the latest first."""
    from central.settling.holdings import lots_of
    from central.settling.lookup import living

    with opened(ctx) as centre:
        for one in lots_of(centre, living(centre, who)):
            print_lot(ctx, one)


@members_app.command("turnover")
def show_turnover(
    ctx: typer.Context, who: Who, *, limit: Annotated[int, typer.Option(min=1, max=NUMBER_MAX)] = 50
) -> None:
    """Show the purchases and returns that count for a member, the latest first."""
    from central.settling.holdings import turnover_of
    from central.settling.lookup import living
    from shared.money import format_money

    with opened(ctx) as centre:
        for one in turnover_of(centre, living(centre, who), limit):
            money = format_money(one.amount_minor)
            visits = in_words(ctx, f"покупок {one.visits}", f"visits {one.visits}")
            typer.echo(f"{one.day}  {money}  {visits}  {one.document}")


@members_app.command("consent-text")
def publish_consent_text(
    ctx: typer.Context, purpose: str, version: str, file: FileArgument, *, note: Note, by: By = ""
) -> None:
    """Keep what people agree to under a purpose and a version, which never changes."""
    from central.conflicts.service import Word
    from central.settling.consents import publish_text

    with opened(ctx) as centre:
        text = read_file(file).decode(errors="replace").replace("\r\n", "\n")
        publish_text(centre, purpose, version, text, Word(by or getpass.getuser(), note))
        tell(ctx, f"текст {purpose} {version} сохранён", f"{purpose} {version} is kept")


@members_app.command("consent")
def note_consent(
    ctx: typer.Context,
    who: Who,
    purpose: str,
    *,
    note: Note,
    version: Annotated[str, typer.Option(help="He agrees to this version of the text.")] = "",
    by: By = "",
) -> None:
    """Note that a member agrees to a text, or without a version that he agrees no more."""
    from central.conflicts.service import Word
    from central.settling import consents
    from central.settling.lookup import living

    with opened(ctx) as centre:
        member, word = living(centre, who), Word(by or getpass.getuser(), note)
        if version:
            consents.give(centre, member, purpose, version, word)
        else:
            consents.withdraw(centre, member, purpose, word)
        for one in consents.said(centre, member):
            given = called(ctx, "consent", "given" if one.given else "withdrawn")
            typer.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.purpose} {one.version}: {given}")


@members_app.command("make-cards")
def make_cards(
    ctx: typer.Context,
    count: int,
    *,
    store: Annotated[str, typer.Option(help="Where they are given out.")] = "",
) -> None:
    """Make cards without a name; their numbers are printed, one a line."""
    from central.settling.nameless import make_cards as make

    with opened(ctx) as centre:
        for number in make(centre, count, store):
            typer.echo(number)


@members_app.command("claim")
def claim_card(
    ctx: typer.Context,
    card: Who,
    *,
    name: Annotated[str, typer.Option(help="Whose it is.")],
    phone: Annotated[str, typer.Option(help="He has shown that it is his.")],
    note: Note,
    by: By = "",
) -> None:
    """Give a card without a name to a person; what it has earned stays with it."""
    from central.conflicts.service import Word
    from central.settling.lookup import living
    from central.settling.nameless import claim

    with opened(ctx) as centre:
        word = Word(by or getpass.getuser(), note)
        done = claim(centre, living(centre, card), name, phone, word)
        tell(ctx, f"карта теперь участника {done.member}", f"the card is {done.member}'s")
        _tell_of_others(ctx, done.others)


def _tell_of_others(ctx: typer.Context, others: Iterable[UUID]) -> None:
    for other in others:
        tell(
            ctx,
            f"  у участника {other} тот же телефон: kopilka central conflicts list",
            f"  {other} has the same phone: kopilka central conflicts list",
        )
