"""`kopilka central keys`: the keys that stores trust, renewed and revoked."""

from typing import Annotated

import typer

from central.shell import opened
from shared.crypto.keys import KeyUse

keys_app = typer.Typer(no_args_is_help=True, help="Keys that stores trust.")

Use = Annotated[KeyUse, typer.Argument(help="What the key signs.")]


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
        typer.echo(f"root {centre.keys.root.public.hex()}")
        typer.echo(f"list version {row.version if row else 0}")
        for use, listed, now in (
            (KeyUse.PACKS, row.pack_keys if row else (), centre.keys.pack.public),
            (KeyUse.PASSES, keys_of_passes(row), centre.keys.passes.public),
        ):
            for key in listed:
                typer.echo(f"{use} {key.hex()}{' signs now' if key == now else ''}")
        for one in row.revoked if row else ():
            typer.echo(f"revoked agent {one.agent} epoch {one.epoch}, good up to {one.last_seq}")
        with reading(centre.engine) as connection:
            numbers = streams.key_numbers(connection, feed.heads(centre.engine).keys())
        for stream, number in numbers.items():
            typer.echo(f"stream {stream} key {number}")


@keys_app.command("renew")
def renew_key(ctx: typer.Context, use: Use) -> None:
    """Make a key that signs from now on; the former ones count until they are revoked."""
    from central.packs import keylist

    with opened(ctx) as centre:
        key = keylist.renew(centre, use)
        typer.echo(f"{use} {key.hex()} signs from now on")
        typer.echo("copy the folder of keys to the other machines of the centre, and to its backup")


@keys_app.command("revoke")
def revoke_key(
    ctx: typer.Context, use: Use, key: Annotated[str, typer.Argument(help="As `list` shows it.")]
) -> None:
    """Let a key count no more; packs that it has signed are signed anew, passes are over."""
    from central.packs import keylist

    with opened(ctx) as centre:
        signed = keylist.revoke(centre, use, _key(key))
        typer.echo(f"{use} {key} counts no more; packs signed anew: {signed}")


@keys_app.command("revoke-agent")
def revoke_agent(
    ctx: typer.Context,
    store: Annotated[str, typer.Option(help="The store's code.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Let nothing count that a store's agent signs: its machine was stolen or lost."""
    from central.settling.revoking import revoke_agent as use_case

    with opened(ctx) as centre:
        if not yes:
            typer.echo(
                f"the agent of store {store} would be refused for good, with what it has not sent; "
                "--yes revokes it"
            )
            return
        done = use_case(centre, store)
        typer.echo(
            f"agent {done.agent} epoch {done.epoch} is revoked: its journal counts up to "
            f"{done.last_seq}. Its leases stay until `leases write-off`; rows travel under new keys"
        )


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise typer.BadParameter("a key is hexadecimal digits") from error
