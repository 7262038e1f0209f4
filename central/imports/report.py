"""What an import came to, as `report.json` and in lines for people: every row is accounted for."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from central.centre import Centre
from central.estate.service import How
from central.imports import store, words
from central.imports.reasons import WORDS, Reason
from central.imports.service import Imported
from central.imports.store import Said
from central.imports.verdicts import Outcome, Tally
from shared.errors import Kind, LoyaltyError
from shared.money import format_money
from shared.points import format_points
from shared.runtime.sqlite import reading

REPAIRED_SHOWN_MAX = 10_000
"""Rows that were repaired or are worth a look; of refused ones every single one is told."""
_TAKEN = (Outcome.ACCEPTED.value, Outcome.REPAIRED.value)


class NoReportError(LoyaltyError):
    """A report that cannot be written where it should be."""

    kind = Kind.STORAGE
    code = "no_report"
    ru = "Загрузка завершена ({rows} строк), но отчёт {path} не записан: повторите с --report."
    en = "The import is done ({rows} rows), but not its report {path}: repeat with --report."


def balanced(tally: Tally, rows: int) -> bool:
    """Tell whether every row has one outcome, and every point is in a lot or in a row not taken."""
    stated = sum(tally.points.values())
    taken = sum(tally.points.get(name, 0) for name in _TAKEN)
    return tally.rows == rows and stated == tally.stated and taken == tally.granted


def write_report(centre: Centre, done: Imported, path: Path) -> None:
    """Write the report of an import; the file takes its place when it is whole.

    Raises NoReportError when it cannot be written; the import is done then.
    """
    draft = path.with_name(f"{path.name}.draft")
    try:
        with draft.open("w", encoding="utf-8") as file:
            _write(centre, done, file)
        draft.replace(path)
    except OSError as error:
        raise NoReportError(path=path, rows=done.run.rows_done) from error


def lines(done: Imported, locale: str) -> Iterator[str]:
    """Yield what people are told of an import."""
    tally, run = done.run.tally, done.run
    shown = [one for one in Outcome if one is not Outcome.UPDATED or run.updates]
    told = ", ".join(words.outcome(one, tally.of(one), locale) for one in shown)
    yield words.line("rows", locale, file=run.file, rows=run.rows_done, told=told)
    yield words.line("form", locale, form=done.form)
    if tally.stated:
        points = {
            "stated": format_points(tally.stated),
            "granted": format_points(tally.granted),
            "others": format_points(tally.stated - tally.granted),
        }
        yield words.line("points", locale, lots=tally.lots, **points)
    if tally.amount_minor:
        yield words.line("turnover", locale, amount=format_money(tally.amount_minor))
    for code, count in sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count}: {_words(code, locale)} ({code})"
    if done.unknown:
        yield words.line("columns", locale, names=", ".join(done.unknown))
    if done.before:
        yield words.line("before", locale, before=done.before)
    if done.how is How.DRY_RUN:
        yield words.line("dry", locale)


def _words(code: str, locale: str) -> str:
    ru, en = WORDS[Reason(code)]
    return ru if locale == "ru" else en


def _write(centre: Centre, done: Imported, file: TextIO) -> None:
    head = json.dumps(_summary(done), ensure_ascii=False, indent=1)
    file.write(head.rstrip().removesuffix("}").rstrip())
    with reading(centre.engine) as connection:

        def said(outcome: Outcome) -> Iterable[Said]:
            if done.how is How.DRY_RUN:
                return (one for one in done.said if one.outcome is outcome)
            return store.said(connection, done.run.id, outcome)

        _write_said(file, "refused", said(Outcome.REFUSED))
        noted = (Outcome.REPAIRED, Outcome.UPDATED, Outcome.DUPLICATE, Outcome.ACCEPTED)
        others = chain.from_iterable(map(said, noted))
        _write_said(file, "noted", islice(others, REPAIRED_SHOWN_MAX))
    file.write("\n}\n")


def _write_said(file: TextIO, name: str, said: Iterable[Said]) -> None:
    file.write(f',\n "{name}": [')
    for no, one in enumerate(said):
        ru, en = WORDS[Reason(one.reason)]
        row = {"row": one.row, "reason": one.reason, "field": one.field, "ru": ru, "en": en}
        file.write(f"{',' if no else ''}\n  {json.dumps(row, ensure_ascii=False)}")
    file.write("\n ]")


def _summary(done: Imported) -> dict[str, object]:
    run, tally = done.run, done.run.tally
    points = {outcome.value: tally.points.get(outcome.value, 0) for outcome in Outcome}
    return {
        "kind": run.kind.value,
        "file": run.file,
        "sha256": run.digest,
        "mapping_sha256": run.mapping,
        "read_as": done.form,
        "import": str(run.id),
        "dry_run": done.how is How.DRY_RUN,
        "updates": run.updates,
        "begun_at": run.begun_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "by": run.actor,
        "columns": dict(done.columns),
        "columns_not_taken": list(done.unknown),
        "rows": {"in": run.rows_done, **{one.value: tally.of(one) for one in Outcome}},
        "points": {"in": tally.stated, **points, "in_lots": tally.granted, "lots": tally.lots},
        "turnover_minor": tally.amount_minor,
        "balanced": balanced(tally, run.rows_done),
        "reasons": dict(sorted(tally.reasons.items())),
    }
