"""Slips read as a customer reads them: whose they are, whether they are copies, what they say."""

import base64
import re
from uuid import UUID

from demo.stage.control import Paper

SLIP_CODE = "KPK1:"
UID_BYTES = 16
COPY = "КОПИЯ"
EARNED = "Начислено бонусов"
REDEEMED = "Списано бонусов"
RESTORED = "Возвращено бонусов"
TAKEN = "Снято бонусов"
BALANCE = "Баланс бонусов"
NOT_FISCAL = "Нефискальный документ"
_SALE_OF_RETURN = re.compile(r"По чеку (\d+)")
_AMOUNT = re.compile(r"(.+?)\s{2,}([-−–]?\d[\d\s]*),(\d\d)")


def mark_of(paper: Paper) -> str:
    """Return what a slip is known by: receipt of its QR, card of its barcode, or sale of a return.

    Empty when it tells neither.
    """
    for code in paper.codes:
        if code.startswith(SLIP_CODE):
            return _receipt(code)
        if code.isdigit():
            return code
    found = _SALE_OF_RETURN.search("\n".join(paper.lines()))
    return found[1] if found else ""


def is_copy(paper: Paper) -> bool:
    """Tell whether a slip calls itself a copy."""
    return any(COPY in line for line in paper.lines())


def amounts(paper: Paper) -> dict[str, int]:
    """Return the amounts at the right edge by what stands before them, in hundredths."""
    found = {}
    for line in paper.lines():
        if match := _AMOUNT.fullmatch(line.strip()):
            whole = "".join(match[2].split()).replace("−", "-").replace("–", "-")
            found[match[1].strip()] = int(whole + match[3])
    return found


def _receipt(code: str) -> str:
    text = code.removeprefix(SLIP_CODE)
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    return str(UUID(bytes=raw[:UID_BYTES]))
