"""The code of a slip: what another store reads is what was signed, and nothing else passes."""

from datetime import date, timedelta
from uuid import UUID

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as some

from hardware.printers.encoder import QUIET_MODULES, qr_module_dots
from shared.crypto.keys import KeyPair, verify
from shared.slip import QR_MAX, Qr
from shared.wire.slips import LINES_MAX, SlipLine, SlipSale, pointer, read, read_pointer, write

KEYS = KeyPair.from_seed(b"k" * 32)
RECEIPT = UUID("019e4541-ca00-7222-808a-05a6c4647159")
TOKEN = bytes(range(10))
ROLL_58_MM_DOTS = 384

LINES = some.builds(
    SlipLine,
    no=some.integers(1, 500),
    quantity=some.one_of(some.integers(1, 9).map(lambda n: n * 1000), some.integers(1, 10**9)),
    money_minor=some.integers(0, 10**12),
    redeemed_points=some.integers(0, 10**9),
    earned_points=some.integers(0, 10**9),
)
SALES = some.builds(
    SlipSale,
    receipt=some.uuids(),
    token=some.binary(min_size=10, max_size=10),
    agent_tail=some.binary(min_size=4, max_size=4),
    epoch=some.integers(1, 10**6),
    day=some.dates(date(2020, 1, 1), date(2100, 1, 1)),
    lines=some.lists(LINES, max_size=LINES_MAX, unique_by=lambda line: line.no).map(
        lambda lines: tuple(sorted(lines, key=lambda line: line.no))
    ),
)


@given(SALES)
def test_what_was_written_is_read_and_verified(sale: SlipSale) -> None:
    found = read(write(sale, KEYS.sign))

    assert found is not None
    told, signed, signature = found
    assert told == sale
    assert verify(KEYS.public, signed, signature)


@given(SALES, some.data())
def test_a_code_of_which_anything_was_changed_is_not_believed(
    sale: SlipSale, data: some.DataObject
) -> None:
    code = write(sale, KEYS.sign)
    place = data.draw(some.integers(5, len(code) - 2))
    other = data.draw(some.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    changed = code[:place] + other + code[place + 1 :]

    found = read(changed)

    if changed != code and found is not None:
        _, signed, signature = found
        assert not verify(KEYS.public, signed, signature)


@given(some.one_of(some.text(max_size=600), some.binary(max_size=300).map(bytes.hex)))
def test_no_text_makes_reading_raise(text: str) -> None:
    for code in (text, f"KPK2:{text}", f"KPK1:{text}", f"KPK2:{text.upper()}"):
        read(code)
        read_pointer(code)


def test_a_pointer_names_its_receipt_and_nothing_else() -> None:
    code = pointer(RECEIPT, TOKEN)

    assert read_pointer(code) == (RECEIPT, TOKEN)
    assert read(code) is None
    assert len(code) == 47


def of_lines(count: int) -> str:
    """The code of a receipt of pieces at 1 234.56, of which points paid and earned a part."""
    lines = tuple(SlipLine(no, 1000, 123_456, 12_300, 3_700) for no in range(1, count + 1))
    day = date(2026, 11, 28)
    return write(SlipSale(RECEIPT, TOKEN, b"tail", 1, day, lines), KEYS.sign)


@pytest.mark.parametrize(
    ("count", "chars", "version", "dots"), [(1, 177, 7, 6), (5, 234, 9, 6), (20, 450, 13, 4)]
)
def test_the_size_of_a_code_and_how_it_prints_on_the_narrow_roll(
    count: int, chars: int, version: int, dots: int
) -> None:
    code = of_lines(count)

    symbol = segno.make(code, error="m", micro=False, boost_error=False)
    assert (len(code), symbol.version, symbol.mode) == (chars, version, "alphanumeric")
    assert qr_module_dots(code, ROLL_58_MM_DOTS) == dots
    width = (symbol.symbol_size()[0] - 8 + 2 * QUIET_MODULES) * dots
    assert width <= ROLL_58_MM_DOTS
    Qr(code)


def test_the_longest_receipt_whose_code_still_prints() -> None:
    fitting = [count for count in range(1, LINES_MAX) if len(of_lines(count)) <= QR_MAX]

    assert max(fitting) == 22
    largest = segno.make("A" * QR_MAX, error="m", micro=False, boost_error=False)
    assert largest.version == 13
    assert qr_module_dots("A" * QR_MAX, ROLL_58_MM_DOTS) == 4


def test_days_before_the_first_are_not_written() -> None:
    early = SlipSale(RECEIPT, TOKEN, b"tail", 1, date(2020, 1, 1) - timedelta(days=1), ())

    with pytest.raises(ValueError, match="byte must be in range"):
        write(early, KEYS.sign)
