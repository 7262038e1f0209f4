"""Tables: filtered, sorted, paged, and written as CSV that no spreadsheet takes for formulas."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from central.console.ask import Ask, File, Page
from central.console.pages import translated

ROWS_A_PAGE: Final = 25
EXPORT_MAX: Final = 50_000
DONE: Final = "done"
"""What the deed before has left in an address: told once."""
_NUMBER = re.compile(r"[-+]?[\d\u00a0\u202f ]+([.,]\d+)?%?")
_PLAIN = str.maketrans({"\u2212": "-", "\u00a0": None, "\u202f": None})
"""How people write numbers, and how spreadsheets read them."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says; `order` is what it is sorted by, `look` a class of the style sheet."""

    text: str
    order: Any = None
    href: str = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class Column(Generic[_Row]):
    """A column: the key of its title in the words, and its cell of a row."""

    key: str
    cell: Callable[[_Row], Cell]
    look: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a table, and the addresses of the others."""

    columns: Sequence[tuple[str, str]]
    """Key and look of each."""
    rows: Sequence[Sequence[Cell]]
    total: int
    page: int
    pages: int
    sort: str
    query: Mapping[str, str]
    sortable: Collection[str]
    """Keys of the columns by which it can be sorted."""

    @property
    def first(self) -> int:
        """The number of the first row that is shown."""
        return (self.page - 1) * ROWS_A_PAGE + 1 if self.rows else 0

    def link(self, **changes: object) -> str:
        """Return the address of this table with some of its choices changed."""
        chosen = {**self.query, DONE: "", **{key: str(value) for key, value in changes.items()}}
        return "?" + urlencode({key: value for key, value in chosen.items() if value})

    @property
    def file(self) -> str:
        """The address of its file: filtered and sorted as it is shown, all pages."""
        return self.link(format="csv", sort=self.sort, page="")

    def kept(self, selects: Sequence[tuple[Any, ...]]) -> list[tuple[str, str]]:
        """Return what a query chooses beside the fields of the filters, the sort and the page."""
        others = {"q", "sort", "page", "format", DONE, *(select[0] for select in selects)}
        return [(key, value) for key, value in self.query.items() if key not in others]

    def turned(self, key: str) -> str:
        """Return the address that sorts by a column, or the other way round."""
        return self.link(sort=f"-{key}" if self.sort == key else key, page="")

    def order_of(self, key: str) -> str:
        """Return how a column is sorted, as `aria-sort` words it."""
        if self.sort.removeprefix("-") != key:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"


def listing(
    columns: Sequence[Column[_Row]], rows: Iterable[_Row], query: Mapping[str, str], sort: str
) -> Listing:
    """Return the page of a table that a query asks for: `q` filters, `sort` and `page` choose."""
    asked = query.get("sort", "")
    known = {column.key for column in columns}
    sort = asked if asked.removeprefix("-") in known else sort
    found = _sorted(columns, _filtered(columns, rows, query.get("q", "")), sort)
    pages = max(1, -(-len(found) // ROWS_A_PAGE))
    page = min(page_of(query), pages)
    shown = found[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    cells = [[column.cell(row) for column in columns] for row in shown]
    heads = [(column.key, column.look) for column in columns]
    return Listing(heads, cells, len(found), page, pages, sort, dict(query), known)


def part(
    columns: Sequence[Column[_Row]],
    rows: Sequence[_Row],
    query: Mapping[str, str],
    total: int,
    sortable: Collection[str],
) -> Listing:
    """Return a page that the database has filtered, sorted and cut already."""
    asked = query.get("sort", "")
    sort = asked if asked.removeprefix("-") in sortable else ""
    heads = [(column.key, column.look) for column in columns]
    cells = [[column.cell(row) for column in columns] for row in rows]
    pages = max(1, -(-total // ROWS_A_PAGE))
    page = min(page_of(query), pages)
    return Listing(heads, cells, total, page, pages, sort, dict(query), sortable)


def part_file(ask: Ask, name: str, columns: Sequence[Column[_Row]], rows: Iterable[_Row]) -> File:
    """Write rows that the database has filtered and sorted as a file."""
    titles = titles_of(ask, columns)
    cells = ([column.cell(row).text for column in columns] for row in rows)
    return as_csv(name, [titles[column.key] for column in columns], cells)


def tabled(
    ask: Ask,
    template: str,
    columns: Sequence[Column[_Row]],
    rows: Sequence[_Row],
    content: Mapping[str, Any],
    sort: str = "",
) -> Page | File:
    """Show a table on its page, or write it as a file of the page's name where that is asked."""
    if ask.query.get("format") == "csv":
        return exported(template, titles_of(ask, columns), columns, rows, ask.query)
    return Page(template, {"list": listing(columns, rows, ask.query, sort), **content})


def titles_of(ask: Ask, columns: Sequence[Column[_Row]]) -> dict[str, str]:
    """Return what the columns are called."""
    t = translated(ask.lang)
    return {column.key: t(f"col_{column.key}") for column in columns}


def page_of(query: Mapping[str, str]) -> int:
    """Return the number of the page that is asked for, from 1."""
    asked = query.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def exported(
    name: str,
    titles: Mapping[str, str],
    columns: Sequence[Column[_Row]],
    rows: Iterable[_Row],
    query: Mapping[str, str],
) -> File:
    """Return all rows that a query lets through as CSV, at most EXPORT_MAX of them."""
    found = chosen(columns, rows, query)
    heads = [titles[column.key] for column in columns]
    return as_csv(name, heads, ([column.cell(row).text for column in columns] for row in found))


def chosen(
    columns: Sequence[Column[_Row]], rows: Iterable[_Row], query: Mapping[str, str]
) -> list[_Row]:
    """Return the rows that a query lets through, sorted, at most EXPORT_MAX of them."""
    found = _filtered(columns, rows, query.get("q", ""))
    return _sorted(columns, found, query.get("sort", ""))[:EXPORT_MAX]


def as_csv(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> File:
    """Write rows as spreadsheets of this country read them: a byte order mark and semicolons."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow([harmless(head) for head in heads])
    writer.writerows([written(text) for text in row] for row in rows)
    return File(("\ufeff" + out.getvalue()).encode(), "text/csv; charset=utf-8", f"{name}.csv")


def written(text: str) -> str:
    """Return a text as a file has it: a number so that spreadsheets reckon with it."""
    number = text.translate(_PLAIN)
    return number if _NUMBER.fullmatch(number) else harmless(text)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    if text.lstrip(" ").startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _filtered(columns: Sequence[Column[_Row]], rows: Iterable[_Row], wanted: str) -> list[_Row]:
    words = wanted.casefold().split()
    if not words:
        return list(rows)
    return [row for row in rows if _says([column.cell(row) for column in columns], words)]


def _says(cells: Sequence[Cell], words: Sequence[str]) -> bool:
    texts = [cell.text.casefold() for cell in cells]
    return all(any(word in text for text in texts) for word in words)


def _sorted(columns: Sequence[Column[_Row]], rows: list[_Row], sort: str) -> list[_Row]:
    column = next((one for one in columns if one.key == sort.removeprefix("-")), None)
    if column is None:
        return rows
    keyed = [(_order(column.cell(row)), row) for row in rows]
    said = [one for one in keyed if one[0] is not None]
    said.sort(key=lambda one: one[0], reverse=sort.startswith("-"))
    return [row for _, row in said] + [row for order, row in keyed if order is None]


def _order(cell: Cell) -> Any:
    """Return what a cell is sorted by; None for an empty one, which comes last in any order."""
    if cell.order is not None:
        return cell.order
    return cell.text.casefold() or None
