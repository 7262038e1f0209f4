"""Members as `kopilka central members` prints them: whole, with their lots, event by event."""

from typing import TYPE_CHECKING

import typer

from central.shell import called, in_words, tell

if TYPE_CHECKING:
    from datetime import datetime

    from central.members.profile import Edit
    from central.members.store import Identifier, Member
    from central.settling.holdings import LotStory
    from central.settling.level import Level
    from central.settling.lookup import Shown
    from central.settling.timeline import Event

_LOTS = {
    "pending": "ещё не активна",
    "active": "активна",
    "over": "срок вышел",
    "spent": "потрачена",
    "expired": "сгорела",
}
_WHOSE = {"relative": "родственника", "shared": "общий"}


def print_member(ctx: typer.Context, shown: "Shown", level: "Level | None") -> None:
    """Print what is known of a member, and what was done to him by hand."""
    one = shown.member
    typer.echo(f"{one.id}  {_state(ctx, one)}  {_name(shown)}  {_known(ctx, one)}")
    _print_golden(ctx, shown)
    _print_people(ctx, shown)
    _print_accounts(ctx, shown)
    _print_level(ctx, level)
    for way in shown.identifiers:
        _print_way(ctx, way)
    for edit in shown.edits:
        _print_edit(ctx, edit, counts=edit in shown.counted.values())
    _print_deeds(ctx, shown)


def print_lot(ctx: typer.Context, story: "LotStory") -> None:
    """Print a lot with what has moved it."""
    from shared.points import format_points

    lot, since = story.lot, _at(story.lot.activates_at)
    granted, left = format_points(lot.granted), format_points(lot.balance)
    until = f"по {lot.expires_on}" if lot.expires_on else "без срока"
    tell(
        ctx,
        f"{lot.id}  {lot.wallet} {lot.kind}  начислено {granted}, осталось {left}, "
        f"{_LOTS.get(story.state, story.state)}  с {since} {until}",
        f"{lot.id}  {lot.wallet} {lot.kind}  {granted} granted, {left} left, {story.state}  "
        f"from {since} until {lot.expires_on or '-'}",
    )
    for entry in story.entries:
        kind, points = called(ctx, "entry", entry.kind), format_points(entry.amount)
        typer.echo(f"  {_at(entry.at)}  {kind}  {points}")


def print_event(ctx: typer.Context, event: "Event") -> None:
    """Print what happened to a member."""
    from shared.money import format_money
    from shared.points import format_points

    moved = format_points(event.points)
    points = in_words(ctx, f"  {moved}", f"  {moved} points") if event.points else ""
    money = f"  {format_money(event.amount_minor)}" if event.amount_minor else ""
    what = in_words(ctx, called(ctx, "life", event.what.replace(".", "_")), event.what)
    text = in_words(ctx, _in_russian(ctx, event), event.text)
    typer.echo(f"{_at(event.at)}  {what}  {text}{points}{money}")


def _in_russian(ctx: typer.Context, event: "Event") -> str:
    """Return what more is told of an event, its codes in words."""
    from central.conflicts.values import ConflictKind
    from central.conflicts.words import TITLES
    from central.settling.timeline import Happened

    code, _, rest = event.text.partition(" ")
    if event.what is Happened.POINTS:
        return called(ctx, "entry", event.text)
    if event.what is Happened.CONFLICT:
        return f"{TITLES[ConflictKind(code)].ru}, {called(ctx, 'conflict', rest)}"
    if event.what is Happened.SETTLED:
        return f"{called(ctx, 'member_deed', code[:-1])}: {rest}"
    if event.what is Happened.EDITED:
        sure, _, where = rest.partition(": ")
        field, is_verified = called(ctx, "field", code), sure == "verified"
        return f"{field}, {_sure(ctx, verified=is_verified)}: {where}"
    if event.what is Happened.CODE_SENT:
        return f"{called(ctx, 'field', code[:-1])}: {rest}"
    return event.text


def _state(ctx: typer.Context, one: "Member") -> str:
    state, into = called(ctx, "member", one.state), one.merged_into
    return in_words(ctx, f"{state}: {into}", f"{state} {into}") if into else state


def _name(shown: "Shown") -> str:
    from shared.member import ProfileField

    edited = shown.counted.get(ProfileField.NAME)
    registered = shown.person.name if shown.person else shown.member.display_name
    return (edited.value if edited else registered) or ""


def _known(ctx: typer.Context, one: "Member") -> str:
    since = _at(one.known_at)
    return in_words(ctx, f"известен с {since}", f"known {since}")


