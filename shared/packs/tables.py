"""A change request: one table of a pack replaced by the rows of a sheet, all else as it was.

A sheet is rows of texts under a heading. A row that cannot be read is named by its number and
column, and nothing is changed. The whole pack is checked as any pack is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic_core import PydanticCustomError

from shared.basket import Flag
from shared.errors import Kind, LoyaltyError
from shared.packs.table_kinds import TableKind
from shared.rules.features import used_features
from shared.rules.model import Pack
from shared.rules.pack import canonical, load_canonical
from shared.rules.scalars import parse_amount, parse_count, parse_day, parse_percent

HEADING_SHOWN: Final = 200
ROWS_MAX: Final = 20_000
COLUMNS_MAX: Final = 60
CELL_CHARS_MAX: Final = 200
FIRST_ROW: Final = 2
"""The heading is the first."""
PERCENT: Final = "percent:"
"""How the columns of a tier's percents are headed: `percent:discount`."""

Row = Mapping[str, str]
_T = TypeVar("_T")


class SheetError(LoyaltyError):
    """A cell that cannot be read, or a heading that is not this table's."""

    kind = Kind.INVALID
    code = "bad_sheet"
    ru = "Строка {row}, колонка «{column}»: {reason_ru}."
    en = "Row {row}, column {column}: {reason_en}."


@dataclass(frozen=True, slots=True)
class Sheet:
    """A heading and its rows of texts, as many in each; empty rows count and say nothing."""

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


COLUMNS: Final[Mapping[TableKind, tuple[str, ...]]] = {
    TableKind.LISTS: ("list", "kind", "value"),
    TableKind.TIERS: ("id", "from"),
    TableKind.PRICES: ("list", "sku", "price"),
    TableKind.FLOORS: ("goods", "price", "from", "to"),
    TableKind.LIMITS: ("rule", "what", "amount", "per", "window"),
}
"""What the heading must have; tiers have columns of their percents besides."""


def with_table(pack: Pack, kind: TableKind, sheet: Sheet, version: int) -> Pack:
    """Return a version of a pack in which a table is what a sheet says.

    Of lists and prices those that the sheet names are replaced; tiers keep their titles, and the
    sheet names all of them; floors are replaced whole; so are the limits of the rules that it
    names. Raises SheetError, and PackError where the pack as a whole does not fit together.
    """
    rows = list(_rows(kind, sheet))
    document = pack.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    _CHANGES[kind](document, rows)
    document["version"] = version
    changed = Pack.model_validate(document)
    requires = tuple(sorted(used_features(changed).union(pack.requires)))
    return load_canonical(canonical(changed.model_copy(update={"requires": requires})))


@dataclass(frozen=True, slots=True)
class _Line:
    """A row by its number in the sheet."""

    number: int
    cells: Row

    def read(self, column: str, parse: Callable[[str], _T]) -> _T:
        """Return a cell as it parses, also with a decimal comma; raises SheetError."""
        try:
            return parse(self.cells[column].replace(",", "."))
        except PydanticCustomError as error:
            told = error.context or {}
            raise self.fault(column, str(told.get("ru")), str(told.get("en"))) from error

    def word(self, column: str) -> str:
        """Return a cell that says something."""
        if not self.cells[column]:
            raise self.fault(column, "пусто", "it is empty")
        return self.cells[column]

    def one_of(self, column: str, known: Sequence[str]) -> str:
        """Return a cell that is one of some words."""
        if self.cells[column] not in known:
            words = ", ".join(known)
            raise self.fault(column, f"нужно одно из: {words}", f"one of {words} is needed")
        return self.cells[column]

    def fault(self, column: str, ru: str, en: str) -> SheetError:
        """Return the refusal of a cell."""
        return SheetError(row=self.number, column=column, reason_ru=ru, reason_en=en)


