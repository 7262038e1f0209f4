"""`kopilka pack`: check, sign and try packs of rules, with no centre and no store.

Exit codes: 0 done, 1 refused (one sentence on standard error), 2 misused.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import LoyaltyError

if TYPE_CHECKING:
    from shared.packs.receipts import Case
    from shared.rules.compile import CompiledPack
    from shared.rules.pack import Pack

REFUSED = 1
BASKETS_MAX = 20_000
BASKETS_LIMIT = 1_000_000

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Packs of rules: check, sign and try them.",
)


class Language(StrEnum):
    """Languages of people."""

    RU = "ru"
    EN = "en"


PackFile = Annotated[
    Path, typer.Argument(metavar="PACK", exists=True, dir_okay=False, help="A pack, YAML.")
]
ReceiptFile = Annotated[
    Path, typer.Argument(metavar="RECEIPT", exists=True, dir_okay=False, help="A receipt, YAML.")
]
Lang = Annotated[Language, typer.Option(help="Language of the answer.")]


@app.command()
def check(file: PackFile, lang: Lang = Language.RU) -> None:
    """Read a pack and name what it is and what it requires of an agent."""
    from shared.rules.pack import canonical, pack_hash

    with _refusals(lang):
        pack = _read(file)
        typer.echo(f"{pack.name} {pack.version}: {pack_hash(canonical(pack))}")
        typer.echo(f"requires: {' '.join(pack.requires)}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of pack files, for editors."""
    from shared.rules.schema import pack_schema

    typer.echo(json.dumps(pack_schema(), ensure_ascii=False, indent=1))


@app.command()
def canonical(file: PackFile, lang: Lang = Language.RU) -> None:
    """Print the bytes that are hashed, signed and sent."""
    from shared.rules.pack import canonical as bytes_of

    with _refusals(lang):
        typer.echo(bytes_of(_read(file)).decode())


@app.command()
def sign(
    file: PackFile,
    key: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The pack key, as the centre's.")
    ],
    lang: Lang = Language.RU,
) -> None:
    """Print the pack signed; `kopilka central publish` takes it from its own key."""
    from shared.crypto.keys import read_key
    from shared.packs.sealed import seal, sealed_file

    with _refusals(lang):
        typer.echo(sealed_file(seal(_read(file), read_key(key.read_text()))), nl=False)


@app.command()
def quote(file: PackFile, receipt: ReceiptFile, lang: Lang = Language.RU) -> None:
    """Price a receipt: lines, discounts, points, sums and the slip."""
    from shared.packs.show_quote import quotation
    from shared.rules.evaluate import evaluate

    with _refusals(lang):
        pack, case = _compiled(file), _case(receipt)
        found = evaluate(pack, case.member, case.receipt, case.moment)
        typer.echo(quotation(pack, case, found, lang.value), nl=False)


@app.command()
def explain(file: PackFile, receipt: ReceiptFile, lang: Lang = Language.RU) -> None:
    """Say of every rule, line by line, why, why not, and what it would take."""
    from shared.rules.account import accounts
    from shared.rules.evaluate import evaluate
    from shared.rules.explain import findings
    from shared.rules.finding import Answered
    from shared.rules.policies import policy_lines
    from shared.rules.retell import retell

    with _refusals(lang):
        pack, case = _compiled(file), _case(receipt)
        answer = evaluate(pack, case.member, case.receipt, case.moment)
        found = findings(Answered(pack, case.member, case.receipt, case.moment, answer))
        told = retell(pack.source, case.receipt.lines, found, lang.value)
        lines = accounts(pack.source, case.receipt.lines, answer, lang.value)
        typer.echo("\n".join([*lines, *told, *policy_lines(pack.source, lang.value)]))


@app.command("diff")
def differences(old: PackFile, new: PackFile, lang: Lang = Language.RU) -> None:
    """Say what changes from one pack to another, a sentence a line."""
    from shared.rules.diff import diff

    with _refusals(lang):
        for sentence in diff(_read(old), _read(new), lang.value):
            typer.echo(sentence)


@app.command("lint")
def doubts(
    file: PackFile,
    lang: Lang = Language.RU,
    baskets: Annotated[
        int, typer.Option(min=1, max=BASKETS_LIMIT, help="Baskets to try at most.")
    ] = BASKETS_MAX,
) -> None:
    """Name what is probably not meant, and the dearest basket; exit code 1 if there are doubts."""
    from shared.packs.show import opinion
    from shared.rules.lint import lint

    with _refusals(lang):
        pack = _compiled(file)
        found = lint(pack, baskets)
        typer.echo(opinion(pack.source, found, lang.value), nl=False)
    if found.doubts:
        raise typer.Exit(REFUSED)


@app.command()
def backtest(
    file: PackFile,
    sales: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Receipts of the past, CSV.")
    ],
    members: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Members before that, CSV.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A pack to compare with.")
    ] = None,
    zone: Annotated[str, typer.Option(help="By whose clock the receipts are.")] = "Europe/Moscow",
    lang: Lang = Language.RU,
) -> None:
    """Replay receipts: members per tier, moves, costs; exit code 1 if known discounts differ."""
    from shared.packs.backtest import replay
    from shared.packs.sales_file import read_members, read_sales
    from shared.packs.show_backtest import replayed

    with _refusals(lang):
        pack, text = _compiled(file), sales.read_text(encoding="utf-8-sig")
        known = {} if members is None else read_members(members.read_text(encoding="utf-8-sig"))
        found = replay(pack, read_sales(text, zone), known)
        other = (
            None if against is None else replay(_compiled(against), read_sales(text, zone), known)
        )
        typer.echo(replayed(pack, found, lang.value, other), nl=False)
    if found.differing:
        raise typer.Exit(REFUSED)


def _read(file: Path) -> "Pack":
    from shared.rules.pack import read_pack_file

    return read_pack_file(file.read_bytes())


def _compiled(file: Path) -> "CompiledPack":
    from shared.rules.compile import compile_pack
    from shared.rules.pack import canonical, pack_hash

    pack = _read(file)
    return compile_pack(pack, pack_hash=pack_hash(canonical(pack)))


def _case(file: Path) -> "Case":
    from shared.packs.receipts import read_case

    return read_case(file.read_bytes())


@contextmanager
def _refusals(lang: Language) -> Iterator[None]:
    """Turn an anticipated failure into its sentence and exit code 1."""
    try:
        yield
    except LoyaltyError as error:
        print(error.sentence(lang.value), file=sys.stderr)
        raise typer.Exit(REFUSED) from error
