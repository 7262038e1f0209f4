"""`kopilka central packs`: drafts, reviews, publications in stages, halts, and the board."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import NUMBER_MAX, FileArgument, called, in_words, opened, tell
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
        typer.echo(_line(ctx, found.draft))


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
        typer.echo(_line(ctx, found.draft))
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
            typer.echo(_line(ctx, one))
        with reading(centre.engine) as connection:
            known = catalogue(connection)
        for act in known.acts[-SHOWN_MAX:]:
            names = {one.hash: f"{one.name}:{one.version}" for one in known.editions}
            typer.echo(_act(ctx, act, names))


@packs_app.command()
def show(ctx: typer.Context, no: No) -> None:
    """Show a draft: who has done what with it, and its text."""
    from central.packs import drafting

    with opened(ctx) as centre:
        found = drafting.show(centre, no)
        _print(ctx, found)
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
        tell(ctx, f"{found.first} – {found.last}", f"{found.first} to {found.last}")
        typer.echo(found.text(centre.settings.locale), nl=False)
        if beside := found.beside(centre.settings.locale):
            typer.echo(beside)


@packs_app.command()
def submit(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Ask for a review."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(ctx, drafting.submit(centre, no, by, note))


@packs_app.command()
def approve(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Approve a draft that others have written."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(ctx, drafting.approve(centre, no, by, note))


@packs_app.command()
def reject(ctx: typer.Context, no: No, by: By, note: Note = "") -> None:
    """Send a draft back to whoever wrote it."""
    from central.packs import drafting

    with opened(ctx) as centre:
        _print(ctx, drafting.reject(centre, no, by, note))


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
        verdict = in_words(ctx, "опубликован", "published")
        typer.echo(f"{done.name} {done.version} {verdict}: {done.hash}")


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
        done = service.widen(centre, pack, scope, _begins(begins) or "", word)
        typer.echo(_act(ctx, done))


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
            typer.echo(_act(ctx, service.halt(centre, pack, _scope(store, region), word)))
            return
        done = service.halt_campaign(centre, pack, campaign, word)
        tell(
            ctx,
            f"акция {campaign} остановлена версией {done.name} {done.version}: {done.hash}",
            f"{campaign} is halted by {done.name} {done.version}: {done.hash}",
        )


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
        done = service.roll_back(centre, pack, to, begins, _word(by, note))
        typer.echo(_act(ctx, done))


@packs_app.command()
def board(ctx: typer.Context, pack: Pack) -> None:
    """Show in how many stores a pack is loaded, which refuse it and why, which are silent."""
    from central.rollout.board import Readiness, board

    with opened(ctx) as centre:
        found = board(centre, pack)
        total, loaded, due = len(found.stores), found.loaded, found.due
        counts = {called(ctx, "ready", one): found.count(one) for one in Readiness}
        told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        pack_told = f"{found.pack.name} {found.pack.version}"
        tell(
            ctx,
            f"{pack_told}: загружен в {loaded} из {total}, должен быть в силе в {due} ({told})",
            f"{pack_told}: {loaded} of {total} loaded, due in {due} ({told})",
        )
        open_ = [
            one
            for one in found.stores
            if one.readiness not in (Readiness.LOADED, Readiness.EFFECTIVE)
        ]
        for one in open_[:SHOWN_MAX]:
            typer.echo(_store(ctx, one))
        if (more := len(open_) - SHOWN_MAX) > 0:
            tell(ctx, f"и ещё {more}", f"and {more} more")


def _scope(stores: list[str] | None, regions: list[str] | None) -> "Scope":
    from central.rollout.service import Scope

    return Scope(tuple(stores or ()), tuple(regions or ()))


def _word(by: str, note: str) -> "Word":
    from central.rollout.service import Word

    return Word(by, note)


def _begins(text: str | None) -> str | None:
    return "" if text == NOW else text


def _print(ctx: typer.Context, found: "DraftShown") -> None:
    typer.echo(_line(ctx, found.draft))
    for deed in found.deeds:
        note = f": {deed.note}" if deed.note else ""
        act, text = called(ctx, "act", deed.act), deed.hash[:HASH_SHOWN]
        told = in_words(ctx, f"{deed.by}: {act}, хеш {text}", f"{act} by {deed.by}, text {text}")
        typer.echo(f"  {deed.at:%Y-%m-%d %H:%M} UTC {told}{note}")


def _line(ctx: typer.Context, one: "StoredDraft") -> str:
    state, text = called(ctx, "draft", one.state), one.hash[:HASH_SHOWN]
    draft = in_words(ctx, "черновик", "draft")
    source = ""
    if one.source:
        source = in_words(ctx, f", откуда: {_source(one.source)}", f", from {one.source}")
    return f"{draft} {one.no}: {one.name}:{one.version} {state} {text}{source}"


def _source(source: str) -> str:
    """Return in Russian where a draft comes from."""
    from central.console.words import WORDS
    from central.rollout.requests import OF_TABLE

    found = OF_TABLE.fullmatch(source)
    if found is None:
        return source
    kind, pack, file = found.groups()
    return WORDS["of_table"].ru.format(table=WORDS[f"table_{kind}"].ru, pack=pack, file=file)


def _act(
    ctx: typer.Context, act: "StoredPublication", names: "dict[str, str] | None" = None
) -> str:
    known = names or {}
    regions = [in_words(ctx, f"регион {one}", f"region {one}") for one in act.regions]
    where = " ".join([*act.stores, *regions]) or in_words(ctx, "все магазины", "all stores")
    pack = known.get(act.pack, act.pack[:HASH_SHOWN]) or in_words(ctx, "ничего", "nothing")
    of = known.get(act.replaces, act.replaces[:HASH_SHOWN])
    instead = in_words(ctx, f" вместо {of}", f" in place of {of}") if act.replaces else ""
    begins = in_words(ctx, f"с {act.effective_from}", f"from {act.effective_from}")
    if not act.effective_from:
        at = f"{act.at:%Y-%m-%d %H:%M:%S} UTC"
        begins = in_words(ctx, f"сразу, {at}", f"from at once, {at}")
    by = in_words(ctx, f", {act.by}", f" by {act.by}") if act.by else ""
    done = in_words(ctx, f"действие {act.no},", f"act {act.no}")
    note = f": {act.note}" if act.note else ""
    word = called(ctx, "act", act.act)
    return f"{done} {word}{by}: {pack}{instead} {begins}, {where}{note}"


def _store(ctx: typer.Context, one: "OfStore") -> str:
    heard = ""
    if one.heard_at:
        at = f"{one.heard_at:%Y-%m-%d %H:%M} UTC"
        heard = in_words(ctx, f", сведения от {at}", f", heard {at}")
    reason = in_words(ctx, one.reason_ru, one.reason_en)
    why = f": {reason}" if reason else ""
    return f"  {one.store} {called(ctx, 'ready', one.readiness)}{heard}{why}"
