"""What the command line tells of an import, in one language at a time."""

from central.imports.verdicts import Outcome

_LINES = {
    "rows": ("{file}: строк {rows}: {told}", "{file}: {rows} rows: {told}"),
    "form": ("прочитано как {form}", "read as {form}"),
    "points": (
        "бонусы: в файле {stated} = {granted} в партиях ({lots}) + {others} не начислено",
        "points: {stated} in the file = {granted} in {lots} lots + {others} not taken",
    ),
    "turnover": ("оборот: {amount}", "turnover: {amount}"),
    "columns": ("столбцы, которые никому не нужны: {names}", "columns that nobody takes: {names}"),
    "before": (
        "строк, загруженных прежде: {before}",
        "{before} rows of it had been done before",
    ),
    "dry": ("пробный прогон: ничего не записано", "dry run: nothing is written"),
}
_OUTCOMES = {
    Outcome.ACCEPTED: ("принято {count}", "{count} accepted"),
    Outcome.REPAIRED: ("исправлено {count}", "{count} repaired"),
    Outcome.UPDATED: ("обновлено {count}", "{count} updated"),
    Outcome.DUPLICATE: ("уже есть {count}", "{count} duplicate"),
    Outcome.REFUSED: ("отказано {count}", "{count} refused"),
}


def line(name: str, locale: str, **values: object) -> str:
    """Return a line in a language."""
    ru, en = _LINES[name]
    return (ru if locale == "ru" else en).format(**values)


def outcome(one: Outcome, count: int, locale: str) -> str:
    """Return how many rows came to an outcome."""
    ru, en = _OUTCOMES[one]
    return (ru if locale == "ru" else en).format(count=count)
