"""`kopilka central`: prepare the centre, serve it, and bring it stores, goods, cashiers and packs.

Exit codes: 0 done, 1 refused (one sentence on standard error), 2 misused.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.cli_audit import audit_app
from central.cli_backups import backup_app
from central.cli_bearers import certificates_app
from central.cli_budgets import budgets_app
from central.cli_codes import codes_app
from central.cli_conflicts import conflicts_app
from central.cli_export import export_app
from central.cli_facts import import_facts
from central.cli_family import family_app
from central.cli_import import import_app
from central.cli_keys import keys_app
from central.cli_leases import leases_app
from central.cli_lots import lots_app
from central.cli_members import members_app
from central.cli_packs import packs_app
from central.cli_passes import pass_app
from central.cli_people import people_app, trail_app
from central.cli_phones import phones_app
from central.cli_policy import policy_app
from central.cli_privacy import privacy_app
from central.cli_proof import proof_app
from central.cli_root import RootFile, with_root_of
from central.shell import (
    FileArgument,
    beside_points,
    in_words,
    opened,
    refusals,
    settings_of,
    tell,
)
from shared.runtime.files import read_file

if TYPE_CHECKING:
    from central.centre import Centre
    from central.estate.service import How, Imported

app = typer.Typer(no_args_is_help=True, help="The centre of a chain.")
stores_app = typer.Typer(no_args_is_help=True, help="Stores of the chain.")
goods_app = typer.Typer(no_args_is_help=True, help="Goods of the regions.")
cashiers_app = typer.Typer(no_args_is_help=True, help="Cashiers of the stores.")
for _name, _sub in {
    "stores": stores_app,
    "goods": goods_app,
    "cashiers": cashiers_app,
    "export": export_app,
    "family": family_app,
    "import": import_app,
    "keys": keys_app,
    "leases": leases_app,
    "lots": lots_app,
    "certificates": certificates_app,
    "audit": audit_app,
    "backup": backup_app,
    "codes": codes_app,
    "budgets": budgets_app,
    "conflicts": conflicts_app,
    "members": members_app,
    "privacy": privacy_app,
    "proof": proof_app,
    "packs": packs_app,
    "pass": pass_app,
    "people": people_app,
    "phones": phones_app,
    "trail": trail_app,
    "policy": policy_app,
}.items():
    app.add_typer(_sub, name=_name)

app.command(name="import-facts")(import_facts)

STORES_SHOWN_MAX = 50

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, change nothing.")]


@app.callback()
def central(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings, a TOML file.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database and keys.")] = None,
) -> None:
    """The centre of a chain."""
    from central.settings import read_settings

    with refusals("ru"):
        ctx.obj = read_settings(config, data_dir=data_dir)


@app.command()
def init(ctx: typer.Context) -> None:
    """Make the data folder, keys and tables; what is there stays."""
    from central.opening import initialise, on_this_machine

    settings = settings_of(ctx)
    with refusals(settings.locale):
        centre = initialise(settings, *on_this_machine())
        centre.engine.dispose()
    key = centre.keys.root_key.hex()
    tell(ctx, f"{settings.data_dir}: корневой ключ {key}", f"{settings.data_dir}: root key {key}")


@app.command()
def run(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0: a free one.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write {url, pid} as JSON here when listening.")
    ] = None,
) -> None:
    """Serve agents until SIGTERM or Ctrl-C."""
    from central.app import create_app, full_stages
    from central.jobs import make_scheduler
    from shared.runtime.logs import configure_logs
    from shared.runtime.serve import serve, settle

    settings = settings_of(ctx)
    with opened(ctx) as centre:
        configure_logs(settings.log_level)
        chosen = settings.port if port is None else port
        app = create_app(centre, full_stages(), make_scheduler(centre))
        settle()
        serve(app, host or settings.host, chosen, ready_file)


@app.command("enrol-code")
def enrol_code(
    ctx: typer.Context, store: Annotated[str, typer.Option(help="The store's code.")]
) -> None:
    """Print a code with which the store's agent enrols within ten minutes."""
    from central.estate.service import issue_enrol_code

    with opened(ctx) as centre:
        typer.echo(issue_enrol_code(centre, store))


@app.command()
def publish(ctx: typer.Context, file: FileArgument) -> None:
    """Check, sign and send a pack of rules to all stores."""
    from central.budgets import service as budgets
    from central.packs.service import Novelty, publish_file

    with opened(ctx) as centre:
        pack = publish_file(centre, read_file(file))
        budgets.run(centre, centre.clock.now())
        if pack.novelty is Novelty.NEW:
            verdict = in_words(ctx, "опубликован", "published")
        else:
            verdict = in_words(ctx, "был опубликован раньше", "was published already")
        typer.echo(f"{pack.name} {pack.version} {verdict}: {pack.hash}")


