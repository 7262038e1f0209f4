"""`kopilka central keys`: the keys that stores trust, renewed and revoked."""

from typing import TYPE_CHECKING, Annotated

import typer

from central.cli_root import RootFile, root_app, with_root_of
from central.shell import in_words, opened, tell
from shared.crypto.keys import KeyUse

if TYPE_CHECKING:
    from central.centre import Centre

keys_app = typer.Typer(no_args_is_help=True, help="Keys that stores trust.")
keys_app.add_typer(root_app, name="root")

Use = Annotated[KeyUse, typer.Argument(help="What the key signs.")]


STORES_SHOWN_MAX = 50


@keys_app.command("list")
def list_keys(ctx: typer.Context) -> None:
    """Show the root key, the list that it has signed, and how often keys of rows were renewed."""
    from central.agents import streams
    from central.feed import service as feed
    from central.packs import keylist
    from shared.runtime.sqlite import reading
    from shared.wire.keylist import keys_of_passes

    with opened(ctx) as centre:
        row = keylist.present(centre)
        if centre.keys.root is None:
            where = in_words(ctx, "хранится не здесь", "lies elsewhere")
        else:
            where = in_words(ctx, "лежит в папке ключей", "is in the folder of keys")
        root = centre.keys.root_key.hex()
        tell(ctx, f"корень {root}; его секрет {where}", f"root {root}; its secret {where}")
        for over in centre.keys.roots.handed_over:
            said = in_words(ctx, "передан", "handed over")
            typer.echo(f"{said} {over.number}: {over.former.hex()} → {over.root.hex()}")
        _tell_version(ctx, centre)
        for use, listed, now in (
            (KeyUse.PACKS, row.pack_keys if row else (), centre.keys.pack.public),
            (KeyUse.PASSES, keys_of_passes(row), centre.keys.passes.public),
        ):
            for key in listed:
                signs = in_words(ctx, " подписывает", " signs now") if key == now else ""
                typer.echo(f"{use} {key.hex()}{signs}")
        for one in row.revoked if row else ():
            tell(
                ctx,
                f"отозван агент {one.agent} эпохи {one.epoch}, верить до факта {one.last_seq}",
                f"revoked agent {one.agent} epoch {one.epoch}, good up to {one.last_seq}",
            )
        with reading(centre.engine) as connection:
            numbers = streams.key_numbers(connection, feed.heads(centre.engine).keys())
        for stream, number in numbers.items():
            tell(ctx, f"поток {stream} ключ {number}", f"stream {stream} key {number}")


@keys_app.command("sign")
def sign_list(ctx: typer.Context, *, root: RootFile = None) -> None:
    """Sign and send the list of keys, if stores should have another than the newest."""
    from central.packs import keylist

    with opened(ctx) as centre:
        version = keylist.sign(with_root_of(centre, root))
        tell(
            ctx,
            f"список ключей подписан: версия {version}",
            f"the list of keys is signed: version {version}",
        )


@keys_app.command("renew")
def renew_key(ctx: typer.Context, use: Use, *, root: RootFile = None) -> None:
    """Make a key that signs from now on; the former ones count until they are revoked."""
    from central.packs import keylist

    with opened(ctx) as centre:
        key = keylist.renew(with_root_of(centre, root), use)
        tell(
            ctx,
            f"{use} {key.hex()} подписывает с этого мига\n"
            "скопируйте папку ключей на другие машины центра и в его резервную копию",
            f"{use} {key.hex()} signs from now on\n"
            "copy the folder of keys to the other machines of the centre, and to its backup",
        )


@keys_app.command("revoke")
def revoke_key(
    ctx: typer.Context,
    use: Use,
    key: Annotated[str, typer.Argument(help="As `list` shows it.")],
    *,
    root: RootFile = None,
) -> None:
    """Let a key count no more; packs that it has signed are signed anew, passes are over."""
    from central.packs import keylist

    with opened(ctx) as centre:
        signed = keylist.revoke(with_root_of(centre, root), use, _key(key))
        tell(
            ctx,
            f"{use} {key} больше не действует; пакетов подписано заново: {signed}",
            f"{use} {key} counts no more; packs signed anew: {signed}",
        )


@keys_app.command("revoke-agent")
def revoke_agent(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="The store's code.")],
    *,
    root: RootFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Let nothing count that a store's agent signs: its machine was stolen or lost."""
    from central.settling.revoking import revoke_agent as use_case

    with opened(ctx) as centre:
        if not yes:
            tell(
                ctx,
                f"агенту магазина {store} будет отказано навсегда, со всем, что он не отправил; "
                "отзовёт --yes",
                f"the agent of store {store} would be refused for good, with what it has not sent; "
                "--yes revokes it",
            )
            return
        done = use_case(with_root_of(centre, root), store)
        tell(
            ctx,
            f"агент {done.agent} эпохи {done.epoch} отозван: его журнал действует до факта "
            f"{done.last_seq}. Закреплённое остаётся за ним до `leases write-off`; строки идут под "
            "новыми ключами",
            f"agent {done.agent} epoch {done.epoch} is revoked: its journal counts up to "
            f"{done.last_seq}. Its leases stay until `leases write-off`; rows travel under new "
            "keys",
        )
        if done.list_version is None:
            tell(
                ctx,
                "другие магазины верят ему, пока не подписал корень: `keys sign --root FILE`",
                "other stores believe it until the root has signed: `keys sign --root FILE`",
            )


def _tell_version(ctx: typer.Context, centre: "Centre") -> None:
    """Say which list counts, whether another is due, and which stores have not told of it yet."""
    from central.agents import reports, roster
    from central.packs import keylist
    from shared.runtime.sqlite import reading

    with reading(centre.engine) as connection:
        is_due = keylist.is_due(connection, centre.keys)
        heard = reports.latest(connection)
        stores = {one.id: one.store for one in roster.every_present(connection)}
    row = keylist.present(centre)
    version = row.version if row else 0
    due = ""
    if is_due:
        due = in_words(ctx, ": нужен новый, `keys sign`", ": another is due, `keys sign`")
    tell(ctx, f"список ключей, версия {version}{due}", f"list version {version}{due}")
    has = {agent for agent, told in heard.items() if told.report.keys_version >= version}
    behind = sorted(code for agent, code in stores.items() if agent not in has)
    if behind:
        shown = " ".join(behind[:STORES_SHOWN_MAX])
        tell(
            ctx,
            f"о нём не сообщили магазины, {len(behind)} из {len(stores)}: {shown}",
            f"{len(behind)} of {len(stores)} stores have not told of it: {shown}",
        )


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise typer.BadParameter("a key is hexadecimal digits") from error
