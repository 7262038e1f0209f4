"""Receipt files: a receipt, who buys and when, as YAML that people write to try a pack.

The keys are the fields of the kernel's own values, without their units: a field that a later
version adds to a receipt, a member or goods is read with no change here.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Final, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct, structs
from pydantic_core import PydanticCustomError

from shared.basket import QUANTITY_ONE, Goods, Line
from shared.errors import Kind, LoyaltyError
from shared.member import MemberView
from shared.receipt import Receipt
from shared.rules.document import decoded, read_yaml
from shared.rules.faults import NO_SUCH_KEY, PackError, with_known
from shared.rules.moment import FIRST, LAST, Moment
from shared.rules.scalars import parse_amount, parse_count, parse_day, parse_quantity

LINES_MAX: Final = 1_000
_T = TypeVar("_T")
_UNIT: Final = "_minor"
_POINTS: Final = ("amount", "points")
_CASE: Final = frozenset({"at", "zone", "member", "lines"})
_FIRST_ID: Final = 1
_MEMBER: Final = {
    "id": UUID(int=1),
    "account": UUID(int=2),
    "wallet": "bonus",
    "activates_at": datetime(2000, 1, 1, tzinfo=UTC),
    "expires_on": None,
}
"""What a file need not say of a member and his lots; lots are numbered in their order."""
_RECEIPT: Final = {"uid": UUID(int=3), "store": "1", "till": "1"}


@dataclass(frozen=True, slots=True)
class Case:
    """What an evaluation is given, but for the pack."""

    receipt: Receipt
    member: MemberView | None
    moment: Moment


class ReceiptFileError(LoyaltyError):
    """A receipt file that cannot be read; `details` has the `path` of the first fault."""

    kind = Kind.INVALID
    code = "receipt_file_invalid"
    ru = "Файл чека, {path}: {reason_ru}."
    en = "Receipt file, {path}: {reason_en}."


def read_case(content: bytes) -> Case:
    """Read a receipt file; raises ReceiptFileError, and UnknownZoneError for its zone.

    `at` is the time on the store's clock, or an instant with an offset.
    """
    try:
        document = read_yaml(decoded(content))
    except PackError as error:
        path, ru, en = (error.details[key] for key in ("path", "reason_ru", "reason_en"))
        raise ReceiptFileError(path=path, reason_ru=ru, reason_en=en) from error
    found = _mapping(document, "")
    member = found.get("member")
    lines = _list(found.get("lines", []), "lines")
    if len(lines) > LINES_MAX:
        raise _fault("lines", f"строк больше {LINES_MAX}", f"more than {LINES_MAX} lines")
    rest = {key: value for key, value in found.items() if key not in _CASE}
    listed = tuple(_line(row, no) for no, row in enumerate(lines, start=1))
    _check_numbers([line.no for line in listed])
    moment = _moment(found)
    return Case(
        receipt=_record(Receipt, rest, "", _RECEIPT | {"lines": listed}, _CASE),
        member=None if member is None else _member(member, moment.zone),
        moment=moment,
    )


def _check_numbers(numbers: Sequence[int]) -> None:
    for place, no in enumerate(numbers):
        if no < 1 or no in numbers[:place]:
            raise _fault(
                f"lines.{place}.no",
                "номера строк — от 1 и без повторов",
                "lines are numbered from 1, each once",
            )


def _moment(found: Mapping[str, object]) -> Moment:
    zone = str(found.get("zone", "UTC"))
    probe = Moment(datetime(2000, 1, 1, tzinfo=UTC), zone)
    return Moment(_aware(_instant(found.get("at", ""), "at"), probe.zone), zone)


def _aware(at: datetime, zone: str) -> datetime:
    """Return an instant of a time that is by the store's clock where it has no offset."""
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _member(raw: object, zone: str) -> MemberView:
    row = dict(_mapping(raw, "member"))
    lots = _list(row.pop("lots", []), "member.lots")
    hint = get_args(get_type_hints(MemberView)["lots"])[0]
    numbered = tuple(
        _record(
            hint,
            _mapping(lot, f"member.lots.{place}"),
            f"member.lots.{place}",
            _MEMBER | {"id": UUID(int=100 + place)},
        )
        for place, lot in enumerate(lots, start=_FIRST_ID)
    )
    instants = (_aware(lot.activates_at, zone) for lot in numbered)
    timed = tuple(replace(lot, activates_at=at) for lot, at in zip(numbered, instants, strict=True))
    return _record(MemberView, row, "member", _MEMBER | {"lots": timed})