def _print_people(ctx: typer.Context, shown: "Shown") -> None:
    """Print who is one with him, and his family."""
    one = shown.member
    for member in shown.joined:
        who = f"{member.id}  {member.display_name}"
        tell(ctx, f"  с ним соединён {who}", f"  joined by {who}")
    if one.head and one.family_since:
        since, role = _at(one.family_since), called(ctx, "family", one.family_role)
        tell(
            ctx,
            f"  в семье участника {one.head} с {since}: {role}",
            f"  in the family of {one.head} since {since}: {role}",
        )
    for member in shown.relatives:
        who, role = f"{member.id}  {member.display_name}", called(ctx, "family", member.family_role)
        tell(ctx, f"  родственник {who}: {role}", f"  relative {who}: {role}")


def _print_accounts(ctx: typer.Context, shown: "Shown") -> None:
    from shared.money import format_money
    from shared.points import format_points

    for account, balance in shown.accounts:
        points, turnover = format_points(balance), format_money(account.turnover_minor)
        owed = format_points(account.debt)
        debt = in_words(ctx, f", долг {owed}", f", debt {owed}") if account.debt else ""
        whose = ""
        if account.id not in shown.own_accounts:
            whose = in_words(ctx, f" участника {account.owner}", f" of {account.owner}")
        tell(
            ctx,
            f"  счёт {account.id}{whose}: бонусов {points}{debt}, оборот {turnover}, чеков "
            f"{account.receipts}",
            f"  account {account.id}{whose}: {points} points{debt}, turnover {turnover} in "
            f"{account.receipts} receipts",
        )


def _print_level(ctx: typer.Context, level: "Level | None") -> None:
    if level is None:
        return
    by_hand = ""
    if level.is_by_hand:
        until = in_words(ctx, f" до {level.until}", f" until {level.until}") if level.until else ""
        by_hand = in_words(ctx, ", назначен вручную", ", set by hand") + until
    missing = ""
    if level.missing:
        missing = in_words(ctx, f"; {level.missing.ru}", f"; {level.missing.en}")
    tell(
        ctx,
        f"  уровень: {level.title.ru}{by_hand}{missing}",
        f"  tier: {level.title.en}{by_hand}{missing}",
    )


def _print_way(ctx: typer.Context, way: "Identifier") -> None:
    limit = ""
    if way.account:
        limit = in_words(
            ctx, f", платит только со счёта {way.account}", f", pays from {way.account} only"
        )
    kind, state = called(ctx, "way", way.kind), called(ctx, "claim", way.state)
    whose = f" {_WHOSE[way.role]}" if way.role in _WHOSE else ""
    role = f"{way.role} " if whose else ""
    tell(
        ctx,
        f"  {kind}{whose}, номер …{way.tail} участника {way.owner}: {state}{limit}",
        f"  {role}{kind} …{way.tail} of {way.owner}: {state}{limit}",
    )


def _print_edit(ctx: typer.Context, edit: "Edit", *, counts: bool) -> None:
    field, sure = called(ctx, "field", edit.field), _sure(ctx, verified=edit.verified)
    tell(
        ctx,
        f"  {_at(edit.at)} {field} {edit.value or 'стёрто'}: {sure}, {edit.where}, "
        f"{'в силе' if counts else 'не в силе'}",
        f"  {_at(edit.at)} {field} {edit.value or 'erased'}: {sure}, {edit.where}, "
        f"{'counts' if counts else 'does not count'}",
    )


def _print_deeds(ctx: typer.Context, shown: "Shown") -> None:
    from central.members.deed_store import with_whom

    for done in shown.deeds:
        other = f" {with_whom(done, shown.member.id)}" if done.other else ""
        deed = called(ctx, "member_deed", done.deed)
        typer.echo(f"  {_at(done.at)} {deed}{other}: {done.actor}, {done.note}")


def _print_golden(ctx: typer.Context, shown: "Shown") -> None:
    from central.settling.golden import golden_record

    for one in golden_record(shown):
        field, sure = called(ctx, "field", one.field), _sure(ctx, verified=one.verified)
        source = "/".join(called(ctx, "source", part) for part in one.source.split("/"))
        typer.echo(f"  {field}: {one.value}  ({sure}, {source}, {_at(one.at)})")


def _sure(ctx: typer.Context, *, verified: bool) -> str:
    if verified:
        return in_words(ctx, "подтверждено", "verified")
    return in_words(ctx, "заявлено", "claimed")


def _at(instant: "datetime") -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
