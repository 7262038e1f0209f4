"""Stores and cashiers as files: many at once, looked through first and taken in then."""

from collections.abc import Callable
from typing import Final

from central.centre import Centre
from central.console.ask import Answer, Ask, NoSuchPageError, Page, bad_field
from central.console.tables import as_csv
from central.estate import service as estate
from central.estate.service import CASHIER_COLUMNS, STORE_COLUMNS, How, Imported
from shared.rules.wording import Wording

Bring = Callable[[Centre, bytes, How], Imported]
BRINGS: Final[dict[str, tuple[Bring, tuple[str, ...]]]] = {
    "stores": (estate.import_stores, STORE_COLUMNS),
    "cashiers": (estate.import_cashiers, CASHIER_COLUMNS),
}


def page(_ask: Ask) -> Page:
    """Ask for a file."""
    columns = [(what, ";".join(columns)) for what, (_, columns) in BRINGS.items()]
    return Page("files", {"columns": columns})


def stores_file(ask: Ask) -> Answer:
    """Write all stores as a file that can be changed and brought back."""
    rows = [
        [";".join(value) if isinstance(value, tuple) else value for value in values]
        for one in estate.stores(ask.centre)
        for values in [[getattr(one, name) for name in STORE_COLUMNS]]
    ]
    return as_csv("stores", STORE_COLUMNS, rows)


def check(ask: Ask) -> Answer:
    """Tell what a file would change, and change nothing."""
    return _taken(ask, How.DRY_RUN)


def bring(ask: Ask) -> Answer:
    """Take a file in."""
    return _taken(ask, How.APPLY)


def _taken(ask: Ask, how: How) -> Page:
    found = BRINGS.get(ask.path["what"])
    if found is None:
        raise NoSuchPageError(what=ask.path["what"][:60])
    file = ask.files.get("file")
    if file is None:
        raise bad_field("Файл", "File", "выберите файл", "choose a file")
    done = found[0](ask.centre, file.content, how)
    shown = page(ask)
    return Page(shown.template, shown.content, notice=_told(done, how))


def _told(done: Imported, how: How) -> Wording:
    sums = f"{done.added} / {done.changed} / {done.unchanged}"
    if how is How.APPLY:
        return Wording(f"Загружено. Новых / изменённых / прежних: {sums}.",
                       f"Taken in. New / changed / as before: {sums}.")  # fmt: skip
    return Wording(f"Файл годится. Новых / изменённых / прежних: {sums}.",
                   f"The file fits. New / changed / as before: {sums}.")  # fmt: skip
