"""Read the data of a printed Code128 and turn it into bars (ISO/IEC 15417)."""

from dataclasses import dataclass

from barcode.charsets import code128 as tables

_START = {ord("A"): 103, ord("B"): 104, ord("C"): 105}
_SWITCH = {ord("A"): 101, ord("B"): 100, ord("C"): 99}
_ESCAPE = ord("{")
_CHECK_MODULUS = 103


@dataclass(frozen=True, slots=True)
class Code128:
    """A symbol: its modules, `1` for a bar, and what is read from it."""

    modules: str
    text: str


def read_code128(stated: bytes) -> Code128 | None:
    """Return the symbol of `GS k` data with its code sets `{A`, `{B`, `{C`; None for nonsense."""
    values: list[int] = []
    text = ""
    code_set = 0
    at = 0
    while at < len(stated):
        if stated[at] == _ESCAPE and stated[at + 1 : at + 2] in (b"A", b"B", b"C"):
            code_set = stated[at + 1]
            values.append(_SWITCH[code_set] if values else _START[code_set])
            at += 2
            continue
        if (letters := _letters(code_set, stated[at])) is None:
            return None
        values.append(_value(code_set, stated[at]))
        text += letters
        at += 1
    return Code128(_modules(values), text) if text else None


def _letters(code_set: int, byte: int) -> str | None:
    if code_set == ord("C"):
        return f"{byte:02d}" if byte <= 99 else None
    if code_set == ord("B"):
        return chr(byte) if 0x20 <= byte < 0x7F else None
    return chr(byte) if code_set == ord("A") and byte < 0x60 else None


def _value(code_set: int, byte: int) -> int:
    if code_set == ord("C"):
        return byte
    return byte - 0x20 if byte >= 0x20 else byte + 0x40


def _modules(values: list[int]) -> str:
    check = values[0] + sum(place * value for place, value in enumerate(values[1:], 1))
    patterns = [tables.CODES[value] for value in (*values, check % _CHECK_MODULUS)]
    return "".join(patterns) + str(tables.STOP) + "11"
