"""Which column of a file is which field, and what its values mean: a YAML file, or the headings."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from central.imports.fields import DATE_PREFIX, FIELDS, ImportKind, folded
from central.imports.reasons import Reason, RefusedError
from shared.errors import Kind, LoyaltyError
from shared.rules.document import decoded, read_yaml
from shared.rules.faults import WHOLE, PackError, refused
from shared.runtime.files import read_file

ANY = "*"
"""Stands for every value that is not named."""
IGNORED = "-"
"""Where a field would stand: the column is known, and not taken."""


NAME_SHOWN_MAX, COLUMNS_SHOWN_MAX = 40, 400
DIGITS_MAX = 32
_ANY_DAY = date(2031, 12, 25)
NAME, FIRST_NAME = "name", "first_name"
PARTS_OF_NAME = frozenset({"last_name", "middle_name"})
"""A heading like "Имя" beside one of these is of the first name alone."""


class BadMappingError(LoyaltyError):
    """A mapping that cannot be read, or does not fit its file."""

    kind = Kind.INVALID
    code = "bad_mapping"
    ru = "Файл соответствий не годится: {reason_ru}."
    en = "The mapping does not fit: {reason_en}."


class UnfitColumnsError(LoyaltyError):
    """A file whose heading names nothing that an import knows, or not what it needs."""

    kind = Kind.INVALID
    code = "unfit_columns"
    ru = "В файле не найдено: {fields}. Его столбцы: {columns}. Назовите поля в --mapping."
    en = "Not found in the file: {fields}. Its columns: {columns}. Name the fields in a --mapping."


class _MappingFile(BaseModel):
    """A mapping as it is written; every scalar is a text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ImportKind
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    dates: list[str] = []
    digits: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping as read: columns by heading to fields, constants, values by field, date forms, and
    how many digits numbers have that a spreadsheet may have cut."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    digest: str = ""
    digits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan fitted to a heading: places by field, and the columns that nobody takes."""

    places: Mapping[str, int]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    dates: tuple[str, ...]
    unknown: tuple[str, ...]
    digits: Mapping[str, int] = field(default_factory=dict)

    def record(self, cells: Sequence[str]) -> dict[str, str]:
        """Return a row's texts by field, as they stand; of no cells, what is constant."""
        found = dict(self.constants)
        if cells:
            taken = ((name, cells[place]) for name, place in self.places.items())
            found.update((name, text) for name, text in taken if text)
        return found

    def understood(self, record: Mapping[str, str]) -> dict[str, str]:
        """Return what a row's texts mean, as far as they mean anything."""
        found = dict(record)
        for name, known in self.values.items():
            text = found.get(name, "")
            found[name] = known.get(_value_key(text), known.get(ANY, text))
        return found

    def meant(self, record: Mapping[str, str]) -> dict[str, str]:
        """Return what a row's texts mean; raises RefusedError for a value without a meaning."""
        found = dict(record)
        for name, known in self.values.items():
            found[name] = _meant(known, found.get(name, ""), name)
        for name, width in self.digits.items():
            found[name] = _filled(found.get(name, ""), width)
        return found


def read_plan(path: Path, kind: ImportKind) -> Plan:
    """Read a mapping file of this kind; raises BadMappingError."""
    content, written = _read(path)
    if written.kind is not kind:
        raise _bad(f"kind: {written.kind}, а не {kind}", f"kind: {written.kind}, not {kind}")
    for form in written.dates:
        if not _is_form(form):
            raise _bad(f"dates: «{form}» — не вид даты", f"dates: '{form}' is no form of a date")
    for name, width in written.digits.items():
        if not 0 < width <= DIGITS_MAX:
            raise _bad(f"digits.{name}: от 1 до {DIGITS_MAX}", f"digits.{name}: 1 to {DIGITS_MAX}")
    names = [*written.columns.values(), *written.constants, *written.values, *written.digits]
    for name in names:
        if name != IGNORED and not _is_field(kind, name):
            raise _bad(f"поля {name} нет", f"there is no field {name}")
    return Plan(
        columns=written.columns,
        constants=written.constants,
        values={name: _folded_values(name, known) for name, known in written.values.items()},
        dates=tuple(written.dates),
        digest=hashlib.sha256(content).hexdigest(),
        digits=written.digits,
    )


