"""`kopilka central import-facts`: facts of a store's journal from a file."""

from typing import TYPE_CHECKING, Annotated

import typer

from central.shell import FileArgument, in_words, opened, refusals, tell
from shared.errors import Kind, LoyaltyError
from shared.runtime.files import read_file

if TYPE_CHECKING:
    from central.ingest.files import TakenIn


class NoFactsError(LoyaltyError):
    """A file of which not one batch can be read: another file, or one torn in its first batch."""

    kind = Kind.INVALID
    code = "no_facts"
    ru = (
        "В файле {file} нет ни одной целой пачки фактов: нужно зеркало журнала или то, что записал "
        "kopilka agent export-facts."
    )
    en = (
        "{file} has not one whole batch of facts: it takes a journal's mirror, or what kopilka "
        "agent export-facts wrote."
    )


def import_facts(
    ctx: typer.Context,
    file: FileArgument,
    *,
    over_gap: Annotated[
        bool,
        typer.Option("--over-gap", help="Also what stands behind missing facts: each gap is told."),
    ] = False,
) -> None:
    """Take in a file of a store's facts: its mirror, or what `kopilka agent export-facts` wrote.

    With --over-gap a damaged part of it holds up nothing: the gap is a conflict (journal_gap) until
    the missing facts come, from another copy or the store's disk.
    """
    from central.ingest.files import take_in_file
    from central.ingest.parcel import Missing
    from shared.wire.push import frames

    with refusals(ctx.obj.locale):
        content = read_file(file)
        batches, damaged, whole = frames(content)
        if content and not batches:
            raise NoFactsError(file=file)
        with opened(ctx) as centre:
            missing = Missing.PASSED_OVER if over_gap else Missing.AWAITED
            taken = take_in_file(centre, batches, missing)
    _print(ctx, taken, len(batches))
    if taken.missing and not over_gap:
        tell(ctx, HINT_RU, HINT_EN, err=True)
    if rest := len(content) - whole:
        tell(
            ctx,
            f"{rest} байт в конце — не целая пачка: её запись прервалась",
            f"{rest} bytes at the end are no whole batch: a stop has torn it",
            err=True,
        )
    if damaged := damaged + taken.damaged:
        tell(
            ctx,
            f"повреждено пачек: {damaged}; что в них, не принято",
            f"{damaged} batches are damaged: what is in them is not taken in",
            err=True,
        )
    if taken.missing or (damaged and not over_gap):
        raise typer.Exit(1)


HINT_RU = (
    "Перед ними не хватает фактов. Если их больше нигде нет, import-facts --over-gap примет то, "
    "что за пропуском."
)
HINT_EN = (
    "Facts before them are missing. If nobody has those, import-facts --over-gap takes in what "
    "stands behind the gap."
)


def _print(ctx: typer.Context, taken: "TakenIn", batches: int) -> None:
    counts = dict(taken.outcomes)
    if taken.missing:
        counts[in_words(ctx, "не хватает перед ними", "missing before them")] = taken.missing
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
    tell(
        ctx, f"пачек: {batches}: {told or 'фактов нет'}", f"{batches} batches: {told or 'no facts'}"
    )
    for gap in taken.gaps:
        tell(
            ctx,
            f"нет фактов {gap.first}–{gap.last} эпохи {gap.epoch}: конфликт {gap.conflict}",
            f"facts {gap.first} to {gap.last} of epoch {gap.epoch} are missing: {gap.conflict}",
        )
