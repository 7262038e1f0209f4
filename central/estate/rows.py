"""CSV of stores, goods and cashiers: each row read or refused with its number and the reason."""

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.basket import Flag
from shared.crypto.pins import SALT_BYTES, hash_pin, is_pin
from shared.errors import Kind, LoyaltyError

ROWS_MAX = 500_000
CELL_CHARS_MAX = 300
FORMULA_SIGNS = "=+-@\t\r"
"""With which a cell begins that a spreadsheet would compute: files have a `'` before it."""
FAULTS_SHOWN_MAX = 20
ROLES = ("cashier", "senior")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_SKU = re.compile(r"\S{1,64}")
_MONEY = re.compile(r"(\d{1,9})(?:[.,](\d{2}))?")
_TAX_NUMBER = re.compile(r"\d{10}|\d{12}")

CsvRow = Mapping[str, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Store:
    """A store with its requisites for slips, its zone and its tills."""

    code: str
    name: str
    address: str
    region: str
    zone: str
    legal_name: str
    tax_number: str
    tills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cashier:
    """Who may do what at a store's tills."""

    store: str
    no: str
    name: str
    role: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class RegionGoods:
    """Goods as a region sells them; price and floor in kopecks a unit."""

    region: str
    sku: str
    name: str
    group: str
    brand: str
    flags: tuple[str, ...]
    price_minor: int
    floor_minor: int
    barcodes: tuple[str, ...]


class BadCellError(LoyaltyError):
    """A value of a row that cannot be taken."""

    kind = Kind.INVALID
    code = "bad_cell"
    ru = "{column}: «{value}» не годится, нужно {wants_ru}."
    en = "{column}: “{value}” does not fit, {wants_en} is needed."


class UnreadableError(LoyaltyError):
    """A file that is no CSV, or one of another encoding."""

    kind = Kind.INVALID
    code = "unreadable"
    ru = "это не CSV в UTF-8 или CP1251; в Excel сохраните файл как «CSV UTF-8»."
    en = "this is no CSV in UTF-8 or CP1251; in Excel save the file as “CSV UTF-8”."


class MissingColumnsError(LoyaltyError):
    """A heading that lacks columns."""

    kind = Kind.INVALID
    code = "missing_columns"
    ru = "нет столбцов: {columns}."
    en = "columns are missing: {columns}."


class OddRowError(LoyaltyError):
    """A row with too few or too many fields."""

    kind = Kind.INVALID
    code = "odd_row"
    ru = "полей не столько, сколько в заголовке."
    en = "it has not as many fields as the heading."


class BadFileError(LoyaltyError):
    """A file with rows that cannot be taken: nothing of it was."""

    kind = Kind.INVALID
    code = "bad_file"
    ru = "Ничего не загружено, ошибок в файле {count}:\n{faults_ru}"
    en = "Nothing was imported, faults in the file: {count}\n{faults_en}"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row of a file by its line number (the heading is 1); None has too few or many fields."""

    number: int
    cells: CsvRow | None


def read_csv(content: bytes, columns: Sequence[str]) -> list[Numbered]:
    """Read CSV with a heading that names these columns in any order; raises BadFileError.

    It is in UTF-8 or CP1251. Between the cells stand commas, or semicolons where the heading
    has more of these.
    """
    try:
        text = text_of(content)
        heading = text.partition("\n")[0]
        comma = ";" if heading.count(";") > heading.count(",") else ","
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=comma, strict=True)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise refused([(1, MissingColumnsError(columns=", ".join(missing)))])
        rows = [_numbered(reader.line_num, cells) for cells in islice(reader, ROWS_MAX + 1)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise refused([(1, UnreadableError())]) from error
    if len(rows) > ROWS_MAX:
        wants = (f"не больше {ROWS_MAX} строк", f"at most {ROWS_MAX} rows")
        raise refused([(ROWS_MAX + 2, _cell("CSV", "", *wants))])
    return rows


def text_of(content: bytes) -> str:
    """Return the text of a table: UTF-8, else CP1251, in which Excel saves CSV in this country.

    Raises UnicodeDecodeError for what is neither.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251")


def parse_all(
    rows: Sequence[Numbered], parse: Callable[[CsvRow], _T], key_of: Callable[[_T], object]
) -> list[_T]:
    """Parse every row; raises BadFileError that names each bad one, and each key that repeats."""
    items: dict[object, _T] = {}
    faults: list[tuple[int, LoyaltyError]] = []
    for row in rows:
        try:
            item = parse(whole(row))
            if key_of(item) in items:
                wants = ("ключ, которого в файле ещё нет", "a key that the file has not had yet")
                raise _cell("key", _written(key_of(item)), *wants)
            items[key_of(item)] = item
        except LoyaltyError as error:
            faults.append((row.number, error))
    if faults:
        raise refused(faults)
    return list(items.values())


def whole(row: Numbered) -> CsvRow:
    """Return a row's cells; raises OddRowError for a row with too few or too many fields."""
    if row.cells is None:
        raise OddRowError
    return row.cells


def refused(faults: Sequence[tuple[int, LoyaltyError]]) -> BadFileError:
    """Return the refusal of a file that names bad rows, the first `FAULTS_SHOWN_MAX` of them."""
    shown = faults[:FAULTS_SHOWN_MAX]
    return BadFileError(
        count=len(faults),
        faults_ru="\n".join(f"  строка {no}: {fault.sentence('ru')}" for no, fault in shown),
        faults_en="\n".join(f"  row {no}: {fault.sentence('en')}" for no, fault in shown),
    )


def parse_store(cells: CsvRow) -> Store:
    """Read a row of stores."""
    return Store(
        code=_matching(cells, "code", _CODE, "код из латинских букв и цифр", "a code of ASCII"),
        name=_text(cells, "name"),
        address=_text(cells, "address"),
        region=_matching(cells, "region", _CODE, "код из латинских букв и цифр", "an ASCII code"),
        zone=_zone(cells),
        legal_name=_text(cells, "legal_name"),
        tax_number=_matching(
            cells, "tax_number", _TAX_NUMBER, "ИНН из 10 или 12 цифр", "10 or 12 digits"
        ),
        tills=_list(cells, "tills"),
    )


def parse_goods(cells: CsvRow) -> RegionGoods:
    """Read a row of goods."""
    flags = _list(cells, "flags")
    if unknown := set(flags) - set(Flag):
        known = ", ".join(Flag)
        raise _cell("flags", ";".join(sorted(unknown)), f"из списка: {known}", f"one of {known}")
    return RegionGoods(
        region=_matching(cells, "region", _CODE, "код из латинских букв и цифр", "an ASCII code"),
        sku=_matching(cells, "sku", _SKU, "артикул без пробелов", "a SKU without spaces"),
        name=_text(cells, "name"),
        group=_text(cells, "group") if cells["group"].strip() else "",
        brand=_text(cells, "brand") if cells["brand"].strip() else "",
        flags=tuple(sorted(flags)),
        price_minor=_money(cells, "price"),
        floor_minor=_money(cells, "floor"),
        barcodes=_list(cells, "barcodes"),
    )


def cashier_parser(pepper: bytes) -> Callable[[CsvRow], Cashier]:
    """Return a reader of rows of cashiers that hashes PINs.

    The salt is a keyed hash of who the cashier is, so that the same file gives the same bytes.
    """

    def parse(cells: CsvRow) -> Cashier:
        store = _matching(cells, "store", _CODE, "код магазина", "a store's code")
        no = _matching(cells, "no", _CODE, "табельный номер", "a number")
        if cells["role"] not in ROLES:
            known = ", ".join(ROLES)
            raise _cell("role", cells["role"], f"из списка: {known}", f"one of {known}")
        if not is_pin(cells["pin"]):
            raise _cell("pin", "…", "шесть цифр", "six digits")
        salt = hmac.digest(pepper, f"salt:{store}:{no}".encode(), hashlib.sha256)[:SALT_BYTES]
        pin_hash = hash_pin(pepper, cells["pin"], salt)
        return Cashier(store, no, _text(cells, "name"), cells["role"], pin_hash)

    return parse


def _numbered(number: int, cells: Mapping[str, str | None]) -> Numbered:
    if None in cells or None in cells.values():
        return Numbered(number, None)
    return Numbered(number, {name: plain(value or "") for name, value in cells.items()})


def plain(cell: str) -> str:
    """Return a cell without blanks around it, and without the sign that makes it a text."""
    bare = cell.strip()
    text = bare.removeprefix("'").lstrip(" ")
    return text if bare.startswith("'") and text.startswith(tuple(FORMULA_SIGNS)) else bare


def _written(key: object) -> str:
    return ", ".join(key) if isinstance(key, tuple) else str(key)


def _matching(cells: CsvRow, column: str, form: re.Pattern[str], *wants: str) -> str:
    value = cells[column].strip()
    if not form.fullmatch(value) or not value.isascii():
        raise _cell(column, value, *wants)
    return value


def _text(cells: CsvRow, column: str) -> str:
    value = cells[column].strip()
    if not 0 < len(value) <= CELL_CHARS_MAX or not value.isprintable():
        raise _cell(
            column,
            value,
            f"текст до {CELL_CHARS_MAX} знаков",
            f"text of up to {CELL_CHARS_MAX} characters",
        )
    return value


def _list(cells: CsvRow, column: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in cells[column].split(";") if part.strip())
    if len(set(parts)) != len(parts) or len(cells[column]) > CELL_CHARS_MAX:
        raise _cell(column, cells[column], "список через «;» без повторов", "a list with “;”")
    return parts


def _money(cells: CsvRow, column: str) -> int:
    found = _MONEY.fullmatch(cells[column].strip())
    if found is None or not cells[column].isascii():
        raise _cell(column, cells[column], "сумма вида 199.90", "an amount such as 199.90")
    return int(found[1]) * 100 + int(found[2] or 0)


def _zone(cells: CsvRow) -> str:
    zone = cells["zone"].strip()
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        wants = ("часовой пояс вида Europe/Moscow", "a zone such as Europe/Moscow")
        raise _cell("zone", zone, *wants) from error
    return zone


def _cell(column: str, value: str, wants_ru: str, wants_en: str) -> BadCellError:
    shown = value[:60]
    return BadCellError(column=column, value=shown, wants_ru=wants_ru, wants_en=wants_en)