def fit(plan: Plan, kind: ImportKind, header: Sequence[str]) -> Fitted:
    """Find every field's column; what the plan does not name is known by its heading.

    Raises BadMappingError for a column that is named and not there, and a field with two columns;
    UnfitColumnsError for a needed field without one.
    """
    by_heading = {heading: place for place, heading in enumerate(header) if heading}
    places: dict[str, int] = {}
    taken: set[int] = set()
    for heading, name in plan.columns.items():
        if heading.strip() not in by_heading:
            raise _bad(f"столбца «{heading}» в файле нет", f"there is no column '{heading}'")
        taken.add(by_heading[heading.strip()])
        if name != IGNORED:
            _put(places, name, by_heading[heading.strip()])
    guess, guesses = _guesser(kind), set[str]()
    for heading, place in by_heading.items():
        guessed = guess(heading) if place not in taken else None
        if guessed is not None and guessed not in places:
            places[guessed] = place
            taken.add(place)
            guesses.add(guessed)
    if NAME in guesses and PARTS_OF_NAME & places.keys():
        places.setdefault(FIRST_NAME, places.pop(NAME))
    missing = [
        one.name
        for one in FIELDS[kind]
        if one.is_needed and one.name not in places and one.name not in plan.constants
    ]
    if missing or not places:
        fields = ", ".join(missing or [one.name for one in FIELDS[kind]])
        columns = ", ".join(name[:NAME_SHOWN_MAX] for name in by_heading)[:COLUMNS_SHOWN_MAX]
        raise UnfitColumnsError(fields=fields, columns=columns)
    unknown = tuple(name for name, place in by_heading.items() if place not in taken)
    return Fitted(places, plan.constants, plan.values, plan.dates, unknown, plan.digits)


def _guesser(kind: ImportKind) -> Callable[[str], str | None]:
    known = {heading: one.name for one in FIELDS[kind] for heading in one.headings}
    return lambda heading: (
        heading
        if heading.startswith(DATE_PREFIX) and _is_field(kind, heading)
        else known.get(folded(heading))
    )


def _is_field(kind: ImportKind, name: str) -> bool:
    if kind is ImportKind.MEMBERS and name.startswith(DATE_PREFIX):
        return name.removeprefix(DATE_PREFIX).isidentifier()
    return any(one.name == name for one in FIELDS[kind])


def _put(places: dict[str, int], name: str, place: int) -> None:
    if name in places:
        raise _bad(f"у поля {name} два столбца", f"field {name} has two columns")
    places[name] = place


def _read(path: Path) -> tuple[bytes, _MappingFile]:
    try:
        content = read_file(path)
        document: Any = read_yaml(decoded(content))
        return content, _MappingFile.model_validate(document)
    except OSError as error:
        raise _bad(f"{path.name} не открывается", f"{path.name} cannot be opened") from error
    except PackError as error:
        raise _fault(path, error) from error
    except ValidationError as error:
        raise _fault(path, refused(error, _MappingFile)) from error


def _fault(path: Path, error: PackError) -> BadMappingError:
    where = path.name if error.path == WHOLE else error.path
    ru, en = error.details["reason_ru"], error.details["reason_en"]
    return _bad(f"{where}: {str(ru).rstrip('.')}", f"{where}: {str(en).rstrip('.')}")


def _is_form(form: str) -> bool:
    """Tell whether a date that is written so is the same when it is read again."""
    try:
        return datetime.strptime(_ANY_DAY.strftime(form), form).date() == _ANY_DAY  # noqa: DTZ007
    except ValueError:
        return False


def _filled(text: str, width: int) -> str:
    """Return a number with the zeros at its beginning that it should have."""
    number = text.strip()
    return number.zfill(width) if number.isascii() and number.isdigit() else text


def _folded_values(name: str, known: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, meant in known.items():
        if found.setdefault(_value_key(value), meant) != meant:
            ru = f"values.{name}: «{value}» стоит дважды"
            raise _bad(ru, f"values.{name}: '{value}' stands there twice")
    return found


def _value_key(value: str) -> str:
    return " ".join(value.split()).casefold().replace("ё", "е")


def _meant(known: Mapping[str, str], value: str, name: str) -> str:
    found = known.get(_value_key(value), known.get(ANY))
    if found is None:
        if not value:
            return ""
        raise RefusedError(Reason.UNMAPPED, name)
    return found


def _bad(reason_ru: str, reason_en: str) -> BadMappingError:
    return BadMappingError(reason_ru=reason_ru, reason_en=reason_en)
