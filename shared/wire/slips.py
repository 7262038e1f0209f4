"""The code of a slip that another store can read: what a return needs, signed by the agent.

Upper-case ASCII of QR's alphanumeric mode. `KPK2:` and base32 of: receipt (16 bytes), one-time
token (10), the last 4 bytes of the agent's id, then unsigned LEB128 numbers: epoch, business day
(days since 2020-01-01), count of lines, and for each line its number (less the one before),
quantity (pieces * 2, or thousandths * 2 + 1), kopecks paid in money, points redeemed and points
earned (hundredths); then an Ed25519 signature (64) of `kopilka/slip/1` and all that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from shared.basket import QUANTITY_ONE
from shared.wire.compact import Numbers, base32, number, unbase32
from shared.wire.rows import AGENT_TAIL_BYTES

PREFIX: Final = "KPK2:"
POINTER_PREFIX: Final = "KPK1:"
TOKEN_BYTES: Final = 10
SIGNATURE_BYTES: Final = 64
LINES_MAX: Final = 100
_UID_BYTES: Final = 16
FIRST_DAY: Final = date(2020, 1, 1)
_SIGNED: Final = b"kopilka/slip/1"


@dataclass(frozen=True, slots=True)
class SlipLine:
    """A line of a receipt: thousandths, kopecks paid in money, hundredths of points."""

    no: int
    quantity: int
    money_minor: int
    redeemed_points: int
    earned_points: int


@dataclass(frozen=True, slots=True)
class SlipSale:
    """A sale as its slip tells another store of it; `agent_tail` ends the id of who signed."""

    receipt: UUID
    token: bytes
    agent_tail: bytes
    epoch: int
    day: date
    lines: tuple[SlipLine, ...]


def pointer(receipt: UUID, token: bytes) -> str:
    """Return the code of a slip that only names its receipt."""
    return POINTER_PREFIX + base32(receipt.bytes + token)


def read_pointer(code: str) -> tuple[UUID, bytes] | None:
    """Return receipt and token of a code that only names its receipt, None for another one."""
    raw = unbase32(code.removeprefix(POINTER_PREFIX))
    if raw is None or len(raw) != _UID_BYTES + TOKEN_BYTES:
        return None
    return UUID(bytes=raw[:_UID_BYTES]), raw[_UID_BYTES:]


def write(sale: SlipSale, sign: Callable[[bytes], bytes]) -> str:
    """Return the code of a slip with its sale, signed."""
    content = b"".join(_content(sale))
    return PREFIX + base32(content + sign(_SIGNED + content))


def read(code: str) -> tuple[SlipSale, bytes, bytes] | None:
    """Return a code's sale, what is signed and the signature; None for no such code."""
    raw = unbase32(code.removeprefix(PREFIX)) if code.startswith(PREFIX) else None
    if raw is None or len(raw) <= SIGNATURE_BYTES:
        return None
    content, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    try:
        return _sale(content), _SIGNED + content, signature
    except (ValueError, OverflowError):
        return None


def _content(sale: SlipSale) -> Iterator[bytes]:
    yield sale.receipt.bytes + sale.token + sale.agent_tail
    yield from map(number, (sale.epoch, (sale.day - FIRST_DAY).days, len(sale.lines)))
    before = 0
    for line in sorted(sale.lines, key=lambda line: line.no):
        pieces, rest = divmod(line.quantity, QUANTITY_ONE)
        quantity = line.quantity * 2 + 1 if rest else pieces * 2
        points = (line.redeemed_points, line.earned_points)
        yield from map(number, (line.no - before, quantity, line.money_minor, *points))
        before = line.no


def _sale(content: bytes) -> SlipSale:
    """Read the content of a code; raises ValueError, OverflowError."""
    fixed = _UID_BYTES + TOKEN_BYTES + AGENT_TAIL_BYTES
    if len(content) < fixed:
        raise ValueError("too short")
    numbers = Numbers(content[fixed:])
    epoch, day, count = numbers.next(), numbers.next(), numbers.next()
    if count > LINES_MAX:
        raise ValueError("too many lines")
    lines: list[SlipLine] = []
    for _ in range(count):
        no = numbers.next() + (lines[-1].no if lines else 0)
        half, odd = divmod(numbers.next(), 2)
        quantity = half if odd else half * QUANTITY_ONE
        lines.append(SlipLine(no, quantity, numbers.next(), numbers.next(), numbers.next()))
    if numbers.rest:
        raise ValueError("too long")
    return SlipSale(
        receipt=UUID(bytes=content[:_UID_BYTES]),
        token=content[_UID_BYTES : _UID_BYTES + TOKEN_BYTES],
        agent_tail=content[_UID_BYTES + TOKEN_BYTES : fixed],
        epoch=epoch,
        day=FIRST_DAY + timedelta(days=day),
        lines=tuple(lines),
    )
