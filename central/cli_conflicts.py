"""`kopilka central conflicts`: listed, explained, closed with words or undone."""

import getpass
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from central.conflicts.values import ConflictKind, ConflictState, Ending, Party, Role
from central.shell import NUMBER_MAX, in_words, opened, settings_of, tell

if TYPE_CHECKING:
    from central.centre import Centre
    from central.conflicts.service import Page
    from central.conflicts.values import Conflict, Sentence
    from central.settling.explaining import Explained

conflicts_app = typer.Typer(no_args_is_help=True, help="What two places saw differently.")

SIZE = 20
ConflictId = Annotated[UUID, typer.Argument(metavar="ID", help="As `list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@conflicts_app.command("list")
def list_conflicts(
    ctx: typer.Context,
    *,
    kind: Annotated[ConflictKind | None, typer.Option(help="Of one kind.")] = None,
    state: Annotated[ConflictState | None, typer.Option(help="open, resolved or undone.")] = None,
    store: Annotated[str, typer.Option(help="That concern a store.")] = "",
    member: Annotated[UUID | None, typer.Option(help="That concern a member.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="UTC.")
    ] = None,
    page: Annotated[int, typer.Option(min=1, max=NUMBER_MAX, help="The latest are on page 1.")] = 1,
    size: Annotated[int, typer.Option(min=1, max=200, help="Conflicts on a page.")] = SIZE,
    as_json: AsJson = False,
) -> None:
    """Show conflicts, the latest first."""
    from central.conflicts import service
    from central.conflicts.store import Wanted
    from central.settling import naming
    from shared.runtime.sqlite import reading

    about = [Party(Role.STORE, store)] if store else []
    about += [Party(Role.MEMBER, str(member))] if member else []
    after = None if since is None else since.replace(tzinfo=UTC)
    with opened(ctx) as centre:
        locale = settings_of(ctx).locale
        with reading(centre.engine) as connection:
            wanted = Wanted(kind, state, tuple(about), after)
            found = service.look(connection, wanted, page, size)
            papers, members = naming.of_records(connection, found.conflicts)
            people = naming.people(connection, members)
        if as_json:
            typer.echo(_json({"total": found.total, "conflicts": _page(found)}))
        else:
            _print_page(ctx, found, {**naming.in_locale(papers, locale), **people})


@conflicts_app.command("show")
def show_conflict(ctx: typer.Context, conflict: ConflictId, *, as_json: AsJson = False) -> None:
    """Explain a conflict: what happened, its documents and sums, and what undoing it would do."""
    from central.settling import naming
    from central.settling.explaining import explain
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre:
        locale = settings_of(ctx).locale
        told = explain(centre, conflict)
        with reading(centre.engine) as connection:
            people = naming.people(connection, told.conflict.ids(Role.MEMBER))
        if as_json:
            typer.echo(_json(_explained(told)))
        else:
            _print_explained(ctx, told, {**naming.in_locale(told.names, locale), **people})


@conflicts_app.command("resolve")
def resolve_conflict(
    ctx: typer.Context,
    conflict: ConflictId,
    *,
    note: Annotated[str, typer.Option(help="Why; it is kept.")],
    by: Annotated[str, typer.Option(help="Who decides; it is kept.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="The other way, as `show` says.")] = False,
    correct: Annotated[
        Ending | None, typer.Option(help="End a fact that cannot be posted: were its points spent?")
    ] = None,
) -> None:
    """Close a conflict with words; with --undo or --correct do what `show` says first."""
    from central.conflicts.service import Word
    from central.settling import service

    if undo and correct is not None:
        raise typer.BadParameter("--undo and --correct exclude each other")
    word = Word(by or getpass.getuser(), note)
    with opened(ctx) as centre:
        if correct is not None:
            _print_done(ctx, centre, conflict, service.correct(centre, conflict, word, correct))
        elif undo:
            _print_done(ctx, centre, conflict, service.undo(centre, conflict, word))
        else:
            service.resolve(centre, conflict, word)
            tell(ctx, "закрыт", "resolved")


def _print_done(ctx: typer.Context, centre: "Centre", conflict: UUID, done: "Sentence") -> None:
    from central.conflicts.service import find
    from central.settling import naming
    from shared.runtime.sqlite import reading

    with reading(centre.engine) as connection:
        papers, members = naming.of_records(connection, [find(connection, conflict)])
        people = naming.people(connection, members)
    locale = settings_of(ctx).locale
    named = {**naming.in_locale(papers, locale), **people}
    typer.echo(naming.told(done.in_words(locale), named))


def _print_page(ctx: typer.Context, found: "Page", named: Mapping[UUID, str]) -> None:
    from central.conflicts.words import STATES, TITLES
    from central.settling.naming import told

    locale = settings_of(ctx).locale
    for one in found.conflicts:
        title, stores = TITLES[one.kind].in_words(locale), " ".join(one.named(Role.STORE))
        state, stakes = STATES[one.state].in_words(locale), _stakes(ctx, one)
        typer.echo(f"{one.id}  {one.at:%Y-%m-%d %H:%M}  {state}  {title}  {stores}{stakes}")
        typer.echo(f"    {told(one.sentence.in_words(locale), named)}")
    if not found.total:
        tell(ctx, "таких конфликтов нет", "no such conflicts")
        return
    pages = -(-found.total // found.size)
    tell(
        ctx,
        f"страница {found.page} из {pages}, всего {found.total}",
        f"page {found.page} of {pages}, {found.total} in all",
    )


def _print_explained(ctx: typer.Context, told: "Explained", named: Mapping[UUID, str]) -> None:
    from central.conflicts.words import ENDING, ROLES, STATES, TITLES
    from central.settling import naming
    from central.settling.service import SET_ASIDE

    one, locale = told.conflict, settings_of(ctx).locale
    title, state = TITLES[one.kind].in_words(locale), STATES[one.state].in_words(locale)
    typer.echo(f"{one.id}  {title}  {state}{_stakes(ctx, one)}")
    typer.echo(f"{one.at:%Y-%m-%d %H:%M} UTC  {naming.told(one.sentence.in_words(locale), named)}")
    for value in told.values:
        typer.echo(f"  {naming.told(value.in_words(locale), named)}")
    for role in Role:
        for name in one.named(role):
            typer.echo(f"  {ROLES[role].in_words(locale)}: {_called(told, named, role, name)}")
    _print_moves(told, locale)
    if one.resolved_at is not None:
        typer.echo(f"{one.resolved_at:%Y-%m-%d %H:%M} UTC {one.resolved_by}: {one.note}")
    if undoing := told.undoing.in_words(locale):
        tell(ctx, f"отмена: {undoing}", f"undo: {undoing}")
        if one.kind in SET_ASIDE:
            typer.echo(f"--correct spent|freed: {ENDING.in_words(locale)}")


def _called(told: "Explained", named: Mapping[UUID, str], role: Role, name: str) -> str:
    """Return an id with what people call it, so that both can be looked for."""
    if role is Role.CASHIER:
        return f"{name} {told.cashiers.get(name, '')}".strip()
    if role is Role.STORE:
        return name
    return f"{name} {named.get(UUID(name), '')}".strip()


def _print_moves(told: "Explained", locale: str) -> None:
    from central.conflicts.words import fact_in_words
    from shared.points import format_points

    for fact in told.facts:
        sums = ", ".join(f"{label.in_words(locale)} {amount}" for label, amount in fact.sums)
        kind = fact_in_words(fact.kind).in_words(locale)
        typer.echo(
            f"  {fact.at:%Y-%m-%d %H:%M} UTC {fact.store} {fact.epoch}/{fact.seq} {kind} "
            f"{fact.document or fact.fact}: {sums}; {fact.outcome} {fact.reason}".rstrip()
        )
    for entry in told.entries:
        amount = format_points(entry.amount)
        typer.echo(f"  {entry.at:%Y-%m-%d %H:%M} UTC {entry.kind} {amount} {entry.account}")


def _stakes(ctx: typer.Context, one: "Conflict") -> str:
    from shared.money import format_money
    from shared.points import format_points

    points = f"  {format_points(one.points)} {in_words(ctx, 'бонусов', 'points')}"
    money = f"  {format_money(one.amount_minor)} ₽"
    return (points if one.points else "") + (money if one.amount_minor else "")


def _page(found: "Page") -> list[dict[str, Any]]:
    return [_record(one) for one in found.conflicts]


def _record(one: "Conflict") -> dict[str, Any]:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "at": one.at.isoformat(),
        "state": one.state,
        "subject": str(one.subject),
        "ru": one.sentence.ru,
        "en": one.sentence.en,
        "points": one.points,
        "amount_minor": one.amount_minor,
        "parties": {role.value: list(one.named(role)) for role in Role if one.named(role)},
        "resolved_by": one.resolved_by,
        "resolved_at": one.resolved_at.isoformat() if one.resolved_at else None,
        "note": one.note,
    }


def _explained(told: "Explained") -> dict[str, Any]:
    return {
        **_record(told.conflict),
        "facts": [
            {
                "fact": str(fact.fact),
                "kind": fact.kind,
                "store": fact.store,
                "agent": str(fact.agent),
                "epoch": fact.epoch,
                "seq": fact.seq,
                "at": fact.at.isoformat(),
                "document": str(fact.document) if fact.document else None,
                "outcome": fact.outcome,
                "reason": fact.reason,
                "sums": {label.en: amount for label, amount in fact.sums},
            }
            for fact in told.facts
        ],
        "entries": [
            {
                "at": entry.at.isoformat(),
                "kind": entry.kind,
                "amount": entry.amount,
                "account": str(entry.account),
                "lot": str(entry.lot),
                "document": str(entry.document),
            }
            for entry in told.entries
        ],
        "values": [{"ru": value.ru, "en": value.en} for value in told.values],
        "undo": {"ru": told.undoing.ru, "en": told.undoing.en},
    }


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)
