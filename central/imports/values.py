"""Texts of cells become values: refused, or repaired with a note of what was left out."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime

from central.imports.reasons import Note, Reason, RefusedError
from central.members.phones import contact_phone
from shared.ids import is_legacy_card, is_payment_number
from shared.phone import BadPhoneError

TEXT_CHARS_MAX = 300
WORD_CHARS_MAX = 64
HUNDREDTHS_MAX = 10**14
DATE_FORMATS = (
    "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M",
)  # fmt: skip
"""That are tried where a mapping names none."""
CELL_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%z")
"""In which dates of workbooks and of Parquet come, whatever forms a mapping names for texts."""
_NUMBER = re.compile(r"(-?)(\d{1,13})(?:[.,](\d{1,2})0*)?")
_QUANTITY = re.compile(r"(-?)(\d{1,9})(?:[.,](\d{1,3})0*)?")
_CURRENCY = re.compile(r"[\s\u00a0\u202f]+|(?:руб\.?|р\.|₽|RUB)$", re.IGNORECASE)
_BETWEEN = re.compile(r"[;,/\n]|\s{2,}")
_WHOLE_FLOAT = re.compile(r"(\d{4,15})[.,]0+")
_YES = frozenset({"1", "да", "yes", "true", "y", "+", "д", "истина"})


def clean(text: str, notes: list[Note], field: str) -> str:
    """Return a text with single blanks and without what nobody sees; a note tells if any was there.

    Raises RefusedError for one that is too long, or no text.
    """
    if text.isascii() and text.isprintable():
        kept = text
    else:
        kept = unicodedata.normalize("NFC", text)
        seen = "".join(" " if one.isspace() else one for one in kept)
        shown = "".join(one for one in seen if one.isprintable())
        if shown != seen:
            notes.append(Note(Reason.UNSEEN, field))
        kept = shown
    if len(kept) > TEXT_CHARS_MAX:
        raise RefusedError(Reason.CELL_TOO_LONG, field)
    return " ".join(kept.split())


def number(text: str, field: str) -> int:
    """Return hundredths of a number such as `1 234,50`; raises RefusedError."""
    bare = _CURRENCY.sub("", text)
    found = _NUMBER.fullmatch(bare) if bare.isascii() else None
    if found is None:
        raise RefusedError(Reason.BAD_NUMBER, field)
    sign, whole, part = found.groups()
    value = int(whole) * 100 + int((part or "0").ljust(2, "0"))
    if value > HUNDREDTHS_MAX:
        raise RefusedError(Reason.BAD_NUMBER, field)
    return -value if sign else value


def amount(text: str, field: str) -> int:
    """Return hundredths of a number that is not negative, 0 for nothing; raises RefusedError."""
    value = number(text, field) if text else 0
    if value < 0:
        raise RefusedError(Reason.BAD_NUMBER, field)
    return value


def count(text: str, field: str) -> int:
    """Return a whole number that is not negative, 0 for nothing; raises RefusedError."""
    value, rest = divmod(amount(text, field), 100)
    if rest or value > 10**9:
        raise RefusedError(Reason.BAD_NUMBER, field)
    return value


def thousandths(text: str, field: str) -> int:
    """Return thousandths of a quantity such as `1,250`, one for nothing; raises RefusedError."""
    bare = _CURRENCY.sub("", text)
    found = _QUANTITY.fullmatch(bare or "1") if bare.isascii() else None
    if found is None:
        raise RefusedError(Reason.BAD_NUMBER, field)
    sign, whole, part = found.groups()
    value = int(whole) * 1000 + int((part or "0").ljust(3, "0"))
    return -value if sign else value


def moment(text: str, formats: Sequence[str], field: str) -> datetime:
    """Return a date, with its time if it has one, and with a zone only if one is said.

    Raises RefusedError.
    """
    if text.isascii():
        for form in (*(formats or DATE_FORMATS), *CELL_FORMATS):
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007
            except ValueError:
                continue
    raise RefusedError(Reason.BAD_DAY, field)


def day(text: str, formats: Sequence[str], field: str, span: tuple[date, date]) -> date:
    """Return a date within a span, both ends included; raises RefusedError."""
    found = moment(text, formats, field).date()
    if not span[0] <= found <= span[1]:
        raise RefusedError(Reason.BAD_DAY, field)
    return found


def card(text: str, field: str) -> str:
    """Return a card's number, of this chain or of one before; raises RefusedError.

    What looks like a bank card's number is refused: it must not be kept anywhere.
    """
    bare = text.replace(" ", "")
    if not is_legacy_card(bare):
        reason = Reason.PAYMENT_CARD if is_payment_number(bare) else Reason.BAD_CARD
        raise RefusedError(reason, field)
    return bare


def phone(text: str, notes: list[Note], field: str) -> str:
    """Return a phone in E.164, the first good one if there are several; raises RefusedError."""
    whole = _WHOLE_FLOAT.fullmatch(text)
    bare = whole[1] if whole else text
    if (found := _phone(bare)) is not None:
        return found
    for piece in _BETWEEN.split(bare):
        if (found := _phone(piece)) is not None:
            notes.append(Note(Reason.SEVERAL_PHONES, field))
            return found
    raise RefusedError(Reason.BAD_PHONE, field)


def yes(text: str) -> bool:
    """Tell whether a cell says yes."""
    return text.casefold() in _YES


def _phone(text: str) -> str | None:
    with suppress(BadPhoneError):
        return contact_phone(text)
    return None
