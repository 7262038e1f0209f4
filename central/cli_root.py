"""`kopilka central keys root`: the root key taken out of the centre, renewed, or replaced."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import opened, refusals, tell

if TYPE_CHECKING:
    from central.centre import Centre
    from shared.crypto.keys import KeyPair

root_app = typer.Typer(no_args_is_help=True, help="The root key, which may lie in a safe.")

RootFile = Annotated[
    Path | None, typer.Option("--root", help="File of the root key, if it is not at the centre.")
]
_NewFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="To write, on a stick, say; not there yet.")
]
_MadeFile = Annotated[Path, typer.Option("--new", help="File that `root make` has written.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do it.")]
_ASKED = "Passphrase of {file}"


@root_app.command("make")
def make_root(ctx: typer.Context, file: _NewFile) -> None:
    """Make another root key in a file that a passphrase opens; nobody trusts it yet."""
    from central.opening import on_this_machine
    from central.roots import write_root
    from shared.crypto.keys import SEED_BYTES, KeyPair

    _, chance = on_this_machine()
    with refusals(ctx.obj.locale):
        made = KeyPair.from_seed(chance.randbytes(SEED_BYTES))
        write_root(file, made, _new_passphrase(file), chance)
    key = made.public.hex()
    tell(ctx, f"корень {key} лежит в {file}", f"root {key} is in {file}")


@root_app.command("export")
def export_root(ctx: typer.Context, file: _NewFile) -> None:
    """Write the root key that is at the centre into a file that a passphrase opens."""
    from central.roots import write_root

    with opened(ctx) as centre:
        write_root(file, centre.keys.demand_root(), _new_passphrase(file), centre.chance)
        key = centre.keys.root_key.hex()
        tell(
            ctx,
            f"корень {key} лежит в {file}; отсюда его уберёт `root forget`",
            f"root {key} is in {file}; `root forget` takes it away",
        )


@root_app.command("forget")
def forget_root(
    ctx: typer.Context,
    root: Annotated[Path, typer.Option(help="File that has it: it is read first.")],
) -> None:
    """Take the root key away from the centre, which runs and starts without it."""
    from central.roots import forget_secret

    with opened(ctx) as centre:
        with_root_of(centre, root)
        forget_secret(centre.settings.keys_dir)
        tell(
            ctx,
            "корневого ключа здесь больше нет; удалите root.key и на других машинах",
            "the root key is not here any more; delete root.key on the other machines too",
        )


@root_app.command("renew")
def renew_root(
    ctx: typer.Context, new: _MadeFile, *, root: RootFile = None, yes: _Yes = False
) -> None:
    """Let a new root key take the present one's place; stores follow when they are next in touch.

    If it was interrupted, repeat it with the same files.
    """
    from central.packs import rooting

    with opened(ctx) as centre:
        made = _read(new)
        former = centre.keys.demand_root() if root is None else _read(root)
        if not yes:
            new_key, former_key = made.public.hex(), former.public.hex()
            tell(
                ctx,
                f"корень {new_key} встанет на место {former_key}\n"
                "храните прежний, пока `keys list` называет хоть один магазин; сделает --yes",
                f"root {new_key} would take the place of {former_key}\n"
                "keep the former one until `keys list` names no store; --yes does it",
            )
            return
        version = rooting.renew(centre, former, made)
        _tell(ctx, made, version)


@root_app.command("replace")
def replace_root(ctx: typer.Context, new: _MadeFile, *, yes: _Yes = False) -> None:
    """Let a new root key take the place of a lost one: each store has to be told by hand."""
    from central.packs import rooting

    with opened(ctx) as centre:
        made = _read(new)
        if not yes:
            key = made.public.hex()
            tell(
                ctx,
                f"корень {key} встанет на место потерянного; магазин последует за ним, только "
                f"когда там выполнят `kopilka agent trust {key}` или подключат его заново. Если "
                "прежний есть, лучше `root renew`. Сделает --yes",
                f"root {key} would take the place of a lost one; no store follows before somebody "
                f"has run `kopilka agent trust {key}` there, or has enrolled it anew. With the "
                "former one `root renew` is better. --yes does it",
            )
            return
        _tell(ctx, made, rooting.replace_lost(centre, made))


def with_root_of(centre: "Centre", root: Path | None) -> "Centre":
    """Return the centre with the root key of a file at hand, or as it is without a file."""
    from central.packs.rooting import with_root

    return centre if root is None else with_root(centre, _read(root))


def _read(file: Path) -> "KeyPair":
    from central.roots import read_root

    def ask() -> str:
        return str(typer.prompt(_ASKED.format(file=file), hide_input=True))

    return read_root(file, ask)


def _new_passphrase(file: Path) -> str:
    shown = _ASKED.format(file=file)
    return str(typer.prompt(shown, hide_input=True, confirmation_prompt=True))


def _tell(ctx: typer.Context, root: "KeyPair", version: int) -> None:
    key = root.public.hex()
    tell(
        ctx,
        f"корень {key} подписал список ключей, версия {version}\n"
        "скопируйте root.pub из папки ключей на другие машины центра и в его резервную копию,\n"
        "удалите там root.key и перезапустите процессы центра",
        f"root {key} has signed the list of keys, version {version}\n"
        "copy root.pub of the folder of keys to the other machines of the centre, and to\n"
        "its backup, delete root.key there, and start the centre's processes again",
    )