@app.command()
def check(ctx: typer.Context) -> None:
    """Check the ledger's laws over the stored rows; exit code 1 names what breaks one."""
    from central.ledger.audit import check as broken_laws
    from shared.runtime.sqlite import reading

    with opened(ctx) as centre:
        with reading(centre.engine) as connection:
            broken = broken_laws(connection)
        for one in broken:
            lot = in_words(ctx, f", партия {one.lot}", f", lot {one.lot}") if one.lot else ""
            tell(
                ctx,
                f"{one.law}: счёт {one.account}{lot}: {one.found}, а должно быть {one.expected}",
                f"{one.law}: account {one.account}{lot}: {one.found}, should be {one.expected}",
                err=True,
            )
        if broken:
            raise typer.Exit(1)
        tell(ctx, "законы учёта соблюдены", "the ledger's laws hold")


@app.command()
def status(ctx: typer.Context) -> None:
    """Print facts by outcome, the streams' ends and the agents, as JSON."""
    from central.app import full_stages
    from central.app import status as status_of

    with opened(ctx) as centre:
        typer.echo(json.dumps(status_of(centre, full_stages()), ensure_ascii=False, indent=2))


@app.command()
def restored(
    ctx: typer.Context,
    *,
    root: RootFile = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Wait for no more reports, at the stated risk.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Begin: the database is a backup.")] = False,
) -> None:
    """Tell the centre that its database was restored; show how far it has recovered.

    It leases nothing until every store has reported what it holds, or you accept the risk.
    """
    from central.leases import recovery
    from central.settling.erased_list import ErasedList
    from shared.points import format_points

    with opened(ctx) as centre:
        if accept:
            count = recovery.accept(centre)
            tell(ctx, f"отчётов больше не ждём: {count}", f"{count} reports are not waited for")
        elif yes:
            incarnation = recovery.begin(with_root_of(centre, root))
            tell(
                ctx,
                f"новая жизнь центра {incarnation}: теперь запустите его",
                f"incarnation {incarnation}: start the centre now",
            )
            if again := ErasedList(centre.settings.erasures).missing(centre):
                tell(
                    ctx,
                    f"после копии стёрто участников: {len(again)}; будут стёрты снова",
                    f"{len(again)} members were erased since the backup, and will be again",
                )
        found = recovery.look(centre)
        if found is None:
            tell(
                ctx,
                "центр не восстанавливается; после возврата из копии начинает --yes",
                "no recovery is under way; --yes begins one after a restore",
            )
            return
        if not found.missing:
            tell(
                ctx,
                "все отчёты здесь: работающий центр снова закрепляет бонусы не позже чем через "
                "минуту",
                "no report is missing: the running centre leases again within a minute",
            )
            return
        stores = " ".join(found.missing[:STORES_SHOWN_MAX])
        points = format_points(found.free_points)
        beside = beside_points(ctx, found.free_certificates_minor, found.free_uses)
        tell(
            ctx,
            f"магазинов сообщило: {found.reported}, не сообщило: {len(found.missing)}: {stores}\n"
            f"закреплять без них — рисковать не больше чем бонусами {points}{beside}",
            f"{found.reported} stores have reported, {len(found.missing)} have not: {stores}\n"
            f"to lease without them risks at most {points} points{beside}",
        )


@stores_app.command("import")
def import_stores(ctx: typer.Context, file: FileArgument, *, dry_run: DryRun = False) -> None:
    """Take stores from CSV: code,name,address,region,zone,legal_name,tax_number,tills (1;2)."""
    from central.estate.service import import_stores as use_case

    _import(ctx, file, use_case, dry_run=dry_run)


@goods_app.command("import")
def import_goods(ctx: typer.Context, file: FileArgument, *, dry_run: DryRun = False) -> None:
    """Take goods from CSV: region,sku,name,group,brand,flags (a;b),price,floor,barcodes (a;b)."""
    from central.estate.service import import_goods as use_case

    _import(ctx, file, use_case, dry_run=dry_run)


@cashiers_app.command("import")
def import_cashiers(ctx: typer.Context, file: FileArgument, *, dry_run: DryRun = False) -> None:
    """Take cashiers from CSV: store,no,name,role,pin."""
    from central.estate.service import import_cashiers as use_case

    _import(ctx, file, use_case, dry_run=dry_run)


def _import(
    ctx: typer.Context,
    file: Path,
    use_case: "Callable[[Centre, bytes, How], Imported]",
    *,
    dry_run: bool,
) -> None:
    from central.estate.service import How

    with opened(ctx) as centre:
        done = use_case(centre, read_file(file), How.DRY_RUN if dry_run else How.APPLY)
        suffix = ""
        if dry_run:
            suffix = in_words(ctx, " (проба, ничего не записано)", " (dry run, nothing is written)")
        tell(
            ctx,
            f"прочитано {done.read}: добавлено {done.added}, изменено {done.changed}, без "
            f"изменений {done.unchanged}{suffix}",
            f"{done.read} read: {done.added} added, {done.changed} changed, "
            f"{done.unchanged} unchanged{suffix}",
        )
