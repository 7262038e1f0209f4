"""Receipts of the past and their members as CSV files, row by row; a bad row is named.

Receipts: a row a line, rows of a receipt together, in the order of time. Members: one a row.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

from shared.basket import Flag, Goods, Line
from shared.errors import Kind, LoyaltyError
from shared.ids import derived
from shared.member import DayCount, History, MemberView
from shared.packs.backtest import Sale, new_member
from shared.receipt import Receipt
from shared.rules.moment import Moment, is_zone
from shared.rules.scalars import parse_amount, parse_day, parse_quantity

SALE_COLUMNS: Final = ("receipt", "at", "sku", "price")
"""Those that must be there; `_OPTIONAL` may be."""
_OPTIONAL: Final = (
    "member", "store", "region", "group", "brand", "flags", "quantity", "floor", "discount",
)  # fmt: skip
MEMBER_COLUMNS: Final = ("member",)
_OF_MEMBER: Final = ("turnover", "registered_on", "birthday", "segments", "tier", "counted_on")
LINES_MAX: Final = 1_000


class SalesFileError(LoyaltyError):
    """A row that cannot be read; `details` has its number."""

    kind = Kind.INVALID
    code = "sales_file_invalid"
    ru = "Файл {file}, строка {row}: {reason_ru}."
    en = "File {file}, row {row}: {reason_en}."


def read_sales(text: str, zone: str) -> Iterator[Sale]:
    """Yield receipts of a CSV text; `at` is by the clock of the zone. Raises SalesFileError.

    The uid of a receipt follows from its number, so that a replay finds the same every time.
    """
    if not is_zone(zone):
        raise _fault("sales", 0, f"нет пояса {zone}", f"there is no zone {zone}")
    rows = _rows(text, "sales", SALE_COLUMNS, _OPTIONAL)
    last: datetime | None = None
    for no, group in groupby(rows, key=lambda pair: pair[1]["receipt"]):
        sale = _sale(no, list(group), zone)
        if last is not None and sale.moment.instant < last:
            raise _fault(
                "sales", 0, f"чек {no} раньше предыдущего", f"receipt {no} is before the one above"
            )
        last = sale.moment.instant
        yield sale


def read_members(text: str) -> dict[str, MemberView]:
    """Return members of a CSV text by their keys.

    `turnover` is that of all time before; it counts for periods on `counted_on`, where that is
    given. Raises SalesFileError.
    """
    found: dict[str, MemberView] = {}
    for number, row in _rows(text, "members", MEMBER_COLUMNS, _OF_MEMBER):
        found[row["member"]] = _member(number, row)
    return found


def _sale(no: str, rows: list[tuple[int, Mapping[str, str]]], zone: str) -> Sale:
    number, first = rows[0]
    if len(rows) > LINES_MAX:
        raise _fault("sales", number, f"строк больше {LINES_MAX}", f"more than {LINES_MAX} lines")
    lines = tuple(_line(place, *pair) for place, pair in enumerate(rows, start=1))
    given = {
        place: _amount("sales", at, row["discount"])
        for place, (at, row) in enumerate(rows, start=1)
        if row.get("discount", "")
    }
    receipt = Receipt(
        uid=derived("replay", no),
        store=first.get("store", "") or "1",
        till="1",
        lines=lines,
        region=first.get("region", ""),
    )
    return Sale(no, first.get("member", ""), receipt, Moment(_at(number, first, zone), zone), given)


def _line(place: int, number: int, row: Mapping[str, str]) -> Line:
    words = row.get("flags", "").split()
    unknown = [word for word in words if word not in set(Flag)]
    if unknown:
        raise _fault("sales", number, f"нет признака {unknown[0]}", f"no flag {unknown[0]}")
    goods = Goods(
        sku=row["sku"],
        group=row.get("group", ""),
        brand=row.get("brand", ""),
        flags=frozenset(Flag(word) for word in words),
        floor_minor=_amount("sales", number, row.get("floor", "") or "0"),
    )
    return Line(
        place,
        goods,
        _quantity(number, row.get("quantity", "") or "1"),
        _amount("sales", number, row["price"]),
    )


def _member(number: int, row: Mapping[str, str]) -> MemberView:
    key, turnover_minor = row["member"], _amount("members", number, row.get("turnover", "") or "0")
    counted_on = _day(number, row.get("counted_on", ""))
    days = () if counted_on is None else (DayCount(counted_on, turnover_minor, visits=1),)
    return replace(
        new_member(key),
        turnover_minor=turnover_minor,
        receipts=len(days),
        registered_on=_day(number, row.get("registered_on", "")),
        birthday=_day(number, row.get("birthday", "")),
        segments=frozenset(row.get("segments", "").split()),
        tier_floor=row.get("tier", "") or None,
        history=History(days=days),
    )


def _rows(
    text: str, file: str, needed: Iterable[str], more: Iterable[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the rows by number, the heading being the first."""
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    names = tuple(reader.fieldnames or ())
    missing = [name for name in needed if name not in names]
    unknown = [name for name in names if name not in (*needed, *more)]
    if missing or unknown:
        raise _fault(
            file,
            1,
            f"нет колонок {missing}, лишние {unknown}",
            f"columns {missing} are missing, {unknown} are not known",
        )
    number = 1
    try:
        for number, row in enumerate(reader, start=2):
            if None in row.values() or "" in row:
                raise _fault(file, number, "не столько полей", "another number of fields")
            yield number, row
    except csv.Error as error:
        raise _fault(file, number + 1, f"это не CSV: {error}", f"no CSV: {error}") from error


def _at(number: int, row: Mapping[str, str], zone: str) -> datetime:
    try:
        local = datetime.fromisoformat(row["at"])
    except ValueError as error:
        raise _fault("sales", number, "нужно время 2026-03-31T12:00", "no time") from error
    return local if local.tzinfo is not None else local.replace(tzinfo=ZoneInfo(zone))


def _amount(file: str, number: int, text: str) -> int:
    try:
        return parse_amount(text)
    except PydanticCustomError as error:
        raise _bad(file, number, error) from error


def _quantity(number: int, text: str) -> int:
    try:
        return parse_quantity(text)
    except PydanticCustomError as error:
        raise _bad("sales", number, error) from error


def _day(number: int, text: str) -> date | None:
    try:
        return parse_day(text) if text else None
    except PydanticCustomError as error:
        raise _bad("members", number, error) from error


def _bad(file: str, number: int, error: PydanticCustomError) -> SalesFileError:
    context = error.context or {}
    return _fault(file, number, str(context.get("ru")), str(context.get("en")))


def _fault(file: str, number: int, ru: str, en: str) -> SalesFileError:
    return SalesFileError(file=file, row=number, reason_ru=ru, reason_en=en)
