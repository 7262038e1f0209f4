"""Receipt files: short for people, exact for the kernel, and every fault has its path."""

from datetime import UTC, date, datetime

import pytest

from shared.basket import Flag
from shared.packs.receipts import LINES_MAX, ReceiptFileError, read_case
from shared.receipt import Redeem

FULL = """
at: 2026-04-10T12:30
zone: Asia/Kamchatka
store: "17"
region: north
channel: web
redeem: exact
redeem_points: 1000.50
promo_codes: [SPRING]
member:
  turnover: 60000.00
  receipts: 7
  birthday: 2000-02-29
  segments: [vip]
  tier_floor: gold
  history: {days: [{day: 2026-01-05, turnover: 100.50, visits: 2}]}
  lots:
    - {amount: 500.00, expires_on: 2026-05-01}
    - {amount: 1, wallet: gift, activates_at: 2026-04-11T00:00:00Z}
lines:
  - {sku: "007", group: wine/red, brand: b, price: 2000.00, flags: [sale, alcohol], floor: 10.00}
  - {price: 459, quantity: 0.734}
"""


def test_every_field_is_read_in_its_unit() -> None:
    case = read_case(FULL.encode())

    assert case.moment.instant == datetime(2026, 4, 10, 0, 30, tzinfo=UTC)
    assert (case.receipt.store, case.receipt.region, case.receipt.channel) == ("17", "north", "web")
    assert (case.receipt.redeem, case.receipt.redeem_points) == (Redeem.EXACT, 1000_50)
    assert case.receipt.promo_codes == ("SPRING",)
    first, second = case.receipt.lines
    assert (first.goods.sku, first.goods.floor_minor, first.price_minor) == ("007", 10_00, 2000_00)
    assert first.goods.flags == {Flag.SALE, Flag.ALCOHOL}
    assert (second.no, second.quantity, second.base_minor) == (2, 734, 336_91)
    assert case.member is not None
    assert (case.member.turnover_minor, case.member.receipts) == (60_000_00, 7)
    assert (case.member.birthday, case.member.tier_floor) == (date(2000, 2, 29), "gold")
    (day,) = case.member.history.days
    assert (day.day, day.turnover_minor, day.visits) == (date(2026, 1, 5), 100_50, 2)
    gift = case.member.lots[1]
    assert (gift.amount, gift.wallet, gift.activates_at.day) == (1_00, "gift", 11)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[]", "receipt"),
        ("at: noon\nlines: []", "at"),
        ("at: 2026-04-10T12:30\nlines: {}", "lines"),
        ("at: 2026-04-10T12:30\nlines: [5]", "lines.0"),
        ("at: 2026-04-10T12:30\nlines: [{sku: a}]", "lines.0.price"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5.001}]", "lines.0.price"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5, quantity: x}]", "lines.0.quantity"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5, quantity: -1.5}]", "lines.0.quantity"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5, quantity: 1.2345}]", "lines.0.quantity"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5, quantity: 99999999}]", "lines.0.quantity"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5}, {no: 1, price: 5}]", "lines.1.no"),
        ("at: 2026-04-10T12:30\nlines: [{no: 0, price: 5}]", "lines.0.no"),
        ("at: 2026-04-10T12:30\nlines: [{price: 5, flags: [x]}]", "lines.0.flags.0"),
        ("at: 2026-04-10T12:30\ncolour: red", "colour"),
        ("at: 2026-04-10T12:30\nredeem: all", "redeem"),
        ("at: 2026-04-10T12:30\nmember: {lots: [{amount: []}]}", "member.lots.1.amount"),
        ("at: 2026-04-10T12:30\nmember: {birthday: 1 May}", "member.birthday"),
        ("a: &x [1]", "a"),
        (f"lines: [{'{}, ' * (LINES_MAX + 1)}]", "lines"),
    ],
)
def test_a_fault_has_its_path(text: str, path: str) -> None:
    with pytest.raises(ReceiptFileError) as caught:
        read_case(text.encode())

    assert caught.value.details["path"] == path