def _line(raw: object, no: int) -> Line:
    """Read a line with the keys of its goods beside its own."""
    path = f"lines.{no - 1}"
    row = _mapping(raw, path)
    names = {name.removesuffix(_UNIT) for name in _fields(Goods)} - {"known"}
    of_goods = {key: value for key, value in row.items() if key in names}
    rest = {key: value for key, value in row.items() if key not in names}
    goods = _record(Goods, of_goods, path, {"sku": f"sku-{no}"})
    given = {"no": no, "goods": goods, "quantity": QUANTITY_ONE}
    return _record(Line, rest, path, given, names)


def _record(
    cls: type[_T],
    row: Mapping[str, object],
    path: str,
    given: Mapping[str, object],
    beside: Set[str] = frozenset(),
) -> _T:
    """Build a dataclass of a mapping; what the file does not say is given or the default.

    A key that is not known is refused with those that are, and those that may stand `beside`.
    """
    hints = get_type_hints(cls)
    required = _fields(cls)
    known = {name.removesuffix(_UNIT): name for name in required}
    values = {}
    for key, raw in row.items():
        here = f"{path}.{key}" if path else key
        if key not in known:
            raise _fault(here, *with_known(*NO_SUCH_KEY, sorted(beside | known.keys())))
        name = known[key]
        values[name] = _value(name, hints[name], raw, here)
    for key, name in known.items():
        if name not in values and name in given:
            values[name] = given[name]
        elif name not in values and required[name]:
            raise _fault(f"{path}.{key}", "ключ обязателен", "the key is required")
    return cls(**values)


def _value(name: str, hint: object, raw: object, path: str) -> object:
    """Read a value of a type; numbers by the name of their field."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(option for option in get_args(hint) if option is not NoneType)
    if get_origin(hint) in (tuple, frozenset):
        inner = get_args(hint)[0]
        rows = [_value(name, inner, row, f"{path}.{no}") for no, row in enumerate(_list(raw, path))]
        return frozenset(rows) if get_origin(hint) is frozenset else tuple(rows)
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, Struct)):
        return _record(hint, _mapping(raw, path), path, {})
    return _scalar(name, hint, raw, path)


def _scalar(name: str, hint: object, raw: object, path: str) -> object:
    readers: dict[object, Callable[[object], object]] = {
        int: lambda text: _number(name, text),
        date: parse_day,
        datetime: lambda text: _instant(text, path),
        bool: lambda text: text == "true",
        UUID: lambda text: UUID(str(text)),
        str: str,
    }
    read = hint if isinstance(hint, type) and issubclass(hint, Enum) else readers.get(hint)
    if not callable(read) or not isinstance(raw, str):
        raise _fault(path, "значение не годится", "the value does not fit")
    try:
        return read(raw)
    except PydanticCustomError as error:
        context = error.context or {}
        raise _fault(path, str(context.get("ru")), str(context.get("en"))) from error
    except ValueError as error:
        raise _fault(path, "значение не годится", "the value does not fit") from error


def _number(name: str, raw: object) -> int:
    """Read an amount, a quantity in thousandths, or a count, by the name of its field."""
    if name == "quantity":
        return parse_quantity(raw)
    if name.endswith(_UNIT) or any(word in name for word in _POINTS):
        return parse_amount(raw)
    return parse_count(raw)


def _instant(raw: object, path: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(raw))
    except ValueError:
        found = None
    if found is None or not FIRST.year <= found.year < LAST.year:
        raise _fault(
            path,
            "ожидается время вида 2026-03-31T12:00",
            "a time such as 2026-03-31T12:00 is expected",
        )
    return found


def _fields(cls: type) -> dict[str, bool]:
    """Return the names of a value's fields, and whether each must be said."""
    if issubclass(cls, Struct):
        return {found.name: found.required for found in structs.fields(cls)}
    return {
        found.name: found.default is MISSING and found.default_factory is MISSING
        for found in fields(cls)  # type: ignore[arg-type]
    }


def _mapping(raw: object, path: str) -> Mapping[str, object]:
    if not isinstance(raw, dict):
        raise _fault(path, "ожидаются пары «ключ: значение»", "a mapping is expected")
    return raw


def _list(raw: object, path: str) -> list[object]:
    if not isinstance(raw, list):
        raise _fault(path, "ожидается список", "a list is expected")
    return raw


def _fault(path: str, ru: str, en: str) -> ReceiptFileError:
    return ReceiptFileError(path=path or "receipt", reason_ru=ru, reason_en=en)
