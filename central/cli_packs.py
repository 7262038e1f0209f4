"""`kopilka central packs`: drafts, reviews, publications in stages, halts, and the board."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import NUMBER_MAX, FileArgument, opened
from shared.packs.table_kinds import TableKind
from shared.runtime.files import read_file

if TYPE_CHECKING:
    from central.packs.draft_store import StoredDraft
    from central.packs.drafting import DraftShown
    from central.packs.store import StoredPublication
    from central.rollout.board import OfStore
    from central.rollout.service import Scope, Word

packs_app = typer.Typer(
    no_args_is_help=True, help="Packs of rules: drafts, reviews, publications, halts."
)
SHOWN_MAX = 50
HASH_SHOWN = 12

No = Annotated[
    int, typer.Argument(metavar="DRAFT", max=NUMBER_MAX, help="The number of the draft.")
]
Pack = Annotated[str, typer.Argument(metavar="PACK", help="name:version, or a hash's beginning.")]
Kind = Annotated[TableKind, typer.Argument(help="Which table.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]
Note = Annotated[str, typer.Option("--note", help="Why.")]
Stores = Annotated[list[str] | None, typer.Option("--store", help="In this store; repeatable.")]
Regions = Annotated[list[str] | None, typer.Option("--region", help="In stores of this region.")]
From = Annotated[
    str | None, typer.Option("--from", help="Store-local, 2026-03-31T00:00; `now` for at once.")
]
NOW = "now"


@packs_app.command()
def draft(
    ctx: typer.Context,
    file: FileArgument,
    by: By,
    *,
    into: Annotated[
        int, typer.Option(max=NUMBER_MAX, help="The draft whose text it replaces.")
    ] = 0,
    note: Note = "",
) -> None:
    """Begin a draft from a pack file, or put another text into one."""
    from central.packs import drafting
    from shared.rules.document import decoded

    with opened(ctx) as centre:
        text = decoded(read_file(file))
        if into:
            found = drafting.revise(centre, into, text, by, note=note)
        else:
            found = drafting.write(centre, text, by, source=file.name, note=note)
        typer.echo(_line(found.draft))


@packs_app.command()
def table(ctx: typer.Context, pack: Pack, kind: Kind) -> None:
    """Print a table of a published pack as CSV, to be changed and sent by `change`."""
    import csv
    import sys

    from central.rollout.requests import table

    with opened(ctx) as centre:
        sheet = table(centre, pack, kind)
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(sheet.heading)
        writer.writerows(sheet.rows)


@packs_app.command()
def change(
    ctx: typer.Context, pack: Pack, kind: Kind, file: FileArgument, by: By, note: Note = ""
) -> None:
    """Begin a draft of a pack's next version with a table from a CSV or XLSX file."""
    from central.rollout.changes import differences
    from central.rollout.requests import request

    with opened(ctx) as centre:
        found = request(centre, pack, kind, (file.name, read_file(file)), by, note)
        typer.echo(_line(found.draft))
        for line in differences(centre, found.draft.no, centre.settings.locale):
            typer.echo(f"  {line}")


@packs_app.command("list")
def list_packs(ctx: typer.Context) -> None:
    """Show the newest drafts, then the published packs with the acts by which they count."""
    from central.packs import drafting
    from central.packs.library import catalogue
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre:
        for one in drafting.listed(centre):
            typer.echo(_line(one))
        with reading(centre.engine) as connection:
            known = catalogue(connection)
        for act in known.acts[-SHOWN_MAX:]:
            typer.echo(_act(act, {one.hash: f"{one.name}:{one.version}" for one in known.editions}))


@packs_app.command()
def show(ctx: typer.Context, no: No) -> None:
    """Show a draft: who has done what with it, and its text."""
    from central.packs import drafting

    with opened(ctx) as centre:
        found = drafting.show(centre, no)
        _print(found)
        typer.echo(found.draft.text)


@packs_app.command()
def diff(ctx: typer.Context, no: No) -> None:
    """Say what a draft changes against the pack of its name that is in force or to come."""
    from central.rollout.changes import differences

    with opened(ctx) as centre:
        told = differences(centre, no, centre.settings.locale)
        for line in told or ["="]:
            typer.echo(line)


@packs_app.command()
def preview(
    ctx: typer.Context,
    no: No,
    *,
    receipts: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 1_000,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As if the latest were of this day."),
    ] = None,
) -> None:
    """Try a draft on the latest receipts of the chain, beside the pack that it follows."""
    from central.rollout.preview import preview

    with opened(ctx) as centre:
        found = preview(centre, no, receipts=receipts, on=on.date() if on else None)
        typer.echo(f"{found.first} to {found.last}")
        typer.echo(found.text(centre.settings.locale), nl=False)
        if beside := found.beside(centre.settings.locale):
            typer.echo(beside)