def _rows(kind: TableKind, sheet: Sheet) -> Iterator[_Line]:
    needed = COLUMNS[kind]
    for column in needed:
        if column not in sheet.heading:
            told = ", ".join(sheet.heading)[:HEADING_SHOWN]
            ru, en = f"её нет, в файле есть {told}", f"it is missing, the file has {told}"
            raise SheetError(row=1, column=column, reason_ru=ru, reason_en=en)
    for column in sheet.heading:
        is_percent = kind is TableKind.TIERS and column.startswith(PERCENT)
        if (column not in needed and not is_percent) or sheet.heading.count(column) > 1:
            raise SheetError(
                row=1, column=column, reason_ru="колонка лишняя", reason_en="it is not known"
            )
    if not any(any(cells) for cells in sheet.rows):
        raise SheetError(
            row=FIRST_ROW, column=needed[0], reason_ru="строк нет", reason_en="there are no rows"
        )
    for number, cells in enumerate(sheet.rows, start=FIRST_ROW):
        if any(cells):
            yield _Line(number, dict(zip(sheet.heading, cells, strict=True)))


def _change_lists(document: dict[str, Any], rows: Sequence[_Line]) -> None:
    kinds = {"sku": "skus", "group": "groups", "brand": "brands", "flag": "flags"}
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        kind, value = row.one_of("kind", tuple(kinds)), row.word("value")
        if kind == "flag":
            row.one_of("value", [flag.value for flag in Flag])
        values = found.setdefault(row.word("list"), {}).setdefault(kinds[kind], [])
        if value in values:
            raise row.fault("value", "повторяется", "it is repeated")
        values.append(value)
    document.setdefault("lists", {}).update(found)


def _change_tiers(document: dict[str, Any], rows: Sequence[_Line]) -> None:
    steps = {step["id"]: step for step in document.get("tiers", {}).get("steps", ())}
    for row in rows:
        step = steps[row.one_of("id", tuple(steps))]
        step["from"] = row.read("from", parse_amount)
        percents = dict(step.get("percents", {}))
        for column in row.cells:
            if column.startswith(PERCENT):
                percents[column.removeprefix(PERCENT)] = row.read(column, parse_percent)
        if percents:
            step["percents"] = percents
    if sorted(row.cells["id"] for row in rows) != sorted(steps):
        raise rows[-1].fault(
            "id", "нужны все уровни по одному разу", "all levels are needed, each once"
        )


def _change_prices(document: dict[str, Any], rows: Sequence[_Line]) -> None:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        prices = found.setdefault(row.word("list"), {})
        sku = row.word("sku")
        if sku in prices:
            raise row.fault("sku", "повторяется", "it is repeated")
        prices[sku] = row.read("price", parse_amount)
    lists = document.setdefault("price_lists", {})
    lists.update({name: {"prices": prices} for name, prices in found.items()})


def _change_floors(document: dict[str, Any], rows: Sequence[_Line]) -> None:
    floors = []
    for row in rows:
        goods = row.word("goods").split()
        lacking = [name for name in goods if name not in document.get("lists", {})]
        if lacking:
            raise row.fault("goods", f"нет списка {lacking[0]}", f"there is no list {lacking[0]}")
        floor: dict[str, Any] = {"goods": goods, "price": row.read("price", parse_amount)}
        for column in ("from", "to"):
            if row.cells[column]:
                floor[column] = row.read(column, parse_day).isoformat()
        floors.append(floor)
    document["floors"] = floors


def _change_limits(document: dict[str, Any], rows: Sequence[_Line]) -> None:
    rules = {rule["id"]: rule for rule in document.get("rules", ())}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        what = row.one_of("what", ("uses", "points", "discount"))
        amount = row.read("amount", parse_count if what == "uses" else parse_amount)
        if not amount:
            raise row.fault("amount", "ноль", "it is nothing")
        limit = {
            what: amount,
            "per": row.one_of("per", ("member", "store", "till", "campaign")),
            "window": row.one_of("window", ("day", "week", "month", "quarter", "year", "campaign")),
        }
        found.setdefault(row.one_of("rule", tuple(rules)), []).append(limit)
    for name, limits in found.items():
        rules[name]["limits"] = limits


_CHANGES: Final[Mapping[TableKind, Callable[[dict[str, Any], Sequence[_Line]], None]]] = {
    TableKind.LISTS: _change_lists,
    TableKind.TIERS: _change_tiers,
    TableKind.PRICES: _change_prices,
    TableKind.FLOORS: _change_floors,
    TableKind.LIMITS: _change_limits,
}