@packs_app.command()
def submit(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Ask for a review."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(drafting.submit(centre, no, by, note))


@packs_app.command()
def approve(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Approve a draft that others have written."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(drafting.approve(centre, no, by, note))


@packs_app.command()
def reject(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Send a draft back to whoever wrote it."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(drafting.reject(centre, no, by, note))


@packs_app.command()
def publish(
    ctx: typer.Context,
    no: No,
    by: By,
    *,
    store: Stores = None,
    region: Regions = None,
    begins: From = None,
    note: Note = "",
) -> None:
    """Publish an approved draft: to all stores, or first to some."""
    from central.rollout import service

    with opened(ctx) as centre:
        scope, word = _scope(store, region), _word(by, note)
        done = service.publish(centre, no, scope, _begins(begins), word)
        typer.echo(f"{done.name} {done.version} published: {done.hash}")


@packs_app.command()
def rollout(
    ctx: typer.Context,
    pack: Pack,
    by: By,
    *,
    store: Stores = None,
    region: Regions = None,
    begins: From = NOW,
    note: Note = "",
) -> None:
    """Let a published pack count in more stores; in all of them without --store and --region."""
    from central.rollout import service

    with opened(ctx) as centre:
        scope, word = _scope(store, region), _word(by, note)
        typer.echo(_act(service.widen(centre, pack, scope, _begins(begins) or "", word)))


@packs_app.command()
def halt(
    ctx: typer.Context,
    pack: Pack,
    by: By,
    *,
    campaign: Annotated[str, typer.Option(help="Only this rule, grant or code campaign.")] = "",
    store: Stores = None,
    region: Regions = None,
    note: Note = "",
) -> None:
    """Stop a pack at once: the one before it is in force again; or stop one campaign of it."""
    from central.rollout import service

    with opened(ctx) as centre:
        word = _word(by, note)
        if not campaign:
            typer.echo(_act(service.halt(centre, pack, _scope(store, region), word)))
            return
        done = service.halt_campaign(centre, pack, campaign, word)
        typer.echo(f"{campaign} is halted by {done.name} {done.version}: {done.hash}")


@packs_app.command()
def rollback(
    ctx: typer.Context,
    pack: Pack,
    by: By,
    *,
    to: Annotated[str, typer.Option(help="The former pack; the one before it unless said.")] = "",
    begins: From = NOW,
    note: Note = "",
) -> None:
    """Let a former pack take the place of one, at once or from an instant."""
    from central.rollout import service

    with opened(ctx) as centre:
        begins = _begins(begins) or ""
        typer.echo(_act(service.roll_back(centre, pack, to, begins, _word(by, note))))


@packs_app.command()
def board(ctx: typer.Context, pack: Pack) -> None:
    """Show in how many stores a pack is loaded, which refuse it and why, which are silent."""
    from central.rollout.board import Readiness, board

    with opened(ctx) as centre:
        found = board(centre, pack)
        total = len(found.stores)
        told = ", ".join(f"{one.value} {count}" for one in Readiness if (count := found.count(one)))
        typer.echo(
            f"{found.pack.name} {found.pack.version}: {found.loaded} of {total} loaded, "
            f"due in {found.due} ({told})"
        )
        open_ = [
            one
            for one in found.stores
            if one.readiness not in (Readiness.LOADED, Readiness.EFFECTIVE)
        ]
        for one in open_[:SHOWN_MAX]:
            typer.echo(_store(one, centre.settings.locale))
        if len(open_) > SHOWN_MAX:
            typer.echo(f"and {len(open_) - SHOWN_MAX} more")


def _scope(stores: list[str] | None, regions: list[str] | None) -> "Scope":
    from central.rollout.service import Scope

    return Scope(tuple(stores or ()), tuple(regions or ()))


def _word(by: str, note: str) -> "Word":
    from central.rollout.service import Word

    return Word(by, note)


def _begins(text: str | None) -> str | None:
    return "" if text == NOW else text


def _print(found: "DraftShown") -> None:
    typer.echo(_line(found.draft))
    for deed in found.deeds:
        note = f": {deed.note}" if deed.note else ""
        told = f"{deed.at:%Y-%m-%d %H:%M} UTC {deed.act} by {deed.by}"
        typer.echo(f"  {told}, text {deed.hash[:HASH_SHOWN]}{note}")


def _line(one: "StoredDraft") -> str:
    source = f", from {one.source}" if one.source else ""
    return f"draft {one.no}: {one.name}:{one.version} {one.state} {one.hash[:HASH_SHOWN]}{source}"


def _act(act: "StoredPublication", names: "dict[str, str] | None" = None) -> str:
    called = names or {}
    where = " ".join([*act.stores, *(f"region {one}" for one in act.regions)]) or "all stores"
    pack = called.get(act.pack, act.pack[:HASH_SHOWN]) or "nothing"
    of = called.get(act.replaces, act.replaces[:HASH_SHOWN])
    instead = f" in place of {of}" if act.replaces else ""
    begins = act.effective_from or f"at once, {act.at:%Y-%m-%d %H:%M:%S} UTC"
    by = f" by {act.by}" if act.by else ""
    note = f": {act.note}" if act.note else ""
    return f"act {act.no} {act.act}{by}: {pack}{instead} from {begins}, {where}{note}"


def _store(one: "OfStore", locale: str) -> str:
    heard = f", heard {one.heard_at:%Y-%m-%d %H:%M} UTC" if one.heard_at else ""
    reason = one.reason_ru if locale == "ru" else one.reason_en
    why = f": {reason}" if reason else ""
    return f"  {one.store} {one.readiness.value}{heard}{why}"
